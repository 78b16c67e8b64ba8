"""What the frame of every page shows, all of it lazily: pages without the frame pay nothing."""

from django.utils.functional import SimpleLazyObject

from branches import navigation
from branches.models import Notice


def shell(request):
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "unread_notices": SimpleLazyObject(lambda: Notice.objects.visible_to(user).unread().count()),
        "navigation": SimpleLazyObject(lambda: navigation.for_roles(user.roles, navigation.place_of(request))),
    }
