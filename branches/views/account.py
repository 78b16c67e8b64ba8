"""Coming in, going out, and one's own password."""

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from branches import keeping, services
from branches.forms import LoginForm, PasswordForm


@login_not_required
@never_cache
@sensitive_post_parameters()
def login(request):
    following = request.POST.get("next") or request.GET.get("next", "")
    # A path of this site and nothing else: `redirect` would take a bare word for the name of a page and break.
    inside = url_has_allowed_host_and_scheme(following, {request.get_host()}, require_https=request.is_secure())
    if not (inside and following.startswith("/")):
        following = resolve_url(settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated:
        return redirect(following)
    form = LoginForm(request, request.POST or None)
    if request.method == "POST" and form.is_valid():
        auth.login(request, form.get_user())
        services.record_login(form.get_user())
        return redirect("branches:carried" if keeping.carried(request) else following)
    context = {"form": form, "next": following, "waiting": keeping.SESSION_KEY in request.session}
    return render(request, "branches/login.html", context)


@never_cache
def carried(request):
    """After an expired login: what was being sent then, to be sent on by a press, or let go."""
    waiting = keeping.carried(request)
    if waiting is None:
        return redirect("home")
    if request.method == "POST":
        keeping.drop(request)
        return redirect(waiting["back"])
    said = [value for _, value in waiting["fields"] if not value.isascii()]
    shown = {key: waiting[key] for key in ("path", "fields", "files")}
    return render(request, "branches/carried.html", {**shown, "said": said})


@require_POST
def logout(request):
    services.record_logout(request.user)
    auth.logout(request)
    messages.success(request, "您已安全退出。")
    return redirect(settings.LOGOUT_REDIRECT_URL)


@sensitive_post_parameters()
def password(request):
    form = PasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_password(request.user, form.cleaned_data["new_password"], by=request.user)
        except ValidationError as refusal:
            form.add_error("new_password", refusal)
        else:
            auth.update_session_auth_hash(request, request.user)
            messages.success(request, "密码已修改，下次请用新密码登录。")
            return redirect("home")
    return render(request, "branches/password.html", {"form": form})
