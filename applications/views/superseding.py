"""A newer standard for a running track: what would happen to every answer, then the deed, then its record."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render

from applications.forms_committee import SupersedeForm
from applications.models import Supersession
from applications.services import superseding
from applications.services.effects import FATES
from applications.views.scope import key_in
from standards.models import Campaign, Track

PER_PAGE = 50
REASON = "只有活动管理员可以替换评分标准。"


def supersede(request, track_pk):
    """The page is a dry run; posting it with the same effects on the screen carries it out."""
    track = _track(request, track_pk)
    form = SupersedeForm(request.POST or None)
    found = superseding.newer_versions(track)
    given = request.POST if request.method == "POST" else request.GET
    new = next((each for each in found if each.pk == key_in(given, "to")), found[0] if found else None)
    if request.method == "POST" and new and form.is_valid():
        try:
            record = _replace(request, track, new, form)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{track}已改用{new}，退回补填{record.returned}份。")
            return redirect("applications:supersession", record.pk)
    return _show(request, track, found, new, form)


def _replace(request, track, new, form) -> Supersession:
    facts = form.cleaned_data
    return superseding.supersede_rubric(
        track, new, reason=facts["reason"], due_on=facts["due_on"], seen=facts["digest"], by=request.user
    )


def _show(request, track, found, new, form):
    refusal = superseding.why_not(track, new)
    records = track.supersessions.select_related("old", "new")
    context = {"track": track, "versions": found, "new": new, "refusal": refusal, "records": records}
    if new and not refusal:
        plan = superseding.plan_for(track, new)
        # The effects on this page are what the next press is about.
        if form.is_bound:
            form.data = {**form.data.dict(), "digest": plan.digest}
        else:
            form.initial["digest"] = plan.digest
        if not plan.returned:
            del form.fields["due_on"]
        ordered = sorted(plan.effects, key=lambda each: (not each.returned, not each.touched, each.application.pk))
        page = Paginator(ordered, PER_PAGE).get_page(request.GET.get("page"))
        context |= {"plan": plan, "form": form, "page_obj": page, "fates": FATES, "numbers": _numbers(plan)}
    return render(request, "applications/supersede.html", context)


def _numbers(plan) -> list[tuple[str, int]]:
    """The effects in four figures."""
    labels = [(label, plan.totals[kind]) for kind, label in FATES.items()]
    return [*labels, ("退回补填的申报", len(plan.returned))]


def supersession(request, pk):
    """What was done, with every answer that was not taken over."""
    rows = Supersession.objects.visible_to(request.user).select_related("track__campaign", "old", "new", "made_by")
    record = get_object_or_404(rows, pk=pk)
    page = Paginator(record.dropped, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "applications/supersession.html", {"record": record, "page_obj": page})


def _track(request, pk) -> Track:
    campaigns = Campaign.objects.visible_to(request.user)
    tracks = Track.objects.filter(campaign__in=campaigns).select_related("campaign", "rubric")
    found = get_object_or_404(tracks, pk=pk)
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied(REASON)
    return found
