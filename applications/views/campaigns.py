"""Opening a campaign: its own floor knows no applications, so the act stands here."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from applications.services import preparing
from branches.views.decorators import say_refusals
from standards.models import Campaign


@require_POST
@say_refusals("standards:campaign", "pk")
def open_campaign(request, pk):
    """Open a draft and enrol the branches of the tracks that have begun."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("standards.open_campaign"):
        raise PermissionDenied("只有活动管理员可以开启创建活动。")
    preparing.open_campaign(campaign, by=request.user)
    messages.success(request, f"“{campaign}”已开启，参评支部已收到通知。")
    return redirect(campaign)
