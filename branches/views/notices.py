"""The inbox: what happened, what is due; a click goes there and marks it read."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from branches import channels, services
from branches.forms import NoticeFilter, PaceForm
from branches.models import Notice

PER_PAGE = 50


def notices(request):
    every = request.GET.get("show") == "all"
    form = NoticeFilter(request.GET)
    form.is_valid()
    wanted = getattr(form, "cleaned_data", {})
    mine = Notice.objects.visible_to(request.user)
    rows = (mine if every else mine.unread()).in_inbox(**wanted).prefetch_related("deliveries")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page_obj": page, "every": every, "form": form, "filtered": any(wanted.values())}
    return render(request, "branches/notices.html", context)


def notice_settings(request):
    """How the person is told outside the app; in the app everything arrives at once."""
    form = PaceForm(request.POST or None, initial={"pace": request.user.notice_pace})
    if request.method == "POST" and form.is_valid():
        services.choose_pace(request.user, form.cleaned_data["pace"])
        messages.success(request, "已保存。今后的通知按此发送，站内通知照常即时显示。")
        return redirect("branches:notices")
    names = [channels.LABELS[code] for code in channels.reaching(request.user)]
    context = {"form": form, "channels": names, "digest_at": settings.DIGEST_AT, "quiet": settings.QUIET_HOURS}
    return render(request, "branches/notice_settings.html", context)


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
