"""The reviewers' pages: what is to be scored, and the desk it is scored at."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from branches import keys
from branches.keys import is_number
from branches.templatetags.house import when
from branches.views.decorators import say_refusals, wants_fragment
from reviews import overview
from reviews import sheets as own_sheets
from reviews.forms import ConflictForm, answers_in
from reviews.models import Assignment, Panel, PresentationSlot, Review, Score, SiteVisit
from reviews.obligations import scoring_stage
from reviews.services import panels as panel_services
from reviews.services import scoring_desk
from reviews.views.scope import require, row_for
from standards import answers, scoring, sheets
from standards.deadlines import deadline_for
from standards.models import Criterion

FOR_SHEET = ("application__branch", "application__track__rubric", "component__rubric", "component__track__rubric")


def queue(request):
    """One's own panels with their progress, and the branches of one of them, least done first."""
    mine = (
        Panel.objects.visible_to(request.user)
        .filter(members__user=request.user)
        .with_progress(request.user)
        .select_related("track__campaign", "component")
        .prefetch_related("track__stages")
        .order_by("-track__campaign__status", "track", "pk")
    )
    panels = list(mine)
    chosen = next((p for p in panels if str(p.pk) == request.GET.get("panel")), None)
    panel = chosen or next((p for p in panels if p.done < p.due), panels[0] if panels else None)
    if panel is None:
        return render(request, "reviews/queue.html", {"panels": []})
    page = Paginator(overview.work_of(request.user, panel), 30).get_page(request.GET.get("page"))
    page.object_list = overview.with_events(page.object_list)
    due = deadline_for(scoring_stage(panel.track, panel.component))
    upcoming = overview.next_event(page.object_list)
    return render(
        request,
        "reviews/queue.html",
        {"panels": panels, "panel": panel, "page_obj": page, "due": due, "next": upcoming, "form": ConflictForm()},
    )


@require_POST
@say_refusals("reviews:queue")
def start_sheet(request, pk):
    assignment = row_for(request, Assignment.objects.select_related("application__branch", "panel"), pk=pk)
    require(request, "reviews.score", assignment)
    kinds = {"visit": SiteVisit.objects, "slot": PresentationSlot.objects.select_related("session")}
    event = {
        kind: get_object_or_404(rows.visible_to(request.user), pk=request.POST[kind])
        for kind, rows in kinds.items()
        if is_number(request.POST.get(kind, ""))
    }
    return redirect("reviews:sheet", pk=scoring_desk.start_review(assignment, **event).pk)


def declare_conflict(request, pk):
    """By the reviewer, or by the office for somebody it knows to be in conflict."""
    rows = Assignment.objects.select_related("application__branch", "user", "panel__created_by", "panel__track")
    assignment = row_for(request, rows, "reviews.declare_conflict", pk=pk)
    own = assignment.user_id == request.user.pk
    form = ConflictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            panel_services.declare_conflict(assignment, remark=form.cleaned_data["remark"], by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已登记回避：{assignment.application.branch.short_name}。")
            return redirect("reviews:queue") if own else redirect("reviews:panel", pk=assignment.panel_id)
    return render(request, "reviews/conflict.html", {"assignment": assignment, "form": form, "own": own})


def _review_for(request, pk: int, perm: str) -> Review:
    rows = Review.objects.select_related(*FOR_SHEET, "visit", "slot", "reviewer", "assignment__panel")
    return row_for(request, rows, perm, pk=pk)


def sheet(request, pk):
    """The desk; a POST saves everything on it (without JavaScript), or the words alone (autosave)."""
    writing = request.method == "POST"
    review = _review_for(request, pk, "reviews.write_review" if writing else "reviews.view_review")
    if request.GET.get("state"):
        return _slot_state(request, review)
    errors = {}
    if writing:
        errors = _save_posted(request, review)
        if wants_fragment(request):
            return _answer(review) if not errors else HttpResponse("\n".join(map(_words, errors.values())), status=422)
        if not errors:
            messages.success(request, "已保存。")
            return redirect("reviews:sheet", pk=pk)
    return _desk(request, review, errors)


def _slot_state(request, review: Review) -> HttpResponse:
    """Polled while a presentation is scored: the page is loaded anew once the state is another."""
    now = slot_state(review)
    answer = HttpResponse(status=204)
    if now != request.GET["state"]:
        answer["HX-Refresh"] = "true"
    return answer


def slot_state(review: Review) -> str:
    if review.slot is None:
        return ""
    return "open" if review.slot.is_open else "closed" if review.slot.closed_at else "waiting"


def _desk(request, review: Review, errors: dict | None = None):
    groups = own_sheets.sheet_of(review)
    if errors:
        _keep_typed(request, groups, errors)
    state = slot_state(review)
    same = review.component.scoring_rubric.pk == review.application.track.rubric_id
    mine = review.reviewer_id == request.user.pk
    under_review = review.application.status == "in_review"
    score = scoring_desk.sheet_score(review)
    context = {
        "review": review,
        "groups": groups,
        "inline": same,
        "own_groups": None if same else own_sheets.own_words(review.application),
        "fields": [
            (f, review.application.form_data.get(f.key, "")) for f in review.application.track.form_fields.all()
        ],
        "state": state,
        "score": score,
        "warnings": sheets.warnings(review.component.tops, score),
        "notes": sheets.total_notes(review.component.sheet),
        "total_items": sum(1 for group in groups for line in group.lines if line.leaf.asked),
        "disabled": review.is_final or not mine or not under_review or state in ("waiting", "closed"),
        "comment": request.POST.get("comment", review.comment),
        "refusal": _words(errors[0]) if errors and 0 in errors else "",
        "mine": mine,
    }
    return render(request, "reviews/sheet.html", context, status=422 if errors else 200)


def _words(refusal: ValidationError) -> str:
    return "".join(refusal.messages)


def _keep_typed(request, groups, errors: dict[int, ValidationError]) -> None:
    """Show what was typed, not what is stored, where saving was refused."""
    lines = [line for group in groups for line in group.lines]
    typed = answers_in(request.POST, [line.leaf for line in lines])
    for line in lines:
        if refusal := errors.get(line.leaf.pk):
            sent = answers.version_in(request.POST, line.leaf)
            line.error = _words(refusal)
            line.version, line.stands = answers.Standing.after(refusal, line.leaf, line.saved, sent)
        line.answer, line.remark = typed.get(line.leaf.pk, (line.answer, line.remark))


def _save_posted(request, review: Review) -> dict[int, ValidationError]:
    """Save what differs from what is stored; the refusals by criterion, 0 for the sheet as a whole."""
    leaves = scoring_desk.leaves_of(review)
    stored = {score.criterion_id: (score.answer, score.remark) for score in review.scores.all()}
    errors = {}
    by_pk = {leaf.pk: leaf for leaf in leaves}
    for pk, (answer, remark) in answers_in(request.POST, leaves).items():
        if (answer, remark) == stored.get(pk, ({}, "")):
            continue
        try:
            version = answers.version_in(request.POST, by_pk[pk])
            scoring_desk.save_score(review, by_pk[pk], answer=answer, remark=remark, version=version, by=request.user)
        except ValidationError as refusal:
            errors[pk] = refusal
    if "comment" in request.POST and not errors:
        try:
            scoring_desk.save_comment(review, comment=request.POST["comment"][:1000], by=request.user)
        except ValidationError as refusal:
            errors[0] = refusal
    return errors


def _answer(review: Review, saved: Score | None = None, status: int = 200, **more) -> JsonResponse:
    """What the page shows after a save: the item's points, the running total, what is left."""
    score = scoring_desk.sheet_score(review)
    return JsonResponse(
        more
        | {
            "points": scoring.plain(saved.points if saved else None),
            "version": saved.version if saved else None,
            "total": scoring.plain(score.total),
            "missing": len(score.missing),
            "groups": sheets.group_states(review.component.tops, score),
            "warnings": sheets.warnings(review.component.tops, score),
            "saved": when(timezone.now()),
        },
        status=status,
    )


@require_POST
@say_refusals("reviews:sheet", "pk")
def save_score(request, pk, criterion_pk):
    review = _review_for(request, pk, "reviews.write_review")
    leaf = get_object_or_404(Criterion.objects.filter(rubric=review.component.scoring_rubric), pk=criterion_pk)
    leaf = next((own for own in scoring_desk.leaves_of(review) if own.pk == leaf.pk), leaf)
    answer, remark = answers.answer_from(request.POST, leaf), request.POST.get(f"c{leaf.key}-remark", "").strip()
    version = answers.version_in(request.POST, leaf)
    try:
        score = scoring_desk.save_score(review, leaf, answer=answer, remark=remark, version=version, by=request.user)
    except ValidationError as refusal:
        score = review.scores.filter(criterion=leaf).first()
        if getattr(refusal, "code", "") != "stale" or not wants_fragment(request):
            raise
        # The same words once more, because the first answer was lost on the way back: saved they are.
        if score is None or (score.answer, score.remark) != (answer, remark):
            return _answer(review, score, 409, message=_words(refusal), theirs=answers.theirs(leaf, score))
    return _answer(review, score) if wants_fragment(request) else redirect("reviews:sheet", pk=pk)


@require_POST
def finish(request, pk):
    """Everything on the page is saved first, so that nothing typed is left behind; then the sheet is final."""
    review = _review_for(request, pk, "reviews.write_review")
    errors = _save_posted(request, review)
    if not errors:
        try:
            scoring_desk.finish_review(review, comment=keys.text_in(request.POST, "comment", 1000), by=request.user)
        except ValidationError as refusal:
            errors = {0: refusal}
    if errors:
        return _desk(request, Review.objects.select_related(*FOR_SHEET, "visit", "slot", "reviewer").get(pk=pk), errors)
    messages.success(request, f"{review.application.branch.short_name}的评分已提交。")
    if request.POST.get("next") and (following := _next_of(review)):
        return redirect("reviews:sheet", pk=following.pk)
    return redirect("reviews:queue")


def _next_of(review: Review) -> Review | None:
    rows = overview.with_events(overview.work_of(review.reviewer, review.assignment.panel)[:50])
    found = overview.next_event(rows)
    if found is None:
        return None
    assignment, event = found
    model = {"visit": SiteVisit.objects, "slot": PresentationSlot.objects.select_related("session")}[event.kind]
    return scoring_desk.start_review(assignment, **{event.kind: model.get(pk=event.pk)})
