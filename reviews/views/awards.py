"""What everybody in the system may see: the public notice and the wall of honour."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils import timezone

from applications.states import Status
from reviews.forms import AwardFilter
from reviews.models import Award, PublicNotice
from reviews.views.scope import row_for


def public_notice(request, pk):
    """Names in the order of the tree: no score, no place."""
    notice = row_for(request, PublicNotice.objects.select_related("track__campaign"), pk=pk)
    shown = notice.applications.filter(status__in=[Status.PUBLISHED, Status.NAMED])
    names = shown.select_related("branch").order_by("branch__path")
    return render(request, "reviews/public_notice.html", {"notice": notice, "names": names})


def awards(request):
    """The wall of honour; `print=1` lists everything the filters leave on one page."""
    form = AwardFilter(request.GET or None)
    rows = Award.objects.visible_to(request.user).select_related("application__branch", "application__track__campaign")
    rows = form.narrow(rows).order_by("-named_on", "application__track", "plaque_number")
    today = timezone.localdate()
    running = PublicNotice.objects.visible_to(request.user).filter(closes_on__gte=today).select_related("track")
    printing = bool(request.GET.get("print"))
    page = Paginator(rows, 2000 if printing else 50).get_page(request.GET.get("page"))
    template = "reviews/awards_print.html" if printing else "reviews/awards.html"
    return render(request, template, {"form": form, "page_obj": page, "notices": running, "today": today})
