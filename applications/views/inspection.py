"""The discipline inspectors' pages: 无问题, proposals of a veto, and the second person's decision."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications import overview
from applications.forms_committee import ClearForm, DecideVetoForm, InspectionFilter, ProposeVetoForm
from applications.models import Application, Clearance, VetoRecord
from applications.services import inspecting
from applications.states import LIVE, Status
from applications.views.scope import application_for, require
from branches.roles import Role
from branches.views.decorators import came_from

PER_PAGE = 50


def inspection(request):
    """What has been submitted, and whether each point of the road is cleared."""
    require(request, "applications.inspection", None)
    return _desk(request)


def _scope(request):
    return Application.objects.held_as(request.user, Role.INSPECTOR)


def _desk(request, *, form=None, status=200):
    tracks = overview.tracks_of(request.user)
    track = overview.pick(tracks, request.GET.get("track"))
    counties = overview.counties_of(request.user, [Role.INSPECTOR])
    filters = InspectionFilter(request.GET, sealed=overview.sealed_from(request.user, track), counties=counties)
    submitted = _scope(request).filter(track=track).exclude(status__in=[Status.PREPARING, Status.WITHDRAWN])
    found = filters.narrow(submitted).select_related("branch").prefetch_related("clearances__cleared_by", "vetoes")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    ticked = set(form.data.getlist("application")) if form else set()
    context = {
        "tracks": tracks,
        "track": track,
        "filters": filters,
        "page_obj": page,
        "rows": [_row(each, track, request.user, ticked) for each in page.object_list],
        "points": Clearance.Point.choices,
        "form": form or ClearForm(applications=submitted, initial={"point": request.GET.get("point")}),
        "open_vetoes": VetoRecord.objects.visible_to(request.user).filter(state=VetoRecord.State.PROPOSED).count(),
    }
    return render(request, "applications/inspection.html", context, status=status)


def _row(application, track, user, ticked):
    application.track = track  # read once for all rows
    cleared = {each.point: each for each in application.clearances.all()}
    return {
        "application": application,
        "status": application.status_for(user),
        "points": [(label, cleared.get(point)) for point, label in Clearance.Point.choices],
        "veto": next((each for each in application.vetoes.all() if each.state != VetoRecord.State.DISMISSED), None),
        "live": application.status in LIVE,
        "ticked": str(application.pk) in ticked,
    }


@require_POST
def clear(request):
    """无问题 for all that are ticked, or for none of them."""
    require(request, "applications.inspection", None)
    form = ClearForm(request.POST, applications=_scope(request).select_related("branch"))
    if form.is_valid():
        facts = form.cleaned_data
        try:
            number = inspecting.clear_all(
                facts["application"], point=facts["point"], remark=facts["remark"], by=request.user
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"已对{number}个支部出具“{Clearance.Point(facts['point']).label}”无问题意见。")
            return redirect(came_from(request))
    return _desk(request, form=form, status=422)


def propose_veto(request, pk):
    """First person: the facts and what they rest on."""
    application = application_for(request, pk, "applications.veto")
    form = ProposeVetoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            record = inspecting.propose_veto(application, basis=form.cleaned_data["basis"], by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "已提出，待另一名纪检督察人员确认；确认之前支部状态不变。")
            return redirect("applications:veto", record.pk)
    context = {
        "application": application,
        "form": form,
        "shown_status": application.status_for(request.user),
        "before": application.vetoes.select_related("proposed_by", "decided_by"),
    }
    return render(request, "applications/propose_veto.html", context)


def vetoes(request):
    """Every veto in scope, those that wait first."""
    require(request, "applications.vetoes", None)
    found = VetoRecord.objects.visible_to(request.user).select_related(
        "application__branch", "application__track__campaign", "proposed_by", "decided_by"
    )
    state = request.GET.get("state", "")
    if state in VetoRecord.State.values:
        found = found.filter(state=state)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "state": state, "states": VetoRecord.State.choices, "user_pk": request.user.pk}
    return render(request, "applications/vetoes.html", context)


def _record(request, pk) -> VetoRecord:
    found = VetoRecord.objects.visible_to(request.user).select_related(
        "application__branch", "application__track__campaign", "proposed_by", "decided_by"
    )
    return get_object_or_404(found, pk=pk)


def veto(request, pk):
    """The facts, who proposed it, what a confirmation would do."""
    require(request, "applications.vetoes", None)
    return _veto_page(request, _record(request, pk))


def _veto_page(request, record, *, forms=None, status=200):
    application = record.application
    context = {
        "record": record,
        "application": application,
        "shown_status": application.status_for(request.user),
        "mine": record.proposed_by_id == request.user.pk,
        "may_decide": request.user.has_perm("applications.decide_veto", record),
        "confirm_form": DecideVetoForm(prefix="confirm"),
        "dismiss_form": DecideVetoForm(prefix="dismiss"),
        "ranked": getattr(application, "recommendation", None),
        **(forms or {}),
    }
    return render(request, "applications/veto.html", context, status=status)


@require_POST
def confirm_veto(request, pk):
    return _decide(
        request, pk, "confirm", inspecting.confirm_veto, "已确认，该支部即刻出局，支部与各级党委已收到通知。"
    )


@require_POST
def dismiss_veto(request, pk):
    return _decide(request, pk, "dismiss", inspecting.dismiss_veto, "已驳回，该支部状态不变。")


def _decide(request, pk, name, service, done):
    """The second person's word; refusals keep what was typed."""
    record = _record(request, pk)
    if not request.user.has_perm("applications.veto", record.application):
        raise PermissionDenied("只有纪检督察人员可以处理一票否决。")
    form = DecideVetoForm(request.POST, prefix=name)
    if form.is_valid():
        try:
            service(record, remark=form.cleaned_data["remark"], by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, done)
            return redirect(reverse("applications:veto", args=[pk]))
    return _veto_page(request, _record(request, pk), forms={f"{name}_form": form}, status=422)
