"""The check desk: what the branch says and shows beside the committee's own score, then return or accept."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Exists, OuterRef, Subquery
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications import overview
from applications.forms_committee import AcceptForm, ReturnForm
from applications.models import Application, Assessment, CheckDecision, CheckItem, Citation
from applications.services import checking
from applications.states import Status
from applications.views.scope import application_for, messages_of, require, wants_json
from branches.roles import COMMITTEE_ROLES, Role
from branches.views.decorators import say_refusals
from standards import answers, scoring, sheets
from standards.models import Criterion, Stage

PER_PAGE = 50


# What waits


def check_list(request):
    """What waits for the committee's check, oldest first, and what it has concluded."""
    require(request, "applications.check_list", None)
    tracks = overview.tracks_of(request.user)
    everything = Application.objects.held_as(request.user, *COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)
    numbers = dict(waiting(everything).order_by().values_list("track").annotate(n=Count("pk")))
    track = overview.pick(tracks, request.GET.get("track"), preferred=numbers)
    scope = everything.filter(track=track)
    done = request.GET.get("show") == "done"
    found = concluded(scope) if done else waiting(scope)
    page = Paginator(found.select_related("branch"), PER_PAGE).get_page(request.GET.get("page"))
    for each in page.object_list:
        each.track = track  # read once for all rows
    context = {
        "tracks": tracks,
        "track": track,
        "done": done,
        "page_obj": page,
        "rows": [(each, each.status_for(request.user)) for each in page.object_list],
        "waiting": numbers.get(track.pk, 0) if track else 0,
        "numbers": numbers,
        "due": overview.deadlines(track)[Stage.Kind.CHECK] if track else None,
    }
    return render(request, "applications/check_list.html", context)


def waiting(applications):
    return applications.filter(status=Status.SUBMITTED).order_by("submitted_at", "pk")


def concluded(applications):
    """Each with its last decision: what the committee said and when."""
    last = CheckDecision.objects.filter(application=OuterRef("pk")).order_by("-pk")
    return (
        applications.filter(Exists(last))
        .exclude(status=Status.SUBMITTED)
        .annotate(
            decided_at=Subquery(last.values("decided_at")[:1]),
            outcome=Subquery(last.values("outcome")[:1]),
            decided_by=Subquery(last.values("decided_by__name")[:1]),
        )
        .order_by("-decided_at", "pk")
    )


# The desk


@dataclass
class Row:
    """One criterion: the branch's answer and evidence, and the committee's own score as saved or as typed."""

    criterion: Criterion
    answer: Assessment | None
    item: CheckItem | None
    given: dict[str, Any]
    remark: str
    citations: list[Citation] = field(default_factory=list)
    error: str = ""
    heads: list[sheets.Head] = field(default_factory=list)
    version: int = 0
    stands: str = ""

    @cached_property
    def entry(self) -> answers.Entry:
        """The committee's own input."""
        return answers.entry(self.criterion, self.given)

    @cached_property
    def said(self) -> answers.Entry:
        """What the branch answered."""
        return answers.entry(self.criterion, self.answer.answer if self.answer else {})

    @property
    def differs(self) -> bool:
        mine, theirs = self.item and self.item.points, self.answer and self.answer.points
        return mine is not None and theirs is not None and mine != theirs


def check(request, pk):
    """The check desk."""
    return _desk(request, application_for(request, pk, "applications.view_check"))


def _desk(request, application, *, forms=None, typed=None, status=200):
    may = request.user.has_perm("applications.check", application)
    is_open = may and application.status == Status.SUBMITTED
    decisions = list(application.check_decisions.select_related("decided_by"))
    line = application.track.check_line
    context = {
        "application": application,
        "open": is_open,
        "shown_status": application.status_for(request.user),
        "decisions": decisions,
        "next": next_waiting(application, request.user) if may else None,
        "line": scoring.plain(line),
        **_page(application, typed or {}),
        **(_forms(request, application) | (forms or {}) if is_open or forms else {}),
    }
    return render(request, "applications/check.html", context, status=status)


def _forms(request, application) -> dict:
    facts = {"checked_on": timezone.localdate(), "members": request.user.name}
    return {
        "return_form": ReturnForm(application=application, prefix="return"),
        "accept_form": AcceptForm(application=application, prefix="accept", initial=facts),
    }


def _page(application: Application, typed: dict[int, Row]) -> dict:
    """Everything the desk shows: three queries, the rubric comes from memory."""
    rubric, line = application.track.rubric, application.branch.line
    said = {answer.criterion_id: answer for answer in application.assessments.all()}
    items = {item.criterion_id: item for item in application.check_items.all()}
    cited: dict[int, list[Citation]] = {}
    for citation in application.citations.select_related("evidence"):
        cited.setdefault(citation.criterion_id, []).append(citation)
    score = _score(application, {item.criterion_id: item.points for item in items.values()})
    self_score = _score(application, {answer.criterion_id: answer.points for answer in said.values()})
    dimensions = []
    for top in rubric.dimensions:
        heads = sheets.subheads(top, line, score)
        leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(line)]
        rows = [typed.get(leaf.pk) or _row(leaf, said.get(leaf.pk), items.get(leaf.pk)) for leaf in leaves]
        for row in rows:
            row.citations, row.heads = cited.get(row.criterion.pk, []), heads.get(row.criterion.key, [])
        head = sheets.head_of(top, score)
        dimensions.append({"top": top, "head": head, "rows": rows, **sheets.dimension_state(top, line, score)})
        dimensions[-1]["self_points"] = scoring.plain(scoring.cents(self_score.dimensions[top.key]))
    return {
        "dimensions": dimensions,
        "self_total": scoring.plain(self_score.total),
        "notes": sheets.total_notes(rubric.sheet),
        **_totals(application, score),
    }


def _score(application: Application, points: dict[int, Decimal | None]) -> scoring.SheetScore:
    sheet = application.track.rubric.sheet.for_line(application.branch.line)
    return scoring.score_sheet(sheet, {str(pk): value for pk, value in points.items()})


def _row(leaf: Criterion, answer: Assessment | None, item: CheckItem | None) -> Row:
    if item is None:
        return Row(leaf, answer, None, {}, "")
    return Row(leaf, answer, item, item.answer, item.remark, version=item.version)


def _totals(application: Application, score: scoring.SheetScore) -> dict:
    """The running total against the line; below it only counts once every criterion is scored."""
    of = sum(leaf.asked for leaf in application.track.rubric.leaves_for(application.branch.line))
    return {
        "total": scoring.plain(score.total),
        "answered": of - len(score.missing),
        "of": of,
        "passes": scoring.passes(score.total, application.track.check_line),
        "final": score.final,
        "warnings": sheets.warnings(application.track.rubric.dimensions, score),
    }


def next_waiting(application: Application, user) -> Application | None:
    """The next one in the queue of the user's scope, this one left out."""
    scope = Application.objects.held_as(user, *COMMITTEE_ROLES).filter(track=application.track)
    return waiting(scope).exclude(pk=application.pk).select_related("branch").first()


# Saving


@require_POST
def save_check(request, pk):
    """Save what was scored: one criterion by the script, a dimension's by its button. Nothing refused is lost."""
    application = application_for(request, pk, "applications.check")
    if request.POST.get("adopt"):
        return _adopt_self(request, pk=pk, application=application)
    saved, refused, versions = _save(application, request.POST, by=request.user)
    if wants_json(request):
        return _answer(application, saved, refused, versions)
    if refused:
        for row in refused.values():
            messages.error(request, row.error)
        return _desk(request, application_for(request, pk), typed=refused, status=422)
    messages.success(request, f"已保存{len(saved)}项核分。" if saved else "没有改动。")
    dimension = request.POST.get("dimension", "")
    anchor = f"#d{dimension}" if dimension.isdecimal() else ""
    return redirect(reverse("applications:check", args=[pk]) + anchor)


@say_refusals("applications:check", "pk")
def _adopt_self(request, *, pk, application):
    number = checking.adopt_self_scores(application, by=request.user)
    messages.success(
        request, f"已按自评填入{number}项，请逐项核对。" if number else "没有可以填入的：各项都已核分，或支部未作答。"
    )
    return redirect("applications:check", pk)


def _save(application: Application, data, *, by) -> tuple[list[CheckItem], dict[int, Row], dict[int, int]]:
    """Save every criterion of the form that was changed.

    Returns what was saved, the refused rows as typed, and the version by criterion of what stands as it was sent.
    """
    named = set(data.getlist("criterion"))
    leaves = [
        leaf
        for leaf in application.track.rubric.leaves_for(application.branch.line)
        if leaf.asked and leaf.key in named
    ]
    before = {item.criterion_id: item for item in application.check_items.filter(criterion__in=[x.pk for x in leaves])}
    saved, refused, versions = [], {}, {}
    for leaf in leaves:
        given = answers.answer_from(data, leaf)
        remark = data.get(f"c{leaf.key}-remark", "").replace("\r\n", "\n").strip()
        was, version = before.get(leaf.pk), answers.version_in(data, leaf)
        if (given, remark) == (_comparable(leaf, was), was.remark if was else ""):
            # Also where a colleague typed the same, or the first answer to this save was lost on its way back.
            versions[leaf.pk] = was.version if was else 0
            continue
        try:
            item = checking.save_check(application, leaf, answer=given, remark=remark, version=version, by=by)
        except ValidationError as error:
            said = application.assessments.filter(criterion=leaf).first()
            stands = answers.Standing.after(error, leaf, was, version)
            refused[leaf.pk] = Row(
                leaf, said, was, given, remark, error=messages_of(error), version=stands.version, stands=stands.words
            )
        else:
            saved.append(item)
            versions[leaf.pk] = item.version
    return saved, refused, versions


def _comparable(leaf: Criterion, was: CheckItem | None) -> dict:
    """A saved item as the page would send it back untouched."""
    return answers.answer_from(answers.shown(leaf, was.answer), leaf) if was else {}


def _answer(application: Application, saved: list[CheckItem], refused: dict[int, Row], versions) -> JsonResponse:
    """What the script needs: points and versions of what was saved, what is wrong, and the new totals.

    409 where a colleague was first, with what stands now.
    """
    score, tops = checking.check_score(application), application.track.rubric.dimensions
    theirs = {str(pk): answers.theirs(row.criterion, row.item) for pk, row in refused.items() if row.stands}
    content = {
        "at": f"{timezone.localtime():%H:%M:%S}",
        "earned": {str(item.criterion_id): scoring.plain(item.points) for item in saved if item.criterion.scored},
        "versions": {str(pk): version for pk, version in versions.items()},
        "errors": {str(pk): row.error for pk, row in refused.items()},
        "theirs": theirs,
        "dimensions": [sheets.dimension_state(top, application.branch.line, score) for top in tops],
        "groups": sheets.group_states(tops, score),
        **_totals(application, score),
    }
    return JsonResponse(content, status=409 if theirs else 422 if refused else 200)


# Concluding


@require_POST
def return_(request, pk):
    application = application_for(request, pk, "applications.check")
    form = ReturnForm(request.POST, application=application, prefix="return")
    return _decide(request, application, form, checking.return_application, "已退回修改，支部会收到通知。")


@require_POST
def accept(request, pk):
    application = application_for(request, pk, "applications.check")
    form = AcceptForm(request.POST, application=application, prefix="accept")
    return _decide(request, application, form, checking.accept_application, "核查通过，支部会收到通知。")


def _decide(request, application, form, service, done):
    """Conclude, or show the desk again with what was typed and why it was refused."""
    if form.is_valid():
        facts = {key: value for key, value in form.cleaned_data.items() if key != "submission"}
        try:
            service(application, **facts, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, done)
            return redirect(f"{reverse('applications:check_list')}?track={application.track_id}")
    # Read afresh: the refused service had already taken the step in memory.
    application = get_object_or_404(Application.objects.for_work(), pk=application.pk)
    return _desk(request, application, forms={f"{form.prefix}_form": form}, status=422)
