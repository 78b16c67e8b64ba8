"""The inbox: what happened, what is due; a click goes there and marks it read."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from branches import services
from branches.models import Notice
from branches.notices import KINDS

PER_PAGE = 50


def notices(request):
    mine = Notice.objects.visible_to(request.user)
    every = request.GET.get("show") == "all"
    kind = request.GET.get("kind", "")
    rows = (mine if every else mine.unread()).of_kind(kind if kind in KINDS else "")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "every": every, "kind": kind, "kinds": KINDS.items()}
    return render(request, "branches/notices.html", context)


@require_POST
def notice_read(request, pk):
    notice = get_object_or_404(Notice.objects.visible_to(request.user), pk=pk)
    services.mark_read(Notice.objects.visible_to(request.user).filter(pk=pk))
    if notice.url and url_has_allowed_host_and_scheme(notice.url, None):
        return redirect(notice.url)
    return redirect("branches:notices")


@require_POST
def notices_read(request):
    number = services.mark_read(Notice.objects.visible_to(request.user))
    messages.success(request, f"已将{number}条通知标为已读。")
    return redirect("branches:notices")
