"""The discipline inspectors' pages: 无问题, proposals of a veto, and the second person's decision."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications import consequences, overview
from applications.forms_inspecting import (
    ClearForm,
    ConfirmVetoForm,
    DecideVetoForm,
    InspectionFilter,
    ProposeVetoForm,
    UnclearForm,
)
from applications.models import Application, Clearance, Recommendation, VetoRecord
from applications.services import inspecting
from applications.states import LIVE, Status
from applications.views.scope import application_for, require
from branches.roles import Role
from branches.views.decorators import came_from

PER_PAGE = 50
# How many of those passed over are named.
NAMED = 15


def inspection(request):
    """What has been submitted, and whether each point of the road is cleared."""
    require(request, "applications.inspection", None)
    return _desk(request)


def _scope(request):
    return Application.objects.held_as(request.user, Role.INSPECTOR)


def _found(request, track):
    """What the filters of the address leave of what has been submitted, and the filters."""
    filters = InspectionFilter(
        request.GET,
        sealed=overview.sealed_from(request.user, track),
        counties=overview.counties_of(request.user, [Role.INSPECTOR]),
    )
    submitted = _scope(request).filter(track=track).exclude(status__in=[Status.PREPARING, Status.WITHDRAWN])
    return filters, submitted, filters.narrow(submitted)


def _desk(request, *, form=None, status=200):
    tracks = overview.tracks_of(request.user)
    track = overview.pick(tracks, request.GET.get("track"))
    filters, submitted, found = _found(request, track)
    rows = found.select_related("branch").prefetch_related("clearances__cleared_by", "vetoes")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    ticked = set(form.data.getlist("application")) if form else set()
    vetoes = VetoRecord.objects.visible_to(request.user)
    context = {
        "tracks": tracks,
        "track": track,
        "filters": filters,
        "page_obj": page,
        "rows": [_row(each, track, request.user, ticked) for each in page.object_list],
        "points": Clearance.Point.choices,
        "form": form or ClearForm(applications=submitted, initial={"point": request.GET.get("missing")}),
        "number": found.filter(status__in=LIVE).count(),
        "open_vetoes": vetoes.filter(state=VetoRecord.State.PROPOSED).count(),
        "open_appeals": vetoes.with_open_appeal().count(),
    }
    return render(request, "applications/inspection.html", context, status=status)


def _row(application, track, user, ticked):
    application.track = track  # read once for all rows
    cleared = {each.point: each for each in application.clearances.all()}
    for each in cleared.values():
        each.may_be_taken_back = inspecting.may_unclear(each, application)
    return {
        "application": application,
        "status": application.status_for(user),
        "points": [(label, cleared.get(point)) for point, label in Clearance.Point.choices],
        "veto": next((each for each in application.vetoes.all() if each.state in VetoRecord.STANDING), None),
        "live": application.status in LIVE,
        "ticked": str(application.pk) in ticked,
    }


@require_POST
def clear(request):
    """无问题 for all that are ticked, or for all that the filters leave; who was passed over is named with the reason."""
    require(request, "applications.inspection", None)
    form = ClearForm(request.POST, applications=_scope(request))
    if form.is_valid():
        facts = form.cleaned_data
        try:
            outcome = inspecting.clear_all(
                _meant(request, facts), point=facts["point"], remark=facts["remark"], by=request.user
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _say_outcome(request, outcome, Clearance.Point(facts["point"]).label)
            return redirect(came_from(request))
    return _desk(request, form=form, status=422)


def _meant(request, facts):
    """The ticked ones, or all of the filtered ones while they are as many as the page said (code `number`)."""
    if facts["scope"] != "all":
        return facts["application"]
    track = overview.pick(overview.tracks_of(request.user), request.GET.get("track"))
    found = list(_found(request, track)[2].filter(status__in=LIVE).only("pk"))
    if len(found) != facts["number"]:
        raise ValidationError(f"符合条件的支部有变化，现在是{len(found)}个；请核对后再办理。", code="number")
    return found


def _say_outcome(request, outcome, point):
    say = messages.success if outcome.number else messages.warning
    say(request, f"已对{outcome.number}个支部出具“{point}”无问题意见。")
    for why, names in outcome.skipped.items():
        more = f"等{len(names)}个" if len(names) > NAMED else ""
        messages.warning(request, f"没有办理（{why}）：{'、'.join(names[:NAMED])}{more}。")


def unclear(request, pk):
    """Take back a mistaken 无问题, with the reason."""
    found = Clearance.objects.visible_to(request.user).select_related("application__branch", "application__track")
    clearance = get_object_or_404(found.select_related("cleared_by"), pk=pk)
    form = UnclearForm(request.POST or None)
    desk = f"{reverse('applications:inspection')}?track={clearance.application.track_id}"
    if request.method == "POST" and form.is_valid():
        try:
            inspecting.unclear(clearance, reason=form.cleaned_data["reason"], by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"已收回{clearance.application.branch.short_name}的无问题意见。")
            return redirect(desk)
    context = {
        "clearance": clearance,
        "application": clearance.application,
        "form": form,
        "open": inspecting.may_unclear(clearance, clearance.application),
        "step": inspecting.STEPS[Clearance.Point(clearance.point)],
        "desk": desk,
    }
    return render(request, "applications/unclear.html", context)


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
        "effects": consequences.of_veto(application.status_for(request.user), **_place(application)),
        "before": application.vetoes.select_related("proposed_by", "decided_by"),
    }
    return render(request, "applications/propose_veto.html", context)


def vetoes(request):
    """Every veto in scope, those that wait first."""
    require(request, "applications.vetoes", None)
    found = (
        VetoRecord.objects.visible_to(request.user)
        .select_related("application__branch", "application__track__campaign", "proposed_by", "decided_by")
        .prefetch_related("appeals")
    )
    state = request.GET.get("state", "")
    if state in VetoRecord.State.values:
        found = found.filter(state=state)
    elif state == "appealed":
        found = found.with_open_appeal()
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


def _place(application) -> dict:
    """Its place on its committee's list, for the consequences."""
    place = Recommendation.objects.filter(application=application).select_related("list").first()
    return {"rank": place.rank, "confirmed": place.list.confirmed_at is not None} if place else {}


def _veto_page(request, record, *, forms=None, status=200):
    application = record.application
    context = {
        "record": record,
        "application": application,
        "shown_status": application.status_for(request.user),
        "mine": record.proposed_by_id == request.user.pk,
        "may_decide": request.user.has_perm("applications.decide_veto", record),
        "effects": consequences.of_veto(application.status_for(request.user), **_place(application)),
        "appeals": record.appeals.select_related("filed_by", "proposed_by", "decided_by"),
        "may_enter": record.state == VetoRecord.State.CONFIRMED
        and request.user.has_perm("applications.veto", application),
        "confirm_form": ConfirmVetoForm(prefix="confirm"),
        "dismiss_form": DecideVetoForm(prefix="dismiss"),
        "ranked": Recommendation.objects.filter(application=application).first(),
        **(forms or {}),
    }
    return render(request, "applications/veto.html", context, status=status)


@require_POST
def confirm_veto(request, pk):
    done = "已确认，该支部即刻出局，支部与各级党委已收到通知。"
    return _decide(request, pk, ConfirmVetoForm, "confirm", inspecting.confirm_veto, done)


@require_POST
def dismiss_veto(request, pk):
    return _decide(request, pk, DecideVetoForm, "dismiss", inspecting.dismiss_veto, "已驳回，该支部状态不变。")


def _decide(request, pk, form_class, name, service, done):
    """The second person's word; refusals keep what was typed."""
    record = _record(request, pk)
    if not request.user.has_perm("applications.veto", record.application):
        raise PermissionDenied("只有纪检督察人员可以处理一票否决。")
    form = form_class(request.POST, prefix=name)
    if form.is_valid():
        try:
            service(record, **form.cleaned_data, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, done)
            return redirect(reverse("applications:veto", args=[pk]))
    return _veto_page(request, _record(request, pk), forms={f"{name}_form": form}, status=422)
