"""The self-assessment: one page for the whole rubric, saved answer by answer, with or without JavaScript."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications.completeness import self_score
from applications.models import Application, Assessment
from applications.services import preparing
from applications.views import assessment_sheet
from applications.views.assessment_sheet import Row
from applications.views.scope import application_for, application_to_save, messages_of, require
from branches import keys
from standards import answers, scoring, sheets
from standards.models import Criterion


def assessment(request, pk):
    """The whole rubric on one page; without JavaScript a dimension is saved at once by its own button."""
    application = application_for(request, pk, tasks=False)
    typed: dict[int, Row] = {}
    if request.method == "POST":
        require(request, "applications.edit", application)
        top = _dimension(application, request.POST.get("dimension", ""))
        saved, typed = _save_dimension(application, top, request.POST, by=request.user)
        if not typed:
            messages.success(request, f"“{top.title}”已保存{saved}项。" if saved else f"“{top.title}”没有改动。")
            return redirect(_next_page(application, top, request.POST))
    editable = request.user.has_perm("applications.edit", application) and application.is_draft
    context = assessment_sheet.page(application, request.user, editable=editable, typed=typed)
    return render(request, "applications/assessment.html", {**context, "editable": editable, "failed": typed})


def _next_page(application: Application, top: Criterion, data) -> str:
    if keys.is_number(data.get("attach", "")):
        return f"{reverse('applications:evidence', args=[application.pk])}?criterion={data['attach']}"
    return f"{reverse('applications:assessment', args=[application.pk])}#d{top.pk}"


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
        was, version = before.get(leaf.pk), answers.version_in(data, leaf)
        stored = _comparable(leaf, was), was.remark if was else ""
        given, remark = _chosen(data, leaf, stored)
        if (given, remark) == stored:
            continue
        try:
            preparing.save_answer(application, leaf, answer=given, remark=remark, version=version, by=by)
            saved += 1
        except ValidationError as error:
            points, words = was.points if was else None, messages_of(error)
            stands = answers.Standing.after(error, leaf, was, version)
            refused[leaf.pk] = Row(leaf, stands.version, remark, points, given, error=words, stands=stands.words)
            if error.code == "stale" and was and (theirs := _theirs(leaf, was, given, remark)):
                refused[leaf.pk].theirs, refused[leaf.pk].stands = theirs, "选好用谁的，再按保存。"
    return saved, refused


def _chosen(data, leaf: Criterion, stored: tuple[dict, str]) -> tuple[dict, str]:
    """What was typed; of a row that was shown beside another's words, field by field whichever was chosen."""
    return (
        stored[0] if data.get(f"c{leaf.key}-take-answer") == "theirs" else answers.answer_from(data, leaf),
        stored[1] if data.get(f"c{leaf.key}-take-remark") == "theirs" else _remark(data, leaf),
    )


def _theirs(leaf: Criterion, was: Assessment, given: dict, remark: str) -> list[tuple[str, str, str]]:
    """(field, label, what somebody else saved) for each of the two that differs from what was typed."""
    found = []
    if given != _comparable(leaf, was):
        found.append(("answer", "作答", answers.entry(leaf, was.answer).words or "未作答"))
    if remark != was.remark:
        found.append(("remark", "说明", was.remark or "（空）"))
    return found


def _comparable(leaf: Criterion, was: Assessment | None) -> dict:
    """A saved answer as the page would send it back untouched."""
    return answers.answer_from(answers.shown(leaf, was.answer), leaf) if was else {}


def _remark(data, leaf: Criterion) -> str:
    return data.get(f"c{leaf.key}-remark", "").replace("\r\n", "\n").strip()


@require_POST
def save_answer(request, pk, criterion_pk):
    """Save one answer for the script: 200 with the new totals, 400 with what is wrong, 409 with the other's answer."""
    application = application_to_save(request, pk, "applications.edit")
    line = application.branch.line
    leaf = next((leaf for leaf in application.track.rubric.leaves_for(line) if leaf.pk == criterion_pk), None)
    if leaf is None:
        raise Http404
    given, remark = answers.answer_from(request.POST, leaf), _remark(request.POST, leaf)
    try:
        saved, score = preparing.save_answer(
            application, leaf, answer=given, remark=remark, version=answers.version_in(request.POST, leaf),
            by=request.user,
        )  # fmt: skip
    except ValidationError as error:
        # The same words once more, because the first answer was lost on the way back: saved they are.
        saved = application.assessments.filter(criterion=leaf, answer=given, remark=remark).first()
        if error.code != "stale" or saved is None:
            return _refusal(application, leaf, error)
        score = self_score(application)
    return JsonResponse(
        {
            "version": saved.version,
            "earned": scoring.plain(saved.points) if leaf.scored else "",
            "at": f"{timezone.localtime():%H:%M:%S}",
            **_totals(application, score),
        }
    )


def _totals(application: Application, score: scoring.SheetScore) -> dict:
    """The running totals at this score, as the page shows them."""
    line, rubric = application.branch.line, application.track.rubric
    dimensions = [sheets.dimension_state(top, line, score) for top in rubric.dimensions]
    return {
        "dimensions": dimensions,
        "groups": sheets.group_states(rubric.dimensions, score),
        "warnings": sheets.warnings(rubric.dimensions, score),
        **assessment_sheet.total_state(application, dimensions, score),
    }


def _refusal(application: Application, leaf: Criterion, error: ValidationError) -> JsonResponse:
    code = getattr(error, "code", "")
    answer = {"code": code, "message": messages_of(error)}
    if code != "stale":
        return JsonResponse(answer, status=409 if code == "conflict" else 400)
    saved = application.assessments.filter(criterion=leaf).select_related("updated_by").first()
    answer["theirs"] = answers.theirs(leaf, saved)
    return JsonResponse(answer, status=409)
