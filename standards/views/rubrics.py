"""Rubrics as everybody reads them."""

from collections.abc import Iterator

from django.shortcuts import get_object_or_404, render

from standards.models import Criterion, Rubric


def rubric(request, pk):
    found = get_object_or_404(Rubric.objects.visible_to(request.user), pk=pk)
    return render(request, "standards/rubric.html", {"rubric": found, "sections": sections(found)})


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
