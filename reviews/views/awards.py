"""What everybody in the system may see: the public notice and the wall of honour."""

from django.core.paginator import Paginator
from django.db.models import OuterRef, Subquery
from django.shortcuts import render
from django.utils import timezone

from applications.states import Status
from reviews.forms import AwardFilter
from reviews.models import Award, PublicNotice, ResultRow
from reviews.views.scope import row_for


def public_notice(request, pk):
    """Names in the order of the tree, with the grade where the plan has any: no score, no place."""
    notice = row_for(request, PublicNotice.objects.select_related("track__campaign"), pk=pk)
    shown = notice.applications.filter(status__in=[Status.PUBLISHED, Status.NAMED])
    names = shown.select_related("branch").order_by("branch__path")
    own = ResultRow.objects.filter(application=OuterRef("pk"), result=notice.result_id)
    names = names.annotate(grade=Subquery(own.values("grade")[:1]))
    return render(request, "reviews/public_notice.html", {"notice": notice, "names": names})


def awards(request):
    """The wall of honour; `print=1` lists everything the filters leave on one page."""
    form = AwardFilter(request.GET or None)
    rows = Award.objects.visible_to(request.user).select_related("application__branch", "application__track__campaign")
    rows = rows.annotate(grade=_decided_grade())
    rows = form.narrow(rows).order_by("-named_on", "application__track", "plaque_number")
    today = timezone.localdate()
    running = PublicNotice.objects.visible_to(request.user).filter(closes_on__gte=today).select_related("track")
    printing = bool(request.GET.get("print"))
    page = Paginator(rows, 2000 if printing else 50).get_page(request.GET.get("page"))
    template = "reviews/awards_print.html" if printing else "reviews/awards.html"
    return render(request, template, {"form": form, "page_obj": page, "notices": running, "today": today})


def _decided_grade() -> Subquery:
    """The grade of the decided result; "" where the plan has none."""
    rows = ResultRow.objects.filter(application=OuterRef("application"), result__decided_at__isnull=False)
    return Subquery(rows.values("grade")[:1])
