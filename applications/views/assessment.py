"""The self-assessment: one page for the whole rubric, saved answer by answer, with or without JavaScript."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications.completeness import self_score
from applications.models import Application, Assessment, Citation
from applications.services import preparing
from applications.views.scope import application_for, messages_of, require
from branches import keys
from standards import answers, scoring, sheets
from standards.models import Criterion


@dataclass
class Row:
    """One criterion on the page: what was saved, or what was typed and could not be saved."""

    criterion: Criterion
    version: int = 0
    remark: str = ""
    points: Decimal | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    citations: list[Citation] = field(default_factory=list)
    error: str = ""
    stands: str = ""
    heads: list[sheets.Head] = field(default_factory=list)

    @cached_property
    def entry(self) -> answers.Entry:
        return answers.entry(self.criterion, self.answer)

    @property
    def full(self) -> str:
        return scoring.plain(self.criterion.max_points)

    @property
    def earned(self) -> str:
        """The points beside an answer; none for a veto, whose answer is not added to anything."""
        return scoring.plain(self.points) if self.criterion.scored else ""


def assessment(request, pk):
    """The whole rubric on one page; without JavaScript a dimension is saved at once by its own button."""
    application = application_for(request, pk)
    typed: dict[int, Row] = {}
    if request.method == "POST":
        require(request, "applications.edit", application)
        top = _dimension(application, request.POST.get("dimension", ""))
        saved, typed = _save_dimension(application, top, request.POST, by=request.user)
        if not typed:
            messages.success(request, f"“{top.title}”已保存{saved}项。" if saved else f"“{top.title}”没有改动。")
            return redirect(_next_page(application, top, request.POST))
    editable = request.user.has_perm("applications.edit", application) and application.is_draft
    context = _page(application, typed)
    return render(request, "applications/assessment.html", {**context, "editable": editable, "failed": typed})


def _next_page(application: Application, top: Criterion, data) -> str:
    if keys.is_number(data.get("attach", "")):
        return f"{reverse('applications:evidence', args=[application.pk])}?criterion={data['attach']}"
    return f"{reverse('applications:assessment', args=[application.pk])}#d{top.pk}"


def _page(application: Application, typed: dict[int, Row]) -> dict:
    """Everything the page shows: two queries, the rubric comes from memory."""
    line = application.branch.line
    saved = {answer.criterion_id: answer for answer in application.assessments.all()}
    cited: dict[int, list[Citation]] = {}
    for citation in application.citations.select_related("evidence"):
        cited.setdefault(citation.criterion_id, []).append(citation)
    rubric = application.track.rubric
    points = {str(pk): answer.points for pk, answer in saved.items()}
    score = scoring.score_sheet(rubric.sheet.for_line(line), points)
    dimensions = []
    for top in rubric.dimensions:
        heads = sheets.subheads(top, line, score)
        leaves = [leaf for leaf in top.leaves if leaf.item.applies_to(line)]
        rows = [typed.get(leaf.pk) or _row(leaf, saved.get(leaf.pk)) for leaf in leaves]
        for row in rows:
            row.citations, row.heads = cited.get(row.criterion.pk, []), heads.get(row.criterion.key, [])
        head = sheets.head_of(top, score)
        dimensions.append({"top": top, "head": head, "rows": rows, **sheets.dimension_state(top, line, score)})
    return {
        "application": application,
        "rubric": rubric,
        "dimensions": dimensions,
        "notes": sheets.total_notes(rubric.sheet),
        "warnings": sheets.warnings(rubric.dimensions, score),
        **_total_state(dimensions, score),
    }


def _row(leaf: Criterion, saved: Assessment | None) -> Row:
    if saved is None:
        return Row(leaf)
    return Row(leaf, saved.version, saved.remark, saved.points, saved.answer)


def _total_state(dimensions: list[dict], score: scoring.SheetScore) -> dict:
    return {
        "total": scoring.plain(score.total),
        "answered": sum(dimension["answered"] for dimension in dimensions),
        "of": sum(dimension["of"] for dimension in dimensions),
    }


def _dimension(application: Application, key: str) -> Criterion:
    top = next((top for top in application.track.rubric.dimensions if top.key == key), None)
    if top is None:
        raise Http404
    return top


def _save_dimension(application: Application, top: Criterion, data, *, by) -> tuple[int, dict[int, Row]]:
    """Save what was changed of one dimension; returns how many, and the rows that were refused as they were typed."""
    before = {answer.criterion_id: answer for answer in application.assessments.all()}
    saved, refused = 0, {}
    for leaf in (leaf for leaf in top.leaves if leaf.item.applies_to(application.branch.line)):
        if f"c{leaf.key}-version" not in data:
            continue
        given, remark, was = answers.answer_from(data, leaf), _remark(data, leaf), before.get(leaf.pk)
        version = answers.version_in(data, leaf)
        if (given, remark) == (_comparable(leaf, was), was.remark if was else ""):
            continue
        try:
            preparing.save_answer(application, leaf, answer=given, remark=remark, version=version, by=by)
            saved += 1
        except ValidationError as error:
            points, words = was.points if was else None, messages_of(error)
            stands = answers.Standing.after(error, leaf, was, version)
            refused[leaf.pk] = Row(leaf, stands.version, remark, points, given, error=words, stands=stands.words)
    return saved, refused


def _comparable(leaf: Criterion, was: Assessment | None) -> dict:
    """A saved answer as the page would send it back untouched."""
    return answers.answer_from(answers.shown(leaf, was.answer), leaf) if was else {}


def _remark(data, leaf: Criterion) -> str:
    return data.get(f"c{leaf.key}-remark", "").replace("\r\n", "\n").strip()


@require_POST
def save_answer(request, pk, criterion_pk):
    """Save one answer for the script: 200 with the new totals, 400 with what is wrong, 409 with the other's answer."""
    application = application_for(request, pk, "applications.edit", calendar=False)
    line = application.branch.line
    leaf = next((leaf for leaf in application.track.rubric.leaves_for(line) if leaf.pk == criterion_pk), None)
    if leaf is None:
        raise Http404
    given, remark = answers.answer_from(request.POST, leaf), _remark(request.POST, leaf)
    try:
        saved = preparing.save_answer(
            application, leaf, answer=given, remark=remark, version=answers.version_in(request.POST, leaf),
            by=request.user,
        )  # fmt: skip
    except ValidationError as error:
        # The same words once more, because the first answer was lost on the way back: saved they are.
        saved = application.assessments.filter(criterion=leaf, answer=given, remark=remark).first()
        if error.code != "stale" or saved is None:
            return _refusal(application, leaf, error)
    return JsonResponse(
        {
            "version": saved.version,
            "earned": scoring.plain(saved.points) if leaf.scored else "",
            "at": f"{timezone.localtime():%H:%M:%S}",
            **_totals(application),
        }
    )


def _totals(application: Application) -> dict:
    """The running totals from what is saved now."""
    line, rubric, score = application.branch.line, application.track.rubric, self_score(application)
    dimensions = [sheets.dimension_state(top, line, score) for top in rubric.dimensions]
    return {
        "dimensions": dimensions,
        "groups": sheets.group_states(rubric.dimensions, score),
        "warnings": sheets.warnings(rubric.dimensions, score),
        **_total_state(dimensions, score),
    }


def _refusal(application: Application, leaf: Criterion, error: ValidationError) -> JsonResponse:
    code = getattr(error, "code", "")
    answer = {"code": code, "message": messages_of(error)}
    if code != "stale":
        return JsonResponse(answer, status=409 if code == "conflict" else 400)
    saved = application.assessments.filter(criterion=leaf).select_related("updated_by").first()
    answer["theirs"] = answers.theirs(leaf, saved)
    return JsonResponse(answer, status=409)
