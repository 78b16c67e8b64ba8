"""整改: put on the ledger, work at one entry, mark it done, review it, print the ledger, look over the branches below."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications import overview, self_check_facts
from applications.forms_self_checks import LedgerFilter, RectificationForm, ReviewForm, WorkForm
from applications.models import Application, CheckDecision, Rectification, SelfCheck
from applications.rules import OVERSEERS
from applications.services import rectifying
from applications.states import SELF_CHECKING
from applications.views.picking import picker, take_choice
from applications.views.scope import application_for, key_in, require, wants_json
from applications.views.self_checks import EDIT, REVIEW, VIEW
from branches import audit, keys
from branches.views.decorators import say_refusals

PER_PAGE = 50


def rectification_for(request, pk: int, perm: str = VIEW) -> Rectification:
    """The entry with its application as `application_for` gives it."""
    found = get_object_or_404(Rectification.objects.visible_to(request.user).for_ledger(), pk=pk)
    found.application = application_for(request, found.application_id, perm if perm != REVIEW else VIEW, tasks=False)
    if perm == REVIEW:
        require(request, REVIEW, found)
    return found


def to_ledger(application_pk: int):
    return redirect(f"{reverse('applications:self_checks', args=[application_pk])}#ledger")


# Putting on the ledger


def rectify(request, pk):
    """A new entry: by the form, or in passing from the sheet of a self-check."""
    application = application_for(request, pk, EDIT)
    if wants_json(request):
        return _in_passing(request, application)
    form = RectificationForm(request.POST or None, application=application, initial=_asked(request, application))
    if request.method == "POST" and form.is_valid():
        try:
            rectification = rectifying.open_rectification(application, **form.words, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "整改已登记。")
            return redirect(rectification)
    return render(request, "applications/rectify.html", {"application": application, "form": form})


def _asked(request, application: Application) -> dict:
    """The criterion a link named, where it is one of this application's."""
    return {"criterion": request.GET.get("criterion", "")}


@say_refusals()
def _in_passing(request, application: Application):
    """The script of the sheet: one gap of one criterion; answered with what the row then shows."""
    check = get_object_or_404(
        SelfCheck.objects.select_related("rubric"), pk=key_in(request.POST, "self_check"), application=application
    )
    leaves = {leaf.pk: leaf for leaf in check.rubric.leaves_for(application.branch.line)}
    entry = rectifying.open_rectification(
        application, gap=keys.text_in(request.POST, "gap", 300), tags=request.POST.getlist("tag"), self_check=check,
        source=Rectification.Source.SELF_CHECK, criterion=leaves.get(key_in(request.POST, "criterion")), by=request.user,
    )  # fmt: skip
    return JsonResponse({"gap": entry.gap, "url": entry.get_absolute_url(), "state": entry.get_state_display()})


@require_POST
@say_refusals("applications:self_checks", "pk")
def rectify_return(request, pk):
    """All that a return said of single criteria, with one press."""
    application = application_for(request, pk, EDIT)
    returns = application.check_decisions.filter(outcome=CheckDecision.Outcome.RETURNED)
    decision = returns.filter(pk=key_in(request.POST, "decision")).first()
    if decision is None:
        raise ValidationError("没有找到这次退回意见，请刷新页面。", code="not_found")
    decision.application = application
    number = rectifying.open_from_return(decision, by=request.user)
    messages.success(request, f"已登记{number}条整改。" if number else "这次退回意见都已登记过整改。")
    return to_ledger(pk)


# One entry


def rectification(request, pk):
    """One entry: the branch works at it while it is open, a second person reviews it once it is done."""
    entry = rectification_for(request, pk)
    if request.method != "POST":
        return _entry_page(request, entry)
    require(request, EDIT, entry.application)
    return _work_on(request, entry)


@require_POST
def finish_rectification(request, pk):
    """Save what the page holds and say that it is done, both or neither."""
    return _work_on(request, rectification_for(request, pk, EDIT), finishing=True)


def _work_on(request, entry: Rectification, *, finishing: bool = False):
    form = WorkForm(request.POST, application=entry.application, kept=entry, finishing=finishing)
    proofs, refusals = take_choice(request, entry.application.branch)
    for refusal in refusals:
        form.add_error(None, refusal)
    version = key_in(request.POST, "version")
    if form.is_valid():
        try:
            _save(entry, form, proofs, version=version, finishing=finishing, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
            version = entry.version  # pressed once more, it means what it says
        else:
            messages.success(request, "已标记完成，等待书记或上级党委复核。" if finishing else "整改已保存。")
            return redirect(entry)
    return _entry_page(request, entry, form=form, version=version, picked=[proof.pk for proof in proofs])


def _save(entry: Rectification, form: WorkForm, proofs: list, *, version: int, finishing: bool, by) -> None:
    with audit.recorded():
        saved = rectifying.edit_rectification(entry, **form.words, proofs=proofs, version=version, by=by)
        if finishing:
            rectifying.finish_rectification(
                entry, done_on=form.cleaned_data["done_on"], outcome=saved.outcome, proofs=proofs,
                version=saved.version, by=by,
            )  # fmt: skip


def _entry_page(request, entry: Rectification, *, form=None, review=None, version=None, picked=None):
    """The page with whatever was typed in one of its forms."""
    user, application = request.user, entry.application
    mine = user.has_perm(EDIT, application) and application.status in SELF_CHECKING
    context = {
        "entry": entry, "application": application, "editable": mine and entry.is_open,
        "version": version or entry.version, "review": review or ReviewForm(),
        "may_review": entry.is_done and user.has_perm(REVIEW, entry) and application.status in SELF_CHECKING,
        "own_work": entry.is_done and entry.done_by_id == user.pk,
    }  # fmt: skip
    if context["editable"]:
        chosen = [proof.pk for proof in entry.proofs.all()] if picked is None else picked
        context["picker"] = picker(application.branch, user, chosen=chosen)
        context["form"] = form or WorkForm(application=application, kept=entry)
    return render(request, "applications/rectification.html", context)


@require_POST
def review_rectification(request, pk):
    """The second person's word: closed, or sent back by the other button."""
    entry = rectification_for(request, pk, REVIEW)
    form = ReviewForm(request.POST)
    act = rectifying.send_back_rectification if "back" in request.POST else rectifying.review_rectification
    if form.is_valid():
        try:
            act(entry, **form.cleaned_data, version=key_in(request.POST, "version"), by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已退回继续整改。" if "back" in request.POST else "已复核销号。")
            return redirect(entry)
    return _entry_page(request, rectification_for(request, pk), review=form)


@require_POST
@say_refusals("applications:rectification", "pk")
def delete_rectification(request, pk):
    entry = rectification_for(request, pk, EDIT)
    rectifying.delete_rectification(entry, version=key_in(request.POST, "version"), by=request.user)
    messages.success(request, "这条整改已删除。")
    return to_ledger(entry.application_id)


# The ledger on paper, and the branches below


def ledger(request, pk):
    """The ledger as a sheet of paper, narrowed as the page was."""
    application = application_for(request, pk, VIEW, tasks=False)
    filters = LedgerFilter(request.GET, tags=self_check_facts.tags_of(application))
    entries = list(application.rectifications.matching(**filters.asked).for_ledger())
    return render(request, "applications/ledger.html", {
        "application": application, "entries": entries, "asked": filters.asked,
        "state": dict(Rectification.State.choices).get(filters.asked.get("state", ""), ""),
        "counts": self_check_facts.ledger_counts(application),
    })  # fmt: skip


def rectifications(request):
    """What the branches in scope found and put right: by kind of problem, and branch by branch."""
    require(request, "applications.oversee", None)
    tracks = overview.tracks_of(request.user)
    track = overview.pick(tracks, request.GET.get("track"))
    context = {"tracks": tracks, "track": track}
    if track:
        scope = Application.objects.held_as(request.user, *OVERSEERS).filter(track=track)
        rows = self_check_facts.by_branch(scope, tag=keys.text_in(request.GET, "tag", 60))
        context |= {
            "by_tag": self_check_facts.by_tag(scope, track),
            "tag": request.GET.get("tag", ""),
            "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        }
    return render(request, "applications/rectifications.html", context)
