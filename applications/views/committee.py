"""The committee's overview of its branches: reminders, extensions, and what leaves it for the city."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications import overview
from applications.forms_committee import ExtendForm, ProgressFilter
from applications.models import Application
from applications.rules import OVERSEERS
from applications.services import checking
from applications.views.scope import application_for, require
from branches import keys
from branches.models import Branch
from branches.roles import COMMITTEE_ROLES, Role
from branches.views.decorators import came_from, say_refusals

PER_PAGE = 50


def progress(request):
    """Every branch in scope × every step of one track."""
    require(request, "applications.oversee", None)
    tracks = overview.tracks_of(request.user)
    track = overview.pick(tracks, request.GET.get("track"))
    context = {"tracks": tracks, "track": track}
    if track:
        context |= _progress(request, track)
    return render(request, "applications/progress.html", context)


def _progress(request, track):
    scope = Application.objects.held_as(request.user, *OVERSEERS).filter(track=track)
    counties = overview.counties_of(request.user, OVERSEERS)
    lines = Branch.objects.filter(pk__in=scope.order_by().values("branch")).order_by("line")
    form = ProgressFilter(
        request.GET,
        sealed=overview.sealed_from(request.user, track),
        counties=counties,
        lines=[line for line in lines.values_list("line", flat=True).distinct() if line],
    )
    narrowed = overview.with_answers(form.narrow(scope)).select_related("branch", "recommendation")
    page = Paginator(narrowed, PER_PAGE).get_page(request.GET.get("page"))
    rows = overview.rows(page.object_list, track, request.user)
    return {
        "form": form,
        "page_obj": page,
        "groups": overview.grouped(rows, counties),
        "steps": overview.steps(track, request.user),
        "deadlines": overview.deadlines(track),
        "counts": overview.counts(scope),
        "may_remind": bool(request.user.roles & {*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN}),
        "may_extend": Role.CAMPAIGN_ADMIN in request.user.roles,
        "owing": [row for row in rows if row.owes and not row.reminded_today],
    }


@require_POST
@say_refusals()
def remind(request):
    """Urge the branches named in the form."""
    require(request, "applications.rankings", None)
    roles = (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)
    wanted = keys.numbers_in(request.POST.getlist("application"))
    found = Application.objects.held_as(request.user, *roles).running().for_work().filter(pk__in=wanted)
    reminded = checking.remind_branches(found, by=request.user)
    messages.success(request, f"已催办{reminded}个支部。")
    return redirect(came_from(request))


@require_POST
@say_refusals()
def nominate(request, pk):
    application = application_for(request, pk, "applications.recommend")
    checking.nominate_application(application, by=request.user)
    messages.success(request, f"已确认{application.branch.short_name}的自荐。")
    return redirect(came_from(request))


@require_POST
@say_refusals()
def forward(request, pk):
    application = application_for(request, pk, "applications.recommend")
    checking.forward_application(application, by=request.user)
    messages.success(request, f"已将{application.branch.short_name}上报市局。")
    return redirect(came_from(request))


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
            extension = checking.extend_for(application, **form.cleaned_data, by=request.user)
        except ValidationError as error:
            form.add_error("until", error)
        else:
            messages.success(request, f"{extension.branch.short_name}“{extension.stage}”已延至{extension.until}。")
            return redirect(f"{reverse('applications:progress')}?track={application.track_id}")
    context = {"application": application, "form": form, "extensions": overview.extensions(application)}
    return render(request, "applications/extend.html", context)
