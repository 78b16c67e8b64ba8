"""Rubrics as everybody reads them: all of them with their versions, and one with its criteria."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, render

from standards.forms.versions import CopyForm
from standards.models import Campaign, Criterion, Rubric, ScoreComponent, Track
from standards.services import versions


@dataclass
class Line:
    """One version in the list: how many criteria it has and which tracks are judged by it."""

    rubric: Rubric
    tracks: list[Track] = field(default_factory=list)
    previous: Rubric | None = None

    @property
    def in_use(self) -> bool:
        return any(track.campaign.status != Campaign.Status.CLOSED for track in self.tracks)


def rubrics(request):
    """All rubrics by code, the newest version first."""
    grouped = [(code, list(each)) for code, each in groupby(_lines(request.user), key=lambda line: line.rubric.code)]
    for _, each in grouped:
        for line, older in pairwise(each):
            line.previous = older.rubric
    context = {"groups": grouped, "manages": request.user.has_perm("standards.manage_campaign")}
    return render(request, "standards/rubrics.html", context)


def _lines(user) -> list[Line]:
    """Every version the user may see with the tracks the user may see: three queries."""
    counted = Count("criteria", filter=~Q(criteria__kind=Criterion.Kind.GROUP))
    found = Rubric.objects.visible_to(user).annotate(items=counted).order_by("code", "-version")
    campaigns = Campaign.objects.visible_to(user)
    lines = {rubric.pk: Line(rubric) for rubric in found}
    for track in Track.objects.filter(campaign__in=campaigns).select_related("campaign"):
        if track.rubric_id in lines:
            lines[track.rubric_id].tracks.append(track)
    parts = ScoreComponent.objects.filter(track__campaign__in=campaigns).exclude(rubric=None)
    for part in parts.select_related("track__campaign"):
        if part.rubric_id in lines and part.track not in lines[part.rubric_id].tracks:
            lines[part.rubric_id].tracks.append(part.track)
    return list(lines.values())


def rubric(request, pk):
    visible = Rubric.objects.visible_to(request.user)
    found = get_object_or_404(visible, pk=pk)
    others = list(visible.filter(code=found.code).exclude(pk=pk).order_by("-version"))
    manages = request.user.has_perm("standards.manage_campaign")
    context = {"rubric": found, "sections": sections(found), "others": others, "manages": manages}
    if manages:
        context |= {"in_use": bool(versions.uses_of(found)), "form": CopyForm(auto_id="copy_%s")}
    return render(request, "standards/rubric.html", context)


def sections(rubric: Rubric) -> list[dict]:
    """Each dimension with the rows below it in reading order: subheadings and criteria."""
    return [
        {
            "top": top,
            "rows": list(below(top)) or [top],
            "points": top.group.reachable,
        }
        for top in rubric.dimensions
    ]


def below(criterion: Criterion) -> Iterator[Criterion]:
    """What stands below a criterion, depth first."""
    for part in criterion.parts:
        yield part
        yield from below(part)
