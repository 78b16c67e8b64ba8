"""From the scores to the names: preview, freeze, look closely, decide, publish, approve, name. The city office only."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Exists, F, OuterRef, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications.models import Application
from applications.states import Status
from branches import keys
from branches.views.decorators import say_refusals
from reviews import method_words, overview
from reviews.forms import ApprovalForm, PublishForm
from reviews.models import ResultRow, ResultSet
from reviews.services import results as service
from reviews.views.scope import require, row_for
from standards.models import Campaign, Track

# Between the first score and the last plaque: the track that is opened first.
RUNNING = [Status.IN_REVIEW, Status.SELECTED, Status.PUBLISHED]


def results(request):
    """The tracks, and one of them with every step it has taken."""
    require(request, "reviews.manage")
    tracks = list(
        Track.objects.exclude(campaign__status=Campaign.Status.DRAFT)
        .select_related("campaign")
        .annotate(running=Exists(Application.objects.filter(track=OuterRef("pk"), status__in=RUNNING)))
        .order_by("-campaign__status", "-campaign__pk", "order", "pk")
    )
    chosen = next((t for t in tracks if str(t.pk) == request.GET.get("track")), None)
    track = chosen or next((t for t in tracks if t.running), tracks[0] if tracks else None)
    return _track_page(request, track, tracks)


def _track_page(request, track: Track | None, tracks: list[Track], **forms):
    context = {"tracks": tracks, "track": track}
    if track:
        context |= {
            "standing": overview.standing(track),
            "publish_form": forms.get("publish_form") or PublishForm(track=track),
            "approval_form": forms.get("approval_form") or ApprovalForm(),
            "preview": overview.preview(track) if request.GET.get("preview") else None,
        }
    return render(request, "reviews/results.html", context, status=422 if forms else 200)


def _track(request, track_pk: int) -> Track:
    require(request, "reviews.manage")
    return get_object_or_404(Track.objects.select_related("campaign"), pk=track_pk)


def _to(track: Track):
    return redirect(f"{reverse('reviews:results')}?track={track.pk}")


@require_POST
@say_refusals()
def enter(request, track_pk):
    track = _track(request, track_pk)
    messages.success(request, f"{service.enter_review(track, by=request.user)}个支部已进入考评，可以计算成绩。")
    return _to(track)


@require_POST
@say_refusals()
def freeze(request, track_pk):
    result = service.freeze_results(_track(request, track_pk), by=request.user)
    messages.success(request, f"已计算并冻结为第{result.number}稿，请核对后定案。")
    return redirect("reviews:result", pk=result.pk)


def result(request, pk):
    """The ranking table of one frozen set, and what differs from the one before."""
    rows = ResultSet.objects.select_related("track__campaign", "frozen_by").defer("inputs")
    shown = row_for(request, rows, "reviews.manage", pk=pk)
    previous = overview.previous_of(shown)
    listed = overview.with_previous(shown, previous)
    moved = listed.filter(moved=True).count() if previous else 0
    only_moved = bool(previous and request.GET.get("moved"))
    page = Paginator(_in_order(listed.filter(moved=True) if only_moved else listed), 50).get_page(
        request.GET.get("page")
    )
    counts = shown.rows.aggregate(
        all=Count("pk"), incomplete=Count("pk", filter=Q(outcome=ResultRow.Outcome.INCOMPLETE)),
        selected=Count("pk", filter=Q(outcome=ResultRow.Outcome.SELECTED)),
        reserves=Count("pk", filter=Q(outcome=ResultRow.Outcome.RESERVE)),
        disqualified=Count("pk", filter=Q(outcome=ResultRow.Outcome.DISQUALIFIED)),
        starred=Count("pk", filter=Q(stars__isnull=False)),
    )  # fmt: skip
    context = {
        "result": shown,
        "previous": previous,
        "moved": moved,
        "only_moved": only_moved,
        "page_obj": page,
        "open_ends": "" if shown.decided_at else service.unfinished(shown),
        "settled": ResultSet.objects.filter(track=shown.track_id, decided_at__isnull=False).exists(),
        "cut_after": None if only_moved else _last_selected(shown),
        "track_key": str(shown.track_id),
        "here": f"第{shown.number}稿",
        "grades": overview.grades_of(shown),
        "method": method_words.sentences(shown.method),
        **counts,
    }
    return render(request, "reviews/result.html", context)


def _last_selected(shown: ResultSet) -> int | None:
    """Below whom the line of the quota is drawn."""
    selected = shown.rows.filter(outcome=ResultRow.Outcome.SELECTED)
    return _in_order(selected).values_list("pk", flat=True).last() if shown.method["quota"] else None


def _in_order(rows):
    """Incomplete ones last, on every database."""
    return rows.order_by(F("rank").asc(nulls_last=True), "application__branch__path")


def result_row(request, pk):
    require(request, "reviews.manage")
    rows = ResultRow.objects.select_related("result__track__campaign", "application__branch")
    row = get_object_or_404(rows.filter(result__in=ResultSet.objects.visible_to(request.user)), pk=pk)
    return render(request, "reviews/result_row.html", {"row": row, "components": overview.drill_down(row)})


@require_POST
@say_refusals("reviews:result", "pk")
def decide(request, pk):
    shown = row_for(request, ResultSet.objects.select_related("track"), "reviews.manage", pk=pk)
    service.decide(shown, by=request.user, reason=keys.text_in(request.POST, "reason", 1000))
    messages.success(request, "已定案。结果在公示前对支部保密。")
    return _to(shown.track)


@require_POST
@say_refusals()
def fill_vacancies(request, track_pk):
    track = _track(request, track_pk)
    moved = service.fill_vacancies(track, by=request.user)
    names = "、".join(application.branch.short_name for application in moved)
    messages.success(request, f"已递补：{names}。" if moved else "没有空出的名额或没有候补，无需递补。")
    return _to(track)


@require_POST
def publish(request, track_pk):
    return _act(request, _track(request, track_pk), PublishForm, "publish_form", "已公示。", _publish)


@require_POST
def approval(request, track_pk):
    return _act(request, _track(request, track_pk), ApprovalForm, "approval_form", "批准文号已登记。", _approve)


def _publish(track: Track, data: dict, user):
    return service.publish(track, **data, by=user)


def _approve(track: Track, data: dict, user):
    return service.record_approval(track, **data, by=user)


def _act(request, track: Track, form_class, name: str, done: str, write):
    """A step with a form: done, or the page again with everything that was typed and why not."""
    form = form_class(request.POST, track=track) if form_class is PublishForm else form_class(request.POST)
    if form.is_valid():
        try:
            write(track, form.cleaned_data, request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, done)
            return _to(track)
    return _track_page(request, track, [track], **{name: form})


@require_POST
@say_refusals()
def name(request, track_pk):
    track = _track(request, track_pk)
    awards = service.name_winners(track, by=request.user)
    messages.success(request, f"已命名{len(awards)}个支部，牌匾编号已生成。")
    return redirect(f"{reverse('reviews:awards')}?track={track.pk}")
