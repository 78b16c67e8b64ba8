"""What if: the ranking as it is and as it would be under other rules, side by side. Reads only, writes nothing.

Both tables come out of `calculation.compute`, as the frozen one does. What is sealed stays sealed: only reviews that
count are read, and while a branch is on the stage the component it presents for is left out of both.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from applications.models import Application
from reviews import calculation, gathering, rescoring
from reviews.models import Panel, PresentationSlot, ResultRow, ResultSet
from standards.models import Rubric, ScoreComponent, Track

SORTS = {"new": "新名次", "now": "现名次", "moved": "变化大小", "name": "支部"}


@dataclass
class Base:
    """Where the trial starts from: the decided set where there is one, else the scores as they stand."""

    track: Track
    method: dict[str, Any]
    inputs: list[dict[str, Any]]
    decided: ResultSet | None = None
    sealed: list[str] = field(default_factory=list)
    components: dict[str, ScoreComponent] = field(default_factory=dict)
    rubrics: dict[str, list[Rubric]] = field(default_factory=dict)


@dataclass
class Line:
    """One branch in both tables."""

    application: int
    name: str
    now: dict[str, Any]
    new: dict[str, Any] | None

    @property
    def moved(self) -> int | None:
        """Places gained; None where it has no place in one of the two."""
        if self.new is None or self.now["rank"] is None or self.new["rank"] is None:
            return None
        return self.now["rank"] - self.new["rank"]

    @property
    def fallen(self) -> int:
        return max(-(self.moved or 0), 0)

    @property
    def words(self) -> str:
        """What is to be said of the branch's place under the rules that are tried, else under today's."""
        row = self.new or self.now
        tie = "并列" if row["tied"] else f"同分，以“{row['decided_by']}”区分" if row["decided_by"] else ""
        return "；".join(filter(None, [tie, row["note"]]))

    @property
    def now_outcome(self) -> str:
        return str(ResultRow.Outcome(self.now["outcome"]).label)

    @property
    def new_outcome(self) -> str:
        return str(ResultRow.Outcome(self.new["outcome"]).label) if self.new else ""

    @property
    def crossing(self) -> str:
        """“in” or “out” where the line between 拟命名 and the rest lies between the two."""
        if self.new is None:
            return ""
        was, is_ = (row["outcome"] == ResultRow.Outcome.SELECTED for row in (self.now, self.new))
        return "in" if is_ and not was else "out" if was and not is_ else ""


@dataclass
class Comparison:
    """The two tables and what lies between them."""

    lines: list[Line]
    blocked_now: str
    blocked_new: str = ""
    notes: list[str] = field(default_factory=list)
    missing: Counter[str] = field(default_factory=Counter)

    @property
    def moved(self) -> int:
        return sum(1 for line in self.lines if line.new and line.new["rank"] != line.now["rank"])

    @property
    def regraded(self) -> int:
        return sum(1 for line in self.lines if line.new and line.new["grade"] != line.now["grade"])

    @property
    def grades(self) -> list[tuple[str, int, int]]:
        """Every grade with how many have it today and under the rules that are tried."""
        was = Counter(line.now["grade"] for line in self.lines)
        is_ = Counter(line.new["grade"] for line in self.lines if line.new)
        return [(name or "没有等次", was[name], is_[name]) for name in dict.fromkeys([*was, *is_])]

    @property
    def entering(self) -> list[Line]:
        return [line for line in self.lines if line.crossing == "in"]

    @property
    def leaving(self) -> list[Line]:
        return [line for line in self.lines if line.crossing == "out"]

    @property
    def unanswered(self) -> list[tuple[str, int]]:
        """Criteria of the other rubric that sheets have no answer to, with how many sheets."""
        return sorted(self.missing.items())

    @property
    def unranked(self) -> int:
        return sum(1 for line in self.lines if line.new and line.new["outcome"] == ResultRow.Outcome.INCOMPLETE)

    def sorted_by(self, how: str) -> list[Line]:
        last = len(self.lines) + 1
        keys = {
            "new": lambda line: ((line.new or line.now)["rank"] or last, line.name),
            "now": lambda line: (line.now["rank"] or last, line.name),
            "moved": lambda line: (-abs(line.moved or 0), line.now["rank"] or last, line.name),
            "name": lambda line: (line.name, line.application),
        }
        return sorted(self.lines, key=keys[how if how in keys else "new"])


def base_of(track: Track) -> Base:
    """Queries do not depend on how many take part."""
    components = {component.code: component for component in gathering.components_of(track)}
    decided = ResultSet.objects.filter(track=track, decided_at__isnull=False).first()
    if decided:
        base = Base(track, decided.method, decided.inputs, decided)
    else:
        base = Base(track, gathering.method_of(track), gathering.inputs_of(track, whole=True))
        on_stage = PresentationSlot.objects.on_stage().filter(application__track=track)
        sealed = set(Panel.objects.filter(session__slots__in=on_stage).values_list("component__code", flat=True))
        base.sealed = [part["name"] for part in base.method["components"] if part["code"] in sealed]
        left = [part for part in base.method["components"] if part["code"] not in sealed]
        base.method = {**base.method, "components": left}
    base.components = {p["code"]: components[p["code"]] for p in base.method["components"] if p["code"] in components}
    base.rubrics = _versions(base.components)
    return base


def _versions(components: dict[str, ScoreComponent]) -> dict[str, list[Rubric]]:
    """The other versions of each component's rubric and the copies made from it, drafts too: one query."""
    used = {component.scoring_rubric for component in components.values()}
    related = list(
        Rubric.objects.filter(Q(code__in=[r.code for r in used]) | Q(based_on__in=[r.pk for r in used])).order_by(
            "code", "-version"
        )
    )
    found = {}
    for code, component in components.items():
        own = component.scoring_rubric
        found[code] = [r for r in related if r.pk != own.pk and (r.code == own.code or r.based_on_id == own.pk)]
    return found


def compare(base: Base, method: dict[str, Any] | None = None, rubrics: dict[str, Rubric] | None = None) -> Comparison:
    """Today's table beside the one by the changed method and, per component code, another rubric.

    Without a method only today's: what was typed could not be used, or nothing was changed.
    """
    rows, blocked = calculation.compute(base.method, base.inputs)
    named = Application.objects.filter(track=base.track).values_list("pk", "branch__short_name")
    names = dict(named)
    comparison = Comparison([Line(row["application"], names[row["application"]], row, None) for row in rows], blocked)
    if method is None:
        return comparison
    inputs = base.inputs
    for code, rubric in (rubrics or {}).items():
        component = base.components[code]
        scored = rescoring.rescore(component, rubric, inputs)
        inputs = [{**row, "parts": {**row["parts"], code: scored.parts[row["application"]]}} for row in inputs]
        method = {**method, "components": [_with_rubric(part, component, rubric) for part in method["components"]]}
        comparison.notes += [f"{component.name}　{note}" for note in scored.notes]
        comparison.missing.update({f"{component.name} {key}": number for key, number in scored.missing.items()})
    changed, comparison.blocked_new = calculation.compute(method, inputs)
    new = {row["application"]: row for row in changed}
    for line in comparison.lines:
        line.new = new[line.application]
    return comparison


def _with_rubric(part: dict[str, Any], component: ScoreComponent, rubric: Rubric) -> dict[str, Any]:
    """The component's part of the method, what hangs on the rubric taken from the other one."""
    if part["code"] != component.code:
        return part
    fresh = gathering.part_of(rescoring.swapped(component, rubric))
    return {**part, **{name: fresh[name] for name in ("out_of", "full", "lines", "vetoes", "rubric")}}
