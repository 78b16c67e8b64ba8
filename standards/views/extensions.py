"""延期: every extension of a track, who has it, until when and why; the city office takes one back."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from branches.views.decorators import say_refusals
from standards.forms.local import RevokeForm
from standards.models import Campaign, Extension, Track
from standards.services import extensions as services

PER_PAGE = 50


def extensions(request, track_pk):
    """Those of the user's own scope, the longest first."""
    visible = Campaign.objects.visible_to(request.user)
    track = get_object_or_404(Track.objects.filter(campaign__in=visible).select_related("campaign"), pk=track_pk)
    found = Extension.objects.visible_to(request.user).filter(stage__track=track).select_related("stage")
    rows = found.order_by("-until", "branch__path")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    lines = [
        (each, services.is_running(each), request.user.has_perm("standards.manage_extension", each)) for each in page
    ]
    context = {"track": track, "page_obj": page, "lines": lines}
    return render(request, "standards/extensions.html", context)


@require_POST
@say_refusals()
def revoke_extension(request, pk):
    extension = get_object_or_404(Extension.objects.visible_to(request.user).select_related("stage__track"), pk=pk)
    if not request.user.has_perm("standards.manage_extension", extension):
        raise PermissionDenied("只有活动管理员可以撤销延期。")
    form = RevokeForm(request.POST)
    if not form.is_valid():
        raise ValidationError(form.errors["reason"].data)
    services.revoke_extension(extension, reason=form.cleaned_data["reason"], by=request.user)
    messages.success(request, f"{extension.branch.short_name}“{extension.stage}”的延期已撤销，已通知对方。")
    return redirect("standards:extensions", track_pk=extension.stage.track_id)
