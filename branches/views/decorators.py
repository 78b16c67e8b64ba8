"""How action views answer when a service refuses."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from branches.keeping import came_from

__all__ = ["came_from", "say_refusals", "wants_fragment"]


def say_refusals(fallback: str | None = None, *keys: str) -> Callable:
    """Turn a service's ValidationError into words for the person and take them back to a page.

    `@say_refusals("applications:detail", "pk")` goes to that page with the view's own `pk`; `@say_refusals()` goes back
    where the person came from. A call by htmx or fetch is answered 422 with the text alone.
    """

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def wrapped(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except ValidationError as refusal:
                # Not taken: what was typed stays kept on the person's machine (branches/keeping.py).
                request.refused = True
                if wants_fragment(request):
                    return HttpResponse(
                        "\n".join(refusal.messages), status=422, content_type="text/plain; charset=utf-8"
                    )
                for text in refusal.messages:
                    messages.error(request, text)
                if fallback:
                    return redirect(reverse(fallback, kwargs={key: kwargs[key] for key in keys}))
                return redirect(came_from(request))

        return wrapped

    return decorate


def wants_fragment(request: HttpRequest) -> bool:
    """Whether htmx or fetch asks, which cannot show a whole page."""
    return bool(request.headers.get("HX-Request") or request.headers.get("X-Requested-With"))
