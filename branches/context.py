"""What the frame of every page shows, all of it lazily: pages without the frame pay nothing."""

from functools import lru_cache

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject

from branches import navigation
from branches.models import Notice, User


def shell(request):
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "unread_notices": SimpleLazyObject(lambda: Notice.objects.visible_to(user).unread().count()),
        "navigation": SimpleLazyObject(lambda: _navigation_for(user, request)),
    }


def _navigation_for(user: User, request: HttpRequest) -> str:
    current = navigation.current_for(user.roles, navigation.place_of(request))
    return _navigation(user.roles, current)


@lru_cache(maxsize=512)
def _navigation(roles: frozenset[str], current: str | None) -> str:
    """The left navigation, drawn once for the same roles on pages under the same entry."""
    return render_to_string("shared/_navigation.html", {"navigation": navigation.for_roles(roles, current or "")})
