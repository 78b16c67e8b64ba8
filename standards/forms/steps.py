"""One step of the set-up as a page: its own form, its tables, and what is to be saved of them."""

from dataclasses import dataclass
from typing import Any

from django import forms

from branches import keys
from standards import calendar_words, readiness
from standards.forms import wizard
from standards.forms.rows import initial_of, row_formset, unjudged, with_more
from standards.models import SELF_GAP, STARS, Campaign, ScoreComponent, Stage, StageTask, Track
from standards.services import setup

# Part: (row, table, heading, what to know).
TABLES: dict[str, tuple[type, type, str, str]] = {
    "tracks": (wizard.TrackRow, wizard.TrackRows, "轨道", "一个称号的一轮评定为一条轨道，各有标准、日程、计分和结果。"),
    "stages": (
        wizard.StageRow, wizard.StageRows, "阶段",
        "先照抄方案写法，再按“按方案写法填日期”，核对推算的日期；方案没写、由主办单位定的，勾选“日期为推定”。",
    ),
    "tasks": (wizard.TaskRow, wizard.TaskRows, "支部任务", "要求每个支部在某个阶段办的事，如报备计划、开党员大会。"),
    "components": (
        wizard.ComponentRow, wizard.ComponentRows, "计分构成",
        "各项折成百分制后按权重相加，权重合计应为100。评委打分的项可另选评分标准或只取其中几个维度。",
    ),
    "grades": (
        wizard.GradeRow, wizard.GradeRows, "等次",
        "从高到低排列，最末一等不设条件。不评等次就留空；标准里有“限制等次”的否决项时，名称须与这里一致。",
    ),
    "form_fields": (
        wizard.FieldRow, wizard.FieldRows, "申报表栏目",
        "支部名称、书记、人数等系统已有，不必再设；这里是要支部自己填写的栏目，按打印次序排列。",
    ),
    "honours": (wizard.HonourRow, wizard.HonourRows, "专项荣誉", "只从入选支部中产生的称号；没有就留空。"),
}  # fmt: skip


@dataclass
class Table:
    """One table of the page."""

    name: str
    title: str
    help: str
    rows: Any


class StepPage:
    """Bound to POST data or showing what is stored; the same for every step."""

    def __init__(
        self,
        step: str,
        campaign: Campaign,
        track: Track | None = None,
        data: Any = None,
        files: Any = None,
        *,
        judged: bool = True,
    ) -> None:
        self.step, self.campaign, self.track = step, campaign, track
        self.owner: Any = track or campaign
        # Codes and names of the components, for the fields that point at one of them.
        self.parts = self._parts() if step == readiness.SCORING else []
        self.data = data
        self.main = self._main(data, files)
        self.tables = [self._table(name, data) for name in setup.ROWS.get(step, ())]
        for each in () if judged else filter(None, (self.main, *(table.rows for table in self.tables))):
            unjudged(each)
        for table in self.tables:
            if track and isinstance(table.rows, wizard.StageRows):
                table.rows.hint_at(wizard.year_of(track))

    # Building

    def _main(self, data: Any, files: Any) -> forms.Form | None:
        owner = self.owner
        initial = {name: getattr(owner, name) for name in setup.VALUES.get(self.step, ())}
        if self.step == readiness.BASIS:
            return wizard.BasisForm(data, files, initial=initial)
        if self.step == readiness.RECOMMEND:
            # The calendar is set before this step: a competition that does not say 上报 there means to rank.
            ranked = owner.ranked or (owner.is_competition and owner.stage(Stage.Kind.FORWARD) is None)
            return wizard.RecommendForm(data, initial={**initial, "way": "rank" if ranked else "forward"})
        if self.step == readiness.SCORING:
            places = {key: place for place, key in enumerate(owner.tie_breakers, 1)}
            initial |= {"self_gap": places.get(SELF_GAP), "stars": places.get(STARS)}
            return wizard.ScoringForm(data, initial=initial, parts=self.parts)
        return None

    def _parts(self) -> list[tuple[str, str]]:
        stored = {component.code: component.name for component in self.owner.components.all()}
        return [*stored.items(), *((s.value, s.label) for s in ScoreComponent.Source if s.value not in stored)]

    def _table(self, name: str, data: Any) -> Table:
        row, rows, title, explained = TABLES[name]
        given: dict[str, Any] = {}
        if name == "components":
            given = {"track": self.owner}
        elif name == "grades":
            given = {"parts": self.parts}
        stored = self._stored(name)
        formset = row_formset(row, rows, extra=0 if stored else self._blank(name))
        return Table(name, title, explained, formset(data, prefix=name, initial=stored, form_kwargs=given))

    def _blank(self, name: str) -> int:
        return {"tracks": 1, "stages": 3, "components": 2, "form_fields": 2}.get(name, 0)

    def _stored(self, name: str) -> list[dict[str, Any]]:
        rows = list(setup.rows_of(self.owner, name))
        initial = initial_of(rows, setup.PARTS[name].fields)
        if name == "components":
            places = {key: place for place, key in enumerate(self.owner.tie_breakers, 1)}
            for values in initial:
                values["breaker"] = places.get(values["code"])
        if name == "tasks":
            for values, task in zip(initial, rows, strict=True):
                assert isinstance(task, StageTask)
                values["stage"] = task.stage.kind
        return initial

    # Judging

    def is_valid(self) -> bool:
        judged = [self.main.is_valid()] if self.main else []
        judged += [table.rows.is_valid() for table in self.tables]
        return all(judged) and self._fits_together()

    def _fits_together(self) -> bool:
        """What a table alone cannot know: a task belongs to a stage that is there."""
        if self.step != readiness.CALENDAR:
            return True
        stages, tasks = (table.rows for table in self.tables)
        kinds = {row["kind"] for row in stages.rows}
        lost = [form for form in tasks.kept if form.cleaned_data["stage"] not in kinds]
        for form in lost:
            form.add_error("stage", "上面没有这个阶段；请先增加该阶段，或换一个。")
        return not lost

    @property
    def faulty(self) -> bool:
        """Whether it was judged and found wanting."""
        judged = [each for each in (self.main, *(table.rows for table in self.tables)) if each is not None]
        return any(each.is_bound and not each.is_valid() for each in judged)

    @property
    def errors(self) -> list[str]:
        """What belongs to no field."""
        said: list[Any] = list(self.main.non_field_errors()) if self.main and self.main.is_bound else []
        return said + [text for table in self.tables if table.rows.is_bound for text in table.rows.non_form_errors()]

    # Saving

    @property
    def values(self) -> dict[str, Any]:
        if self.main is None:
            return {}
        values = {name: self.main.cleaned_data.get(name) for name in setup.VALUES[self.step] if name != "tie_breakers"}
        if self.step == readiness.SCORING:
            values["tie_breakers"] = self._breakers()
        return values

    def _breakers(self) -> list[str]:
        """By the places that were given; equal places in the order of the page."""
        assert self.main is not None
        placed = [(row["breaker"], row["code"]) for row in self.tables[0].rows.rows]
        placed += [(self.main.cleaned_data.get(key), key) for key in (SELF_GAP, STARS)]
        return [key for place, key in sorted(((p, k) for p, k in placed if p), key=lambda pair: pair[0])]

    @property
    def rows(self) -> dict[str, list[dict[str, Any]]]:
        return {table.name: table.rows.rows for table in self.tables}

    @property
    def upload(self) -> Any:
        return self.main.cleaned_data.get("upload") if self.step == readiness.BASIS and self.main else None


def more_rows(data: Any, name: str) -> Any:
    return with_more(data, name)


def with_days(data: Any, track: Track) -> tuple[Any, int]:
    """The POST data with the days its wordings stand for filled in where none are given; and how many rows it helped."""
    data, year, helped = data.copy(), wizard.year_of(track), 0
    total = data.get("stages-TOTAL_FORMS", "")
    for index in range(min(keys.number_in(total), 200)):
        prefix = f"stages-{index}"
        span = calendar_words.days_of(data.get(f"{prefix}-date_text", ""), year)
        if span is None:
            continue
        filled = False
        for name, day in (("opens_on", span.opens), ("closes_on", span.closes)):
            if day and not data.get(f"{prefix}-{name}"):
                data[f"{prefix}-{name}"], filled = day.isoformat(), True
        if filled:
            data[f"{prefix}-inferred"] = "on"
        helped += filled
    return data, helped
