"""自查: the tab with all self-checks and the ledger, the sheet of one, its items saved one by one, finishing, copying."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications import self_check_facts
from applications.forms_self_checks import LedgerFilter, StartForm
from applications.models import Application, CheckDecision, Rectification, SelfCheck, SelfCheckItem
from applications.services import rectifying, self_checking
from applications.states import SELF_CHECKING
from applications.views import self_check_sheet
from applications.views.scope import application_for, application_to_save, messages_of, require
from applications.views.self_check_sheet import Row
from branches import keys
from branches.views.decorators import say_refusals
from standards import answers
from standards.models import Criterion

PER_PAGE = 50
VIEW, EDIT = "applications.view_self_checks", "applications.edit"
REVIEW = "applications.review_rectification"


def self_check_for(request, pk: int, perm: str = VIEW, *, to_save: bool = False) -> SelfCheck:
    """The self-check with its application as `application_for` gives it, or `application_to_save` for a single row."""
    self_check = get_object_or_404(SelfCheck.objects.visible_to(request.user).select_related("rubric"), pk=pk)
    found = application_to_save if to_save else partial(application_for, tasks=False)
    self_check.application = found(request, self_check.application_id, perm)
    if self_check.rubric_id == self_check.application.track.rubric_id:
        self_check.rubric = self_check.application.track.rubric
    return self_check


def self_checks(request, pk):
    """The self-checks of the application and the ledger of what is being put right."""
    application = application_for(request, pk, VIEW, tasks=False)
    tags = self_check_facts.tags_of(application)
    filters = LedgerFilter(request.GET, tags=tags)
    ledger = application.rectifications.matching(**filters.asked).for_ledger()
    page = Paginator(ledger, PER_PAGE).get_page(request.GET.get("page"))
    for entry in page:
        entry.application = application
        entry.may_review = entry.is_done and request.user.has_perm(REVIEW, entry)
    checks = self_check_facts.compared(application)
    editable = request.user.has_perm(EDIT, application) and application.status in SELF_CHECKING
    return render(
        request,
        "applications/self_checks.html",
        {
            "application": application,
            "checks": checks,
            "open_check": next((check for check in checks if check.is_open), None),
            "start": StartForm(),
            "may_carry": bool(checks) and checks[0].rubric_id == application.track.rubric_id,
            "page_obj": page,
            "filters": filters,
            "asked": filters.asked,
            "counts": self_check_facts.ledger_counts(application),
            "editable": editable,
            "returned": _return_to_take(application) if editable else None,
        },
    )


def _return_to_take(application: Application) -> CheckDecision | None:
    """The last return, while the ledger does not hold all that was said in it."""
    decision = application.check_decisions.filter(outcome=CheckDecision.Outcome.RETURNED).first()
    if decision is None:
        return None
    decision.application = application
    decision.fresh = rectifying.unrecorded_remarks(decision)
    return decision if decision.fresh else None


@require_POST
@say_refusals("applications:self_checks", "pk")
def start_self_check(request, pk):
    application = application_for(request, pk, EDIT)
    form = StartForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {}
    self_check = self_checking.start_self_check(
        application, note=given.get("note", ""), carry=given.get("carry", False), by=request.user
    )
    return redirect(self_check)


# The sheet


def self_check(request, pk):
    """The whole standard on one page; without JavaScript a dimension is saved at once by its own button."""
    check = self_check_for(request, pk)
    typed: dict[int, Row] = {}
    if request.method == "POST":
        require(request, EDIT, check.application)
        top = next((top for top in check.rubric.dimensions if top.key == request.POST.get("dimension", "")), None)
        if top is None:
            raise Http404
        saved, typed = _save_dimension(check, top, request.POST, by=request.user)
        if not typed:
            messages.success(request, f"“{top.title}”已保存{saved}项。" if saved else f"“{top.title}”没有改动。")
            return redirect(f"{check.get_absolute_url()}#{_record_gap(request, check, top)}")
    application = check.application
    mine = request.user.has_perm(EDIT, application) and application.status in SELF_CHECKING
    editable = mine and check.is_open
    context = self_check_sheet.page(check, typed, editable=editable)
    context |= {"failed": typed, "mine": mine, "editable": editable}
    return render(request, "applications/self_check.html", context)


def _record_gap(request, check: SelfCheck, top: Criterion) -> str:
    """Without JavaScript: put the gap of the row whose button was pressed on the ledger; returns the place to go on."""
    leaf = next((leaf for leaf in top.leaves if leaf.key == request.POST.get("rectify")), None)
    if leaf is None:
        return f"d{top.key}"
    gap, tags = keys.text_in(request.POST, f"c{leaf.key}-gap", 300), request.POST.getlist(f"c{leaf.key}-tag")
    try:
        rectifying.open_rectification(
            check.application, gap=gap, tags=tags, source=Rectification.Source.SELF_CHECK, self_check=check,
            criterion=leaf, by=request.user,
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, messages_of(error))
    else:
        messages.success(request, f"已登记整改：{gap}")
    return f"c{leaf.key}"


def _save_dimension(check: SelfCheck, top: Criterion, data, *, by) -> tuple[int, dict[int, Row]]:
    """Save what was changed of one dimension; returns how many, and the rows that were refused as they were typed.

    With “其余都达标” every criterion without a conclusion becomes 达标.
    """
    before = {item.criterion_id: item for item in check.items.all()}
    saved, refused = 0, {}
    for leaf in (leaf for leaf in top.leaves if leaf.item.applies_to(check.application.branch.line)):
        if f"c{leaf.key}-version" not in data:
            continue
        given, was = _given(data, leaf), before.get(leaf.pk)
        if "rest" in data and not given["verdict"]:
            given["verdict"] = SelfCheckItem.Verdict.MET
        if _unchanged(given, leaf, was):
            continue
        version = answers.version_in(data, leaf)
        try:
            self_checking.save_item(check, leaf, **given, version=version, by=by)
            saved += 1
        except ValidationError as error:
            stands = answers.Standing.after(error, leaf, was, version)
            refused[leaf.pk] = Row(
                leaf, stands.version, given["remark"], given["verdict"], was.points if was else None, given["answer"],
                error=messages_of(error), stands=stands.words,
            )  # fmt: skip
    return saved, refused


def _given(data, leaf: Criterion) -> dict[str, Any]:
    """One row as it was sent."""
    return {
        "answer": answers.answer_from(data, leaf),
        "remark": data.get(f"c{leaf.key}-remark", "").replace("\r\n", "\n").strip(),
        "verdict": data.get(f"c{leaf.key}-verdict", ""),
    }


def _unchanged(given: dict[str, Any], leaf: Criterion, was: SelfCheckItem | None) -> bool:
    if was is None:
        return not any(given.values())
    shown = answers.answer_from(answers.shown(leaf, was.answer), leaf)
    return (given["answer"], given["remark"], given["verdict"]) == (shown, was.remark, was.verdict)


@require_POST
def save_self_check(request, pk, criterion_pk):
    """Save one row for the script: 200 with the new counts, 400 with what is wrong, 409 with the other's words."""
    check = self_check_for(request, pk, EDIT, to_save=True)
    line = check.application.branch.line
    leaf = next((leaf for leaf in check.rubric.leaves_for(line) if leaf.pk == criterion_pk), None)
    if leaf is None:
        raise Http404
    given = _given(request.POST, leaf)
    try:
        saved = self_checking.save_item(
            check, leaf, **given, version=answers.version_in(request.POST, leaf), by=request.user
        )
    except ValidationError as error:
        # The same words once more, because the first answer was lost on the way back: saved they are.
        saved = check.items.filter(criterion=leaf, **given).first()
        if error.code != "stale" or saved is None:
            return _refusal(check, leaf, error)
    found = self_check_facts.Findings(check, check.items.values_list("criterion_id", "verdict", "points"))
    state = {"dimensions": [found.of(top) for top in check.rubric.dimensions], **found.totals}
    return JsonResponse({"version": saved.version, "at": f"{timezone.localtime():%H:%M:%S}", **state})


def _refusal(check: SelfCheck, leaf: Criterion, error: ValidationError) -> JsonResponse:
    code = getattr(error, "code", "")
    answer = {"code": code, "message": messages_of(error)}
    if code != "stale":
        return JsonResponse(answer, status=409 if code in ("finished", "gone") else 400)
    saved = check.items.filter(criterion=leaf).select_related("updated_by").first()
    answer["theirs"] = answers.theirs(leaf, saved)
    answer["theirs"]["fields"][f"c{leaf.key}-verdict"] = saved.verdict if saved else ""
    return JsonResponse(answer, status=409)


# What is done with the whole


@require_POST
@say_refusals("applications:self_check", "pk")
def finish_self_check(request, pk):
    check = self_check_for(request, pk, EDIT)
    self_checking.finish_self_check(check, by=request.user)
    messages.success(request, f"{check}已完成，从此只能查看；不计入成绩。")
    return redirect(check)


@require_POST
@say_refusals("applications:self_check", "pk")
def discard_self_check(request, pk):
    check = self_check_for(request, pk, EDIT)
    self_checking.discard_self_check(check, by=request.user)
    messages.success(request, f"{check}已撤销。")
    return redirect("applications:self_checks", pk=check.application_id)


@require_POST
@say_refusals("applications:self_check", "pk")
def rectify_gaps(request, pk):
    """Put every gap that has no entry yet on the ledger."""
    check = self_check_for(request, pk, EDIT)
    number = rectifying.open_for_gaps(check, by=request.user)
    said = f"已登记{number}条整改，请逐条补上原因、措施、责任人和时限。" if number else "差距都已登记过整改。"
    messages.success(request, said)
    return redirect(f"{reverse('applications:self_checks', args=[check.application_id])}#ledger")


def copy_self_check(request, pk):
    """What would be taken over into the self-assessment beside what stands there; only what is ticked is written."""
    check = self_check_for(request, pk, EDIT)
    context = {
        "check": check,
        "application": check.application,
        "outdated": check.rubric_id != check.application.track.rubric_id,
    }
    if request.method == "POST":
        chosen = {
            pk: keys.number_in(request.POST.get(f"standing-{pk}", ""))
            for pk in keys.numbers_in(request.POST.getlist("criterion"))
        }
        try:
            number = self_checking.copy_to_assessment(check, chosen, by=request.user)
        except ValidationError as error:
            context |= {"errors": error.messages, "ticked": set(chosen)}
        else:
            messages.success(request, f"已带入自评{number}项，请在自评页核对。")
            return redirect("applications:assessment", pk=check.application_id)
    found = [offer for offer in self_checking.offers(check) if not offer.same]
    ticked = context.get("ticked", {offer.criterion.pk for offer in found if offer.fresh})
    for_page = [(offer, offer.criterion.pk in ticked) for offer in found]
    return render(request, "applications/self_check_copy.html", {
        **context, "fresh": [each for each in for_page if each[0].fresh],
        "standing": [each for each in for_page if not each[0].fresh],
    })  # fmt: skip
