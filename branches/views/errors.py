"""What went wrong, and what to do next; a call by htmx or fetch gets the sentence alone."""

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from branches.views.decorators import wants_fragment

STALE = "页面已过期，这一步没有保存；请返回上一页刷新后重新提交，填写的内容还在。"
FORBIDDEN = "您没有做这一步的权限。"


def csrf_failure(request, reason=""):
    """A form whose token no longer fits: nothing was saved, nothing typed is lost by going back."""
    if wants_fragment(request):
        return HttpResponse(STALE, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "branches/csrf_failure.html", status=403)


def forbidden(request, exception=None):
    reason = str(exception) if exception and str(exception) else FORBIDDEN
    if wants_fragment(request):
        return HttpResponse(reason, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "403.html", {"reason": reason}, status=403)


def not_found(request, exception=None):
    return render(request, "404.html", status=404)


def server_error(request):
    """Without the frame: it would ask the database, which may be what broke."""
    return HttpResponse(render_to_string("500.html"), status=500)
