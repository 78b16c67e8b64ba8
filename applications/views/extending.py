"""More time for branches: granted by the office, asked for by the committees."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse

from applications import overview
from applications.forms_committee import ExtendForm
from applications.models import Application
from applications.rules import URGING
from applications.services import extending
from applications.views.scope import application_for, require
from branches import keys


def extend(request, pk):
    """Give one branch more time for one stage."""
    application = application_for(request, pk)
    require(request, "applications.extend", application.branch)
    apply = application.stage("apply")
    form = ExtendForm(
        request.POST or None,
        track=application.track,
        initial={"stage": request.GET.get("stage") or (apply and apply.pk)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            extension = extending.extend_for(application, **form.cleaned_data, by=request.user)
        except ValidationError as error:
            form.add_error("until", error)
        else:
            messages.success(request, f"{extension.branch.short_name}“{extension.stage}”已延至{extension.until}。")
            return redirect(f"{reverse('applications:progress')}?track={application.track_id}")
    context = {"application": application, "form": form, "extensions": overview.extensions(application)}
    return render(request, "applications/extend.html", context)


def extend_many(request):
    """More time for several branches of one track: granted by the office, or asked of it by a committee."""
    require(request, "applications.rankings", None)
    given = request.POST if request.method == "POST" else request.GET
    wanted = keys.numbers_in([*given.getlist("application"), *given.get("ids", "").split(",")])
    scope = Application.objects.held_as(request.user, *URGING).running().for_work()
    applications = list(scope.filter(pk__in=wanted))
    if not applications or len({each.track_id for each in applications}) > 1:
        messages.error(request, "请先在“创建进度”里勾选同一条轨道上的支部，再办理延期。")
        return redirect("applications:progress")
    grants = all(request.user.has_perm("applications.extend", each.branch) for each in applications)
    track = applications[0].track
    apply = track.stage("apply")
    # The first press only names the branches; the form itself is what carries a date.
    form = ExtendForm(
        request.POST if "until" in request.POST else None,
        track=track,
        initial={"stage": given.get("stage") or (apply and apply.pk), "until": given.get("until")},
    )
    if form.is_bound and form.is_valid() and _extend_all(request, applications, form, grants):
        return redirect(f"{reverse('applications:progress')}?track={track.pk}")
    context = {"applications": applications, "track": track, "form": form, "grants": grants}
    return render(request, "applications/extend_many.html", context)


def _extend_all(request, applications, form, grants) -> bool:
    """Whether the service took it; what it refused stands in the form."""
    act = extending.extend_for_all if grants else extending.ask_for_extension
    try:
        done = act(applications, **form.cleaned_data, by=request.user)
    except ValidationError as error:
        form.add_error("until", error)
        return False
    facts = form.cleaned_data
    if grants:
        messages.success(request, f"“{facts['stage']}”已延至{facts['until']}，共{len(done)}个党组织，已通知对方。")
    else:
        messages.success(request, f"已向市局申请为{len(done)}个支部延期“{facts['stage']}”，批准后您和支部会收到通知。")
    return True
