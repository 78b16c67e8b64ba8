"""For machines: no login, nothing about anybody."""

from django.contrib.auth.decorators import login_not_required
from django.http import JsonResponse
from django.views.decorators.cache import never_cache

from branches import health


@login_not_required
@never_cache
def healthz(request):
    """503 when requests cannot be served; with ?strict=1 also when worker or clock are silent."""
    found = health.report()
    well = found["ok"] and (found["background_ok"] or "strict" not in request.GET)
    return JsonResponse(found, status=200 if well else 503)


@login_not_required
@never_cache
def readyz(request):
    """Whether to send requests here: the database answers."""
    ready = health.database_answers()
    return JsonResponse({"ready": ready}, status=200 if ready else 503)
