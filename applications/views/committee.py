"""The committee's overview of its branches: reminders, and what leaves it for the city."""

from functools import lru_cache

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from applications import overview
from applications.columns import columns, done_counts
from applications.forms_committee import ProgressFilter
from applications.models import Application
from applications.ready import is_near, ready_list
from applications.rules import OVERSEERS, URGING
from applications.services import checking, reminding
from applications.states import Status
from applications.views.scope import application_for, require
from branches import keys
from branches.models import Branch
from branches.roles import Role
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
    found_columns = columns(track, request.user)
    form = _filter(request, request.GET, track, scope, counties, found_columns)
    narrowed = form.narrow(scope)
    numbers = done_counts(narrowed, track, found_columns)
    listed = overview.with_answers(narrowed).select_related("branch", "recommendation").only(*overview.READ)
    pages = Paginator(listed, PER_PAGE)
    pages.count = numbers["total"]  # counted above already
    page = pages.get_page(request.GET.get("page"))
    sort = form.cleaned_data.get("sort", "")
    rows = overview.rows(page.object_list, track, request.user, found_columns, counties, sort=sort)
    return {
        "form": form,
        "page_obj": page,
        "groups": [(name, [_drawn(row.line) for row in rows]) for name, rows in overview.grouped(rows, sort)],
        "columns": found_columns,
        "numbers": numbers,
        "counts": done_counts(scope, track, found_columns) if form.is_narrowed else numbers,
        "may_remind": bool(request.user.roles & URGING),
        "may_extend": Role.CAMPAIGN_ADMIN in request.user.roles,
        **(_ready(scope, track) if is_near(track) else {}),
    }


@lru_cache(maxsize=4000)
def _drawn(line):
    """A row as it is drawn. It shows nothing but its line, so that what did not change is not drawn again."""
    return render_to_string("applications/_progress_row.html", {"line": line})


def _filter(request, data, track, scope, counties, found_columns):
    lines = Branch.objects.filter(pk__in=scope.order_by().values("branch")).order_by("line")
    return ProgressFilter(
        data,
        track=track,
        columns=found_columns,
        sealed=overview.sealed_from(request.user, track),
        counties=counties,
        lines=[line for line in lines.values_list("line", flat=True).distinct() if line],
    )


def _ready(scope, track):
    """Who is ready, and what they were told of it."""
    found = ready_list(scope, track)
    told = reminding.reminders_of(found.applications, reminding.READY)
    return {"ready": found, "ready_rows": [(each, told.get(each.pk)) for each in found.applications]}


@require_POST
@say_refusals()
def remind(request):
    """Urge the branches that were ticked, all that fit the filter (`every`), or all that are ready (`ready`)."""
    require(request, "applications.rankings", None)
    scope = Application.objects.held_as(request.user, *URGING).running().for_work()
    if request.POST.get("ready"):
        urged = reminding.remind_ready(_all_ready(request, scope), by=request.user)
        offices, done = "书记", f"已提醒{len(urged.told)}个支部的书记：内容已齐备，只差提交。"
    else:
        urged = reminding.remind_branches(_wanted(request, scope), by=request.user)
        offices, done = "书记和经办人", f"已催办{len(urged.told)}个支部。"
    messages.success(request, done)
    for words in urged.words(offices):
        messages.info(request, words)
    return redirect(came_from(request))


def _wanted(request, scope):
    """The row's own button, what was ticked; or, across all pages, what fits the filter and has not been submitted."""
    if not request.POST.get("every"):
        named = request.POST.getlist("only") or request.POST.getlist("application")
        return scope.filter(pk__in=keys.numbers_in(named))
    track = _track(request)
    found_columns = columns(track, request.user)
    counties = overview.counties_of(request.user, OVERSEERS)
    within = scope.filter(track=track)
    form = _filter(request, request.POST, track, within, counties, found_columns)
    return form.narrow(within).filter(status=Status.PREPARING)


def _all_ready(request, scope):
    track = _track(request)
    return ready_list(scope.filter(track=track).prefetch_related("track__form_fields"), track).applications


def _track(request):
    track = overview.pick(overview.tracks_of(request.user), request.POST.get("track"))
    if track is None:
        raise ValidationError("没有找到这条轨道，请刷新页面。", code="not_found")
    return track


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
