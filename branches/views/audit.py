"""The log, for the auditor: read, filter, and prove that nothing was changed."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from branches import audit as log
from branches.forms import AuditFilter
from branches.models import AuditEntry

PER_PAGE = 50
REASON = "只有审计员可以查看审计日志。"


def audit(request):
    _demand(request)
    form = AuditFilter(request.GET, by=request.user)
    rows = AuditEntry.objects.visible_to(request.user).matching(**form.wanted).select_related("branch")
    entry = request.GET.get("entry", "")
    alone = entry.isdecimal() and len(entry) < 19
    if alone:
        rows = rows.filter(seq=int(entry))
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "branches/audit.html", {"form": form, "page_obj": page, "alone": alone})


@require_POST
def audit_verify(request):
    _demand(request)
    count, wrong = log.verify()
    if wrong:
        messages.error(request, f"审计链校验未通过：{wrong}请立即保全数据库并报告信息安全部门。")
    else:
        messages.success(request, f"审计链完整：共校验{count}条，逐条相连，未见改动。")
    return redirect("branches:audit")


def _demand(request):
    if not request.user.has_perm("branches.read_audit"):
        raise PermissionDenied(REASON)
