"""What went wrong, and what to do next; a call by htmx or fetch gets the sentence alone."""

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from branches.views.decorators import wants_fragment

STALE = "页面已过期，这一步没有保存；请返回上一页刷新后重新提交，填写的内容还在。"
MALFORMED = "这个请求不完整或不正常，没有保存任何内容；请返回上一页刷新后重试。"
TOO_MANY_FILES = "一次选择的文件太多（最多{most}个），这一次一个也没有保存；请返回上一页，分几次选择上传。"
TOO_BIG = "一次提交的内容太多，没有保存；请返回上一页，分几次提交。"
FORBIDDEN = "您没有做这一步的权限。"


def csrf_failure(request, reason=""):
    """A form whose token no longer fits: nothing was saved, nothing typed is lost by going back."""
    if wants_fragment(request):
        return HttpResponse(STALE, status=403, content_type="text/plain; charset=utf-8")
    return render(request, "branches/csrf_failure.html", status=403)


def bad_request(request, exception=None):
    """What could not even be read: a form too big in one way or another. Nothing of it was saved."""
    reason = MALFORMED
    if isinstance(exception, TooManyFilesSent):
        reason = TOO_MANY_FILES.format(most=settings.DATA_UPLOAD_MAX_NUMBER_FILES)
    elif isinstance(exception, TooManyFieldsSent | RequestDataTooBig):
        reason = TOO_BIG
    if wants_fragment(request):
        return HttpResponse(reason, status=400, content_type="text/plain; charset=utf-8")
    return render(request, "400.html", {"reason": reason}, status=400)


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
