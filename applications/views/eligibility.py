"""Who may not apply and why: one list for the committee, and the page on which it corrects what is on record."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render

from applications import eligibility, overview
from applications.forms_inspecting import BranchFactsForm
from applications.models import Application
from applications.services import correcting
from applications.states import Status
from applications.views.scope import require
from branches.models import Branch
from branches.roles import COMMITTEE_ROLES, Role
from standards.models import Track

PER_PAGE = 50
READERS = (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)


def conditions(request):
    """Every branch in scope that does not meet a condition of the track, or whose term is over; `show=all`: all."""
    require(request, "applications.check_list", None)
    tracks = overview.tracks_of(request.user)
    track = overview.pick(tracks, request.GET.get("track"))
    everyone = request.GET.get("show") == "all"
    rows, failing, warned = _rows(request.user, track) if track else ([], 0, 0)
    shown = rows if everyone else [row for row in rows if row["open"]]
    context = {
        "tracks": tracks,
        "track": track,
        "total": len(rows),
        "failing": failing,
        "warned": warned,
        "everyone": everyone,
        "page_obj": Paginator(shown, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "applications/eligibility.html", context)


def _rows(user, track: Track) -> tuple[list[dict], int, int]:
    """All of them, how many do not qualify, how many are only warned; one query for any number of branches."""
    gone = (Status.WITHDRAWN, Status.VETOED)
    found = Application.objects.held_as(user, *READERS).filter(track=track).exclude(status__in=gone)
    rows = []
    for application in found.select_related("branch"):
        judged = eligibility.conditions(track, application.branch)
        rows.append(
            {
                "application": application,
                "open": [each for each in judged if not each.met],
                "failing": any(each.met is False for each in judged),
                "may_correct": user.has_perm("applications.correct_branch", application.branch),
            }
        )
    failing = sum(row["failing"] for row in rows)
    return rows, failing, sum(bool(row["open"]) and not row["failing"] for row in rows)


def correct_branch(request, pk):
    """过硬支部 grade and document, counts, founding, term: what the conditions are judged by."""
    branch = get_object_or_404(Branch.objects.grassroots().visible_to(request.user), pk=pk)
    require(request, "applications.correct_branch", branch)
    form = BranchFactsForm(request.POST or None, branch=branch, line_fixed=correcting.line_in_use(branch))
    if request.method == "POST" and form.is_valid():
        try:
            correcting.correct_branch(branch, **form.cleaned_data, by=request.user)
        except ValidationError as error:
            form.add_error({"no_basis": "solid_basis", "line_in_use": "line"}.get(error.code), error)
        else:
            messages.success(request, f"{branch.short_name}的登记情况已更新，支部已收到通知。")
            return redirect("applications:eligibility")
    context = {"branch": branch, "form": form}
    return render(request, "applications/correct_branch.html", context, status=422 if form.errors else 200)
