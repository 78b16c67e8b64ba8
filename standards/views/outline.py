"""What the pages of the standards editor show: the outline as rows with their sums, and what is wrong with it."""

from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone

from standards import scoring, soundness
from standards.models import Criterion, Rubric

REASON = "只有活动管理员可以编写评分标准。"
MOST_SHOWN = 30


@dataclass
class Node:
    """One criterion as a row of the outline, with the rows below it."""

    criterion: Criterion
    sum: str = ""
    off: bool = False
    problems: list[str] = field(default_factory=list)
    parts: list["Node"] = field(default_factory=list)

    @property
    def points(self) -> str:
        counts = self.criterion.scored or (self.criterion.is_group and self.criterion.max_points)
        return scoring.plain(self.criterion.max_points) if counts else ""


class Outline:
    """A rubric's rows, sums and problems as they stand now; read once."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self.totals = soundness.totals(rubric)
        self.problems = soundness.problems(rubric)
        self.by_code: dict[str, list[str]] = {}
        for problem in self.problems:
            self.by_code.setdefault(problem.code, []).append(problem.text.rstrip("。"))
        self.keys = {criterion.code: criterion.pk for criterion in rubric.outline}

    @property
    def nodes(self) -> list[Node]:
        return [self.node(top) for top in self.rubric.dimensions]

    def node(self, criterion: Criterion) -> Node:
        total = self.totals.groups.get(criterion.key) if criterion.is_group else None
        return Node(
            criterion,
            sum="" if total is None else scoring.plain(total),
            off=total is not None and bool(criterion.max_points) and total != criterion.max_points,
            problems=self.by_code.get(criterion.code, []),
            parts=[self.node(part) for part in criterion.parts],
        )

    def node_of(self, pk: int) -> Node:
        return self.node(next(criterion for criterion in self.rubric.outline if criterion.pk == pk))

    @property
    def bar(self) -> dict[str, Any]:
        """What stands above the outline: do the points add up, and what else is wrong."""
        regular, declared = self.totals.regular, self.rubric.total_points
        gap = declared - regular
        return {
            "regular": scoring.plain(regular),
            "bonus": scoring.plain(self.totals.bonus) if self.totals.bonus else "",
            "declared": scoring.plain(declared),
            "rescale": self.rubric.rescale,
            "sound": regular == declared,
            "gap": scoring.plain(abs(gap)),
            "over": gap < 0,
            "count": len(self.rubric.outline),
            "problems": [(problem, self.keys.get(problem.code)) for problem in self.problems[:MOST_SHOWN]],
            "more": max(0, len(self.problems) - MOST_SHOWN),
            "blocking": sum(not problem.warning for problem in self.problems),
        }

    def state(self) -> dict[str, Any]:
        """For the script, with the answer to every act: what has to change on the page beside the row itself."""
        groups = [self.node(criterion) for criterion in self.rubric.outline if criterion.is_group]
        return {
            "revision": self.rubric.revision,
            "at": f"{timezone.localtime():%H:%M:%S}",
            "bar": render_to_string("standards/_outline_bar.html", {"bar": self.bar}),
            "sums": {node.criterion.pk: [node.sum, node.off] for node in groups},
            "marks": {self.keys[code]: "；".join(texts) for code, texts in self.by_code.items() if code in self.keys},
        }

    def html(self, pk: int) -> str:
        """The row with all below it."""
        return render_to_string("standards/_node.html", {"node": self.node_of(pk), "pk": self.rubric.pk, "draft": True})

    def row(self, pk: int) -> str:
        return render_to_string(
            "standards/_node_row.html", {"node": self.node_of(pk), "pk": self.rubric.pk, "draft": True}
        )


def fresh(rubric: Rubric) -> Outline:
    """The outline as the database has it after a write."""
    return Outline(Rubric.objects.get(pk=rubric.pk))


def edited(request: HttpRequest, pk: int) -> Rubric:
    """The rubric, for those who write standards: 404 out of scope, 403 without the right."""
    rubric = get_object_or_404(Rubric.objects.visible_to(request.user), pk=pk)
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied(REASON)
    return rubric


def criterion_in(rubric: Rubric, pk: int) -> Criterion:
    """One criterion of the rubric with its rules; 404 when there is none (any more)."""
    found = get_object_or_404(Criterion.objects.filter(rubric=rubric).prefetch_related("rules"), pk=pk)
    found.rubric = rubric
    return found
