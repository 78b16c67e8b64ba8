"""Campaigns and rubrics as everybody reads them, and the steps that open a campaign."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from branches.roles import COMMITTEE_ROLES
from branches.views.decorators import say_refusals
from standards import readiness, workdays
from standards.forms.campaigns import ApprovalForm
from standards.models import Campaign, Extension, LocalPlan, Track
from standards.services import campaigns as campaign_services

PER_PAGE = 50
APPROVAL = ("approved_by", "approval_number", "approved_on")
REASON = "只有活动管理员可以管理创建活动。"


def campaigns(request):
    tracks = Prefetch("tracks", Track.objects.prefetch_related("stages__extensions"))
    rows = Campaign.objects.visible_to(request.user).prefetch_related(tracks)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    manages = request.user.has_perm("standards.manage_campaign")
    return render(request, "standards/campaigns.html", {"page_obj": page, "manages": manages})


def campaign(request, pk):
    found = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    return _show(request, found, ApprovalForm(initial={name: getattr(found, name) for name in APPROVAL}))


@require_POST
def approval(request, pk):
    found = _managed(request, pk)
    form = ApprovalForm(request.POST)
    if form.is_valid():
        try:
            campaign_services.record_approval(found, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "批准依据已登记。")
            in_setup = request.POST.get("back") == "setup"
            return redirect("standards:wizard", found.pk, readiness.OPEN) if in_setup else redirect(found)
    return _show(request, found, form)


@require_POST
@say_refusals("standards:campaign", "pk")
def close(request, pk):
    found = _managed(request, pk)
    campaign_services.close_campaign(found, by=request.user)
    messages.success(request, f"{found}已结束，内容全部保留、不再受理。")
    return redirect(found)


def _show(request, found, form):
    manages = request.user.has_perm("standards.manage_campaign")
    draft = found.status == Campaign.Status.DRAFT
    tracks = found.tracks.select_related("rubric").prefetch_related(
        "stages__tasks", "stages__extensions", "components__rubric", "grades", "honours"
    )
    plans = LocalPlan.objects.visible_to(request.user).filter(campaign=found).select_related("organiser")
    context = {
        "campaign": found,
        "tracks": tracks,
        "form": form if manages and (draft or form.is_bound) else None,
        "missing": campaign_services.missing_for_opening(found) if manages and draft else [],
        "manages": manages,
        "calendar_gaps": workdays.gaps(tracks) if manages and not draft else [],
        "extensions": Extension.objects.visible_to(request.user).counted(found),
        "plans": plans,
        "own": [] if draft else _own_committees(request.user, plans),
    }
    return render(request, "standards/campaign.html", context)


def _own_committees(user, plans):
    """The committees whose plan the person could write and which have none yet: read from the person's own posts."""
    there = {plan.organiser_id for plan in plans}
    mine = {grant.branch.pk: grant.branch for grant in user.grants if grant.role in COMMITTEE_ROLES}
    able = [branch for branch in mine.values() if user.has_perm("standards.edit_local_plan", branch)]
    return [branch for branch in able if branch.pk not in there]


def _managed(request, pk):
    found = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied(REASON)
    return found
