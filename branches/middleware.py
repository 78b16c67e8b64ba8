"""Where acts come from, who may be anonymous, and how long a forgotten screen stays open."""

import ipaddress
import time
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from branches import audit, keeping

TOUCH_EVERY = 60


def client_address(request: HttpRequest) -> str:
    """Whom the request comes from. Behind PROXY_COUNT proxies of ours that is what the outermost of them wrote down:
    the entry that many places from the right; anything further left was written by the client and proves nothing."""
    own = request.META.get("REMOTE_ADDR") or ""
    count = settings.AXES_IPWARE_PROXY_COUNT or 0
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    if not 0 < count <= len(hops):
        return own
    try:
        return str(ipaddress.ip_address(hops[-count]))
    except ValueError:
        return own


class OriginMiddleware:
    """Tell the audit log the address a request comes from."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        with audit.origin(client_address(request) or "本机"):
            return self.get_response(request)


class IdleTimeoutMiddleware:
    """End a session that was idle too long; the clock is written at most once a minute to spare the database."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get("seen", now)
            if now - seen > settings.IDLE_TIMEOUT.total_seconds():
                # Who it was: what this very request was sending is kept for that person alone.
                request.left = request.user.pk
                logout(request)
            elif now - seen >= TOUCH_EVERY or "seen" not in request.session:
                request.session["seen"] = now
        return self.get_response(request)


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Every page needs a login unless it says otherwise; an htmx or fetch call gets 401 instead of a login page."""

    def process_view(self, request, view_func, view_args, view_kwargs):
        """A page that saves by itself names its person: with somebody else logged in meanwhile nothing is saved as theirs."""
        whose = request.headers.get("X-Page-Of", "")
        if whose and request.user.is_authenticated and whose != str(request.user.pk):
            return HttpResponse(f"现在登录的是{request.user.name}，不是打开本页的人，没有保存。", status=401)
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request, view_func):
        if request.headers.get("HX-Request") or request.headers.get("X-Requested-With"):
            return HttpResponse("登录已过期，请重新登录后再保存。", status=401)
        if request.method == "POST":
            if left := getattr(request, "left", None):
                keeping.carry(request, left)
            # Back to the page with the form: most addresses that take a form show nothing by themselves.
            back = urlsplit(keeping.came_from(request))
            return redirect_to_login(back.path + (f"?{back.query}" if back.query else ""), reverse(settings.LOGIN_URL))
        return super().handle_no_permission(request, view_func)
