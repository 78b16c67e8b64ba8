"""Nothing typed is lost when a login has run out: what was being sent waits in the session for the same person.

On the person's own machine `static/js/keep.js` keeps what is typed until the server says that it was taken well; the
word for that is a cookie that names what was sent.
"""

import re
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

SESSION_KEY = "carried"
# Beyond this a session is no place for it; the browser's own memory has it still.
MOST_CHARACTERS = 300_000
MARK = re.compile(r"[a-z0-9]{8,40}")


def came_from(request: HttpRequest) -> str:
    """The page of this site the person came from, else the home page; never another site."""
    address = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
        return address
    return reverse("home")


def carry(request: HttpRequest, user_id: int) -> None:
    """Keep what this person was sending, fields only: no files, no passwords, no token of the page."""
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and "password" not in name
        for value in values
    ]
    if sum(len(value) for _, value in fields) > MOST_CHARACTERS:
        return
    request.session[SESSION_KEY] = {
        "user": user_id,
        "path": request.get_full_path(),
        "back": came_from(request),
        "fields": fields,
        "files": bool(request.FILES),
    }


def carried(request: HttpRequest) -> dict[str, Any] | None:
    """What waits for this person, and nobody else."""
    waiting = request.session.get(SESSION_KEY)
    return waiting if waiting and waiting["user"] == request.user.pk else None


def drop(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


class KeepingMiddleware:
    """After a form was sent: tell the browser that it was taken, and let go of what was carried over a login.

    Taken well means an answer that leads on to another page and is no refusal (`say_refusals` marks those).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if request.method == "POST" and request.user.is_authenticated:
            waiting = request.session.get(SESSION_KEY)
            if waiting and waiting["path"] == request.get_full_path():
                drop(request)
            if response.status_code == 302 and not getattr(request, "refused", False):
                self._say_taken(request, response)
        return response

    @staticmethod
    def _say_taken(request: HttpRequest, response: HttpResponse) -> None:
        mark = request.POST.get("kept", "")
        if MARK.fullmatch(mark):
            response.set_cookie(
                f"kept-{mark}", "1", max_age=600, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, httponly=False
            )
