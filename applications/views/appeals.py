"""Appeals against a veto: the branch's page, an inspector's entry of a written one, and the case on the inspectors' desk."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from applications import consequences
from applications.forms_inspecting import DecideAppealForm, FindingForm, GroundsForm, WrittenAppealForm
from applications.models import Appeal, VetoRecord
from applications.services import appealing
from applications.views.picking import picker, take_choice
from applications.views.scope import application_for, require


def appeal(request, pk):
    """What the branch is told of its veto, its appeal and what came of it; the secretary appeals here."""
    application = application_for(request, pk, "applications.read_appeal")
    decided = [VetoRecord.State.CONFIRMED, VetoRecord.State.LIFTED]
    veto = application.vetoes.filter(state__in=decided).first()
    if veto is None:
        raise Http404
    appeals = list(veto.appeals.prefetch_related("proofs"))
    form, chosen, refusals = GroundsForm(request.POST or None), [], []
    if request.method == "POST":
        require(request, "applications.appeal", application)
        chosen, refusals = take_choice(request, application.branch)
        if form.is_valid() and not refusals and _filed(request, veto, form, proofs=chosen):
            messages.success(request, "申诉已提交，纪检督察部门已收到；结果会通知您。")
            return redirect("applications:appeal", pk)
    standing = veto.state == VetoRecord.State.CONFIRMED
    context = {
        "application": application,
        "veto": veto,
        "appeals": appeals,
        "form": form,
        "refusals": refusals,
        "picker": picker(application.branch, request.user, chosen=[each.pk for each in chosen]),
        "secretary": request.user.has_perm("applications.appeal", application),
        "may_file": standing and not any(each.is_open or each.state == Appeal.State.UPHELD for each in appeals),
        "shown_status": application.status_for(request.user),
        "next_steps": "" if standing else appealing.next_steps(application),
    }
    return render(request, "applications/appeal.html", context, status=422 if form.errors or refusals else 200)


def _filed(request, veto, form, **more) -> Appeal | None:
    """The appeal, or None with the reason on the form."""
    try:
        return appealing.file_appeal(veto, **form.cleaned_data, by=request.user, **more)
    except ValidationError as error:
        form.add_error(None, error)
        return None


def enter_appeal(request, pk):
    """An inspector enters an appeal that came on paper."""
    veto = get_object_or_404(
        VetoRecord.objects.visible_to(request.user).select_related("application__branch", "application__track"), pk=pk
    )
    require(request, "applications.veto", veto.application)
    form = WrittenAppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (entered := _filed(request, veto, form)):
        messages.success(request, "书面申诉已登记，待复查。")
        return redirect(entered)
    context = {"veto": veto, "application": veto.application, "form": form}
    return render(request, "applications/appeal_enter.html", context, status=422 if form.errors else 200)


def _case(request, pk) -> Appeal:
    found = Appeal.objects.visible_to(request.user).select_related(
        "veto__application__branch", "veto__application__track__campaign", "veto__proposed_by", "veto__decided_by",
        "filed_by", "proposed_by", "decided_by",
    )  # fmt: skip
    return get_object_or_404(found, pk=pk)


def appeal_case(request, pk):
    """The inspectors' page: grounds, proofs, the veto it is about, and the step that is next."""
    return _case_page(request, _case(request, pk))


def _case_page(request, case, *, forms=None, status=200):
    application, user = case.veto.application, request.user
    context = {
        "case": case,
        "veto": case.veto,
        "application": application,
        "shown_status": application.status_for(user),
        "proofs": case.proofs.all(),
        "may_find": user.has_perm("applications.find_appeal", case),
        "may_decide": user.has_perm("applications.decide_appeal", case),
        "inspects": user.has_perm("applications.veto", application),
        "rule": consequences.LIFTING_RULE,
        "finding_form": FindingForm(initial={"finding": case.finding}),
        "decide_form": DecideAppealForm(prefix="decide"),
        "back_form": DecideAppealForm(prefix="back"),
        **(forms or {}),
    }
    return render(request, "applications/appeal_case.html", context, status=status)


@require_POST
def find_appeal(request, pk):
    done = "复查情况已提交，待另一名纪检督察人员决定。"
    return _step(request, pk, "finding_form", FindingForm(request.POST), appealing.find_appeal, done)


@require_POST
def decide_appeal(request, pk):
    done = "已决定，支部、各级党委和市局机关党委已收到通知。"
    form = DecideAppealForm(request.POST, prefix="decide")
    return _step(request, pk, "decide_form", form, appealing.decide_appeal, done)


@require_POST
def send_back_appeal(request, pk):
    form = DecideAppealForm(request.POST, prefix="back")
    return _step(request, pk, "back_form", form, appealing.send_back_appeal, "已退回重新复查。")


def _step(request, pk, name, form, service, done):
    """One person's step; refusals keep what was typed."""
    case = _case(request, pk)
    require(request, "applications.veto", case.veto.application)
    if form.is_valid():
        try:
            service(case, **form.cleaned_data, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, done)
            return redirect(case)
    return _case_page(request, _case(request, pk), forms={name: form}, status=422)
