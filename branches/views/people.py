"""Accounts, for the system administrator: made and switched off here, without any right to anything."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from branches import services
from branches.forms import AccountForm, NewAccountForm, NewPassword, PeopleFilter
from branches.models import User
from branches.views.decorators import say_refusals

PER_PAGE = 50
REASON = "只有系统管理员可以管理人员账号。"


def people(request):
    _demand(request)
    form = PeopleFilter(request.GET, by=request.user)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = User.objects.visible_to(request.user).matching(**wanted).select_related("unit")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "branches/people.html", {"form": form, "page_obj": page})


@sensitive_post_parameters("password")
def person_new(request):
    _demand(request)
    form = NewAccountForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            account = services.create_account(by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(_field_of(refusal), refusal)
        else:
            messages.success(request, f"已建账号：{account.name}（{account.police_no}）。职务由安全管理员另行授予。")
            return redirect("branches:people")
    return render(request, "branches/person.html", {"form": form})


def person(request, pk):
    account = _account(request, pk)
    initial = {name: getattr(account, name) for name in services.ACCOUNT_FIELDS}
    form = AccountForm(request.POST or None, by=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_account(account, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已保存{account.name}的账号信息。")
            return redirect("branches:people")
    return render(request, "branches/person.html", {"form": form, "account": account, "new_password": NewPassword()})


@require_POST
@say_refusals("branches:person", "pk")
def person_active(request, pk):
    account = _account(request, pk)
    active = request.POST.get("active") == "1"
    services.set_active(account, active, by=request.user)
    messages.success(request, f"{account.name}的账号已{'启用' if active else '停用'}。")
    return redirect("branches:person", pk=pk)


@require_POST
@sensitive_post_parameters()
def person_password(request, pk):
    account = _account(request, pk)
    form = NewPassword(request.POST)
    if form.is_valid():
        try:
            services.change_password(account, form.cleaned_data["new_password"], by=request.user)
        except ValidationError as refusal:
            form.add_error("new_password", refusal)
        else:
            messages.success(request, f"已为{account.name}重设密码，请当面告知本人。")
            return redirect("branches:person", pk=pk)
    initial = {name: getattr(account, name) for name in services.ACCOUNT_FIELDS}
    shown = AccountForm(by=request.user, initial=initial)
    return render(request, "branches/person.html", {"form": shown, "account": account, "new_password": form})


def _demand(request):
    if not request.user.has_perm("branches.manage_people"):
        raise PermissionDenied(REASON)


def _account(request, pk):
    _demand(request)
    return get_object_or_404(User.objects.visible_to(request.user).select_related("unit"), pk=pk)


def _field_of(refusal):
    """Where on the form a refusal belongs: a password's own rules carry codes of Django's validators."""
    codes = {"taken": "police_no", "outside": "unit"}
    return codes.get(getattr(refusal, "code", None), "password")
