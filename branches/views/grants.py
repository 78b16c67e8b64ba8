"""Grants, for the security administrator: who may do what, where, from when to when."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from branches import services
from branches.forms import GrantFilter, GrantForm
from branches.models import RoleGrant
from branches.views.decorators import say_refusals

PER_PAGE = 50
REASON = "只有安全管理员可以授予或收回职务。"


def grants(request):
    _demand(request)
    form = GrantFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = RoleGrant.objects.visible_to(request.user).matching(**wanted)
    rows = rows.select_related("user__unit", "branch", "granted_by").order_by("-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "branches/grants.html", {"form": form, "page_obj": page})


def grant_new(request):
    _demand(request)
    form = GrantForm(request.POST or None, by=request.user, initial={"police_no": request.GET.get("police_no", "")})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        asked.pop("police_no")
        try:
            grant = services.grant_role(form.person, by=request.user, **asked)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已授予{grant.user.name}“{grant.branch.short_name}”{grant.get_role_display()}。")
            return redirect("branches:grants")
    return render(request, "branches/grant.html", {"form": form})


@require_POST
@say_refusals("branches:grants")
def grant_revoke(request, pk):
    _demand(request)
    rows = RoleGrant.objects.visible_to(request.user).select_related("user", "branch")
    grant = get_object_or_404(rows, pk=pk)
    services.revoke_grant(grant, by=request.user)
    messages.success(request, f"已收回{grant.user.name}“{grant.branch.short_name}”{grant.get_role_display()}授权。")
    return redirect("branches:grants")


def _demand(request):
    if not request.user.has_perm("branches.manage_grants"):
        raise PermissionDenied(REASON)
