"""The what-if page: only ever read, the state in the address."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render

from reviews import trial as trials
from reviews.forms_trial import TrialForm
from reviews.views.scope import require
from standards.models import Track


def trial(request, track_pk):
    """Both rankings side by side. What cannot be read is said at its field, and today's table stays."""
    require(request, "reviews.manage")
    track = get_object_or_404(Track.objects.select_related("campaign", "rubric"), pk=track_pk)
    base = trials.base_of(track)
    form = TrialForm(request.GET, base=base)
    usable = form.is_valid()
    changes = form.changes if usable else []
    compared = trials.compare(base, form.method(), form.rubrics()) if changes else trials.compare(base)
    sort = request.GET.get("sort") if request.GET.get("sort") in trials.SORTS else "new"
    page = Paginator(compared.sorted_by(sort), 100).get_page(request.GET.get("page"))
    context = {
        "track": track, "base": base, "form": form, "usable": usable, "changes": changes, "compared": compared,
        "page_obj": page, "sort": sort, "sorts": trials.SORTS, "track_key": str(track.pk), "graded": _graded(base, form),
    }  # fmt: skip
    return render(request, "reviews/trial.html", context, status=422 if request.GET and not usable else 200)


def _graded(base: trials.Base, form: TrialForm) -> bool:
    return bool(base.method["grades"] or (form.is_valid() and form.bands))
