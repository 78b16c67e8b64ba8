"""The branch's workplace: the list, 我的创建, joining, withdrawing, starting again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications import eligibility, progress
from applications.forms import ListFilter
from applications.models import Application, CheckDecision
from applications.services import gate, preparing, submitting
from applications.states import TABLE
from applications.views.scope import application_for, key_in, require
from branches.models import Branch
from branches.roles import READING_ROLES
from branches.views.decorators import say_refusals
from standards import deadlines
from standards.models import Track

PER_PAGE = 50


def application_list(request):
    """All one may see. Somebody of a single branch with a single application is taken straight to it."""
    applications = Application.objects.visible_to(request.user).select_related("branch", "track__campaign")
    if not request.GET and _works_for_branches_only(request.user):
        mine = list(applications.values_list("pk", flat=True)[:2])
        if len(mine) == 1:
            return redirect("applications:detail", pk=mine[0])
    filters = ListFilter(request.GET, user=request.user)
    page = Paginator(filters.narrow(applications), PER_PAGE).get_page(request.GET.get("page"))
    committees = Branch.objects.filter(kind=Branch.Kind.COMMITTEE).only("path", "short_name")
    names = {branch.path: branch.short_name for branch in committees}
    for application in page:
        application.shown_status = application.status_for(request.user)
        application.committee = _nearest(application.branch.path, names)
    return render(
        request,
        "applications/list.html",
        {"page_obj": page, "filters": filters, "joinable": _joinable(request.user)},
    )


def _works_for_branches_only(user) -> bool:
    return bool(user.roles) and user.roles <= {"secretary", "clerk"}


def _nearest(path: str, names: dict[str, str]) -> str:
    ends = range(len(path) - Branch.steplen, 0, -Branch.steplen)
    return next((names[path[:end]] for end in ends if path[:end] in names), "")


def _joinable(user) -> list[tuple[Track, Branch]]:
    """Tracks that still take applications and in which a branch of the user's has none yet."""
    branches = [grant.branch for grant in user.grants if grant.role in ("secretary", "clerk")]
    if not branches:
        return []
    running = Track.objects.filter(campaign__status="open").select_related("campaign")
    tracks = [
        track
        for track in running.prefetch_related("stages__extensions").order_by("campaign", "order", "pk")
        if _has_begun(track)
    ]
    there = set(Application.objects.filter(branch__in=branches).values_list("track", "branch"))
    unique = {branch.pk: branch for branch in branches if branch.kind == Branch.Kind.BRANCH and branch.active}
    return [
        (track, branch)
        for branch in unique.values()
        for track in tracks
        if (track.pk, branch.pk) not in there and not deadlines.is_over(track.stage("apply"), branch)
    ]


def _has_begun(track: Track) -> bool:
    return track.begins_on is not None and track.begins_on <= timezone.localdate()


def detail(request, pk):
    """我的创建 for the branch; for its other readers the same page without the means to change anything."""
    application, user = application_for(request, pk), request.user
    steps = progress.Progress(application)
    decisions = list(application.check_decisions.select_related("decided_by"))
    returned = _returned(application, decisions)
    mine = user.has_perm("applications.edit", application)
    return render(
        request,
        "applications/detail.html",
        {
            "application": application,
            "shown_status": application.status_for(user),
            "progress": steps,
            "stages": progress.stage_bar(application),
            "decisions": decisions,
            # The decision, as the strip of state looks for it, and with it what was said of single criteria.
            "returned": returned.decision if returned else None,
            "came_back": returned,
            "snapshots": list(application.snapshots.defer("content").select_related("created_by", "withdrawn_by")),
            "actions": {line.action for line in gate.actions_for(application, user)},
            "mine": mine,
            "editable": mine and application.is_draft,
            "next": progress.next_step(application, steps, returned) if mine else None,
            "only_left": "left" in request.GET,
            **_rights(application, user),
        },
    )


def _rights(application: Application, user) -> dict:
    """What the person may see and do beyond reading, and what stands in the way of a submission."""
    draft = application.is_draft
    return {
        "secretary": user.has_perm("applications.submit", application),
        "closed": gate.why_not_now(TABLE["submit"], application) if draft else "",
        "ineligible": eligibility.problems(application.track, application.branch) if draft else [],
        "sees_scores": user.has_perm("applications.view_scores", application),
        "in_tree": user.holds(READING_ROLES, application.branch),
    }


def _returned(application: Application, decisions: list[CheckDecision]) -> progress.Returned | None:
    """The return the branch is working on, with its remarks on single criteria."""
    latest = decisions[0] if decisions and application.is_draft else None
    if latest is None or latest.outcome != CheckDecision.Outcome.RETURNED:
        return None
    return progress.Returned(latest, progress.returned_items(application, latest))


@require_POST
@say_refusals("applications:list")
def join(request, track_pk):
    track = get_object_or_404(Track.objects.select_related("campaign").prefetch_related("stages"), pk=track_pk)
    branch = get_object_or_404(Branch.objects.visible_to(request.user), pk=key_in(request.POST, "branch"))
    require(request, "applications.join", branch)
    application = preparing.join_track(track, branch, by=request.user)
    messages.success(request, f"本支部已参加“{track}”，请从制定计划开始。")
    return redirect(application)


@require_POST
@say_refusals("applications:detail", "pk")
def withdraw(request, pk):
    application = application_for(request, pk, "applications.submit")
    submitting.withdraw_application(application, by=request.user)
    messages.success(request, "申报已撤回。填写的内容都还在，需要时可以重新筹备。")
    return redirect("applications:detail", pk=pk)


@require_POST
@say_refusals("applications:detail", "pk")
def reopen(request, pk):
    application = application_for(request, pk, "applications.submit")
    submitting.reopen_application(application, by=request.user)
    messages.success(request, "已重新进入筹备，修改后请再次提交。")
    return redirect(f"{reverse('applications:detail', args=[pk])}")
