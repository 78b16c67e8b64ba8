"""签收与学习: what a branch signs and studies, and what its committees see of it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from branches import keys
from branches.models import Branch
from branches.views.decorators import came_from, say_refusals
from standards import coverage, coverage_sheet
from standards.forms.study import FIELD_OF, CoverageFilter, StudyForm
from standards.models import Acknowledgement, LocalPlan, Publication
from standards.services import study
from standards.views import downloads

PER_PAGE, PUBLICATIONS = 50, 20
WHY_NOT = {
    "standards.sign": "只有本支部的书记和经办人可以签收和登记学习。",
    "standards.see_coverage": "只有党委和活动管理员可以查看和催办各支部的签收与学习。",
}


def publications(request):
    """Newest first: with the state of one's own branches, and for committees how far all of theirs are."""
    found = Publication.objects.visible_to(request.user).select_related("campaign", "scope", "published_by")
    page = Paginator(found, PUBLICATIONS).get_page(request.GET.get("page"))
    oversees = request.user.has_perm("standards.see_coverage")
    own = coverage.own_rows(request.user, page.object_list)
    tallies = coverage.progress(request.user, page.object_list) if oversees else {}
    lines = [(each, [row for row in own if row.publication == each], tallies.get(each.pk)) for each in page]
    context = {"page_obj": page, "lines": lines, "oversees": oversees}
    return render(request, "standards/publications.html", context)


def publication(request, pk):
    """The text and what is linked from it, the own branch's signature and study, the committee's list."""
    found = _publication(request, pk)
    tracks = found.campaign.tracks.select_related("rubric")
    context = {
        "publication": found,
        "rubrics": sorted({track.rubric for track in tracks}, key=lambda rubric: rubric.code),
        "own": coverage.own_rows(request.user, [found]),
        "plan": _local_plan(request, found),
    }
    if request.user.has_perm("standards.see_coverage"):
        context |= _coverage(request, found)
    return render(request, "standards/publication.html", context)


def _local_plan(request, found):
    """The committee's own plan that was published, with its file."""
    if found.kind != Publication.Kind.LOCAL:
        return None
    plans = LocalPlan.objects.visible_to(request.user)
    return plans.filter(campaign=found.campaign_id, organiser=found.scope_id).first()


def _coverage(request, found):
    """The whole in figures, by county where there are several, and one page of branches."""
    counties = coverage.counties_of(request.user)
    whole = coverage.overseen(request.user, found)
    form = CoverageFilter(request.GET, counties=counties)
    page = Paginator(form.narrow(whole), PER_PAGE).get_page(request.GET.get("page"))
    return {
        "total": coverage.tally(whole),
        "counties": coverage.by_county(whole, counties) if len(counties) > 1 else [],
        "form": form,
        "page_obj": page,
        "rows": coverage.rows(page.object_list, found, counties),
    }


@require_POST
@say_refusals("standards:publication", "pk")
def acknowledge(request, pk):
    found = _publication(request, pk)
    branch = _own_branch(request, found, request.POST.get("branch", ""))
    study.acknowledge(found, branch, by=request.user)
    messages.success(request, f"{branch.short_name}已签收。请组织学习，学习后登记民警、辅警的学习情况。")
    return redirect(found)


def record(request, pk):
    """民警 and 辅警: 应学, 实学, 补学."""
    found = _publication(request, pk)
    branch = _own_branch(request, found, request.GET.get("branch", ""))
    signed = Acknowledgement.objects.filter(publication=found, branch=branch).select_related("branch").first()
    if signed is None:
        messages.error(request, "请先签收，再登记学习情况。")
        return redirect(found)
    form = StudyForm(request.POST or None, initial=StudyForm.start_of(signed))
    if request.method == "POST" and form.is_valid() and _saved(request, signed, form):
        messages.success(request, "学习情况已登记；有人补学后可以再来更新。")
        return redirect(found)
    context = {"publication": found, "signed": signed, "form": form}
    return render(request, "standards/study.html", context)


def _saved(request, signed, form) -> bool:
    """Whether the service took it; what it refuses is said beside the field it is about."""
    data = dict(form.cleaned_data)
    try:
        study.record_study(signed, by=request.user, seen=data.pop("mark"), **data)
    except ValidationError as refusal:
        for each in refusal.error_list:
            form.add_error(FIELD_OF.get(each.code), each)
            if each.code == "stale":
                # Saving once more is then about what the page now knows.
                form.data = form.data.copy()
                form.data["mark"] = Acknowledgement.objects.get(pk=signed.pk).mark
        return False
    return True


@require_POST
@say_refusals()
def remind(request, pk):
    """Urge those named in the form, or all the filter of the page shows."""
    found = _publication(request, pk)
    _require(request, "standards.see_coverage")
    branches = _filtered(request, found)
    if wanted := keys.numbers_in(request.POST.getlist("branch")):
        branches = branches.filter(pk__in=wanted)
    urged = study.remind_study(found, branches, by=request.user)
    messages.success(request, f"已催办{urged}个支部。")
    return redirect(came_from(request))


def coverage_xlsx(request, pk):
    """The list as it is filtered, as a workbook."""
    found = _publication(request, pk)
    _require(request, "standards.see_coverage")
    branches = _filtered(request, found)
    rows = coverage.rows(branches, found, coverage.counties_of(request.user))
    book = coverage_sheet.workbook(found, rows, coverage.tally(branches))
    return downloads.workbook(book.getvalue(), f"签收与学习-{found.campaign.code}-{found.number}.xlsx")


def _filtered(request, found):
    whole = coverage.overseen(request.user, found)
    return CoverageFilter(request.GET, counties=coverage.counties_of(request.user)).narrow(whole)


def _publication(request, pk) -> Publication:
    visible = Publication.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("campaign", "scope", "published_by"), pk=pk)


def _own_branch(request, found, wanted) -> Branch:
    """The branch meant, where somebody works for several; 403 for those who work for none of those addressed."""
    own = {str(row.branch.pk): row.branch for row in coverage.own_rows(request.user, [found])}
    if not own:
        raise PermissionDenied(WHY_NOT["standards.sign"])
    if wanted and wanted not in own:
        raise Http404
    return own[wanted] if wanted else next(iter(own.values()))


def _require(request, perm) -> None:
    if not request.user.has_perm(perm):
        raise PermissionDenied(WHY_NOT[perm])
