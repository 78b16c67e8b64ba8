"""The floor every page is compared with: an empty logged-in page with one query, behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from branches.models import Branch

TEMPLATE = "<!doctype html><html lang=zh-CN><title>空页</title><p>{{ user.name }} {{ branches }}</p></html>"


def floor(request: HttpRequest) -> HttpResponse:
    template = engines["django"].from_string(TEMPLATE)
    return HttpResponse(template.render({"branches": Branch.objects.count()}, request))


urlpatterns = [path("floor/", floor), path("", include("config.urls"))]
