"""How far an application is: the stages, the steps a branch takes, its plan, its criteria, and the one thing to do next."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils import timezone

from applications import changes, marks, snapshots
from applications.completeness import form_field_problems, task_problems
from applications.models import Application, CheckDecision, PlanItem, TaskRecord
from standards import deadlines, scoring
from standards.models import Stage, StageTask

# How many days before its time a measure is called for.
SOON = 7


class PlanSummary:
    """The measures of a plan counted: “12条措施，完成5条，逾期1条”."""

    def __init__(self, items: Sequence[PlanItem]) -> None:
        today = timezone.localdate()
        self.total = len(items)
        self.done = sum(item.is_done for item in items)
        open_items = sorted((item for item in items if not item.is_done), key=lambda item: item.due_on)
        self.overdue = [item for item in open_items if item.is_overdue]
        self.soon = [item for item in open_items if 0 <= (item.due_on - today).days <= SOON]

    @property
    def words(self) -> str:
        said = f"{self.total}条措施，完成{self.done}条"
        return f"{said}，逾期{len(self.overdue)}条" if self.overdue else said


@dataclass(frozen=True)
class Step:
    """One thing the branch does on its way to the submission."""

    title: str
    url: str
    done: bool
    detail: str
    due: datetime.datetime | None
    action: str
    record: TaskRecord | None = None

    @property
    def overdue(self) -> bool:
        return not self.done and self.due is not None and self.due <= timezone.now()


class Progress:
    """Where a branch stands; asks the database once per question, whatever the size of the rubric."""

    def __init__(self, application: Application) -> None:
        self.application = application

    @cached_property
    def saved(self) -> dict[int, tuple[Any, str]]:
        rows = self.application.assessments.values_list("criterion_id", "points", "remark")
        return {criterion: (points, remark) for criterion, points, remark in rows}

    @cached_property
    def citations(self) -> list[tuple[int, int]]:
        return list(self.application.citations.values_list("criterion_id", "evidence_id"))

    @cached_property
    def score(self) -> scoring.SheetScore:
        sheet = self.application.track.rubric.sheet.for_line(self.application.branch.line)
        return scoring.score_sheet(sheet, {str(pk): points for pk, (points, _) in self.saved.items()})

    @cached_property
    def dimensions(self) -> list[marks.DimensionMarks]:
        """Every criterion with what stands on it, by dimension."""
        application, files = self.application, {}
        for criterion, _ in self.citations:
            files[criterion] = files.get(criterion, 0) + 1
        rubric, missing = application.track.rubric, frozenset(self.score.missing)
        return marks.by_dimension(rubric, application.branch.line, self.saved, files, missing)

    @property
    def left(self) -> int:
        return sum(len(dimension.left) for dimension in self.dimensions)

    @cached_property
    def plan(self) -> PlanSummary:
        return PlanSummary(list(self.application.plan_items.all()))

    @cached_property
    def criteria(self) -> int:
        line = self.application.branch.line
        return sum(leaf.asked for leaf in self.application.track.rubric.leaves_for(line))

    @property
    def answered(self) -> int:
        return self.criteria - len(self.score.missing)

    @cached_property
    def cited(self) -> int:
        return len({evidence for _, evidence in self.citations})

    @cached_property
    def steps(self) -> list[Step]:
        return [*self._tasks(), self._assessment(), self._form()]

    @property
    def done(self) -> int:
        return sum(step.done for step in self.steps)

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if not step.done), None)

    def _tasks(self) -> list[Step]:
        application = self.application
        records = {record.task_id: record for record in application.task_records.select_related("minutes")}
        steps = []
        for task in application.tasks:
            due = deadlines.deadline_for(task.stage, application.branch)
            if task.kind == StageTask.Kind.PLAN:
                steps.append(self._plan(task, due))
            else:
                steps.append(self._task(task, records.get(task.pk), due))
        return steps

    def _task(self, task: StageTask, record: TaskRecord | None, due: datetime.datetime | None) -> Step:
        url = reverse("applications:task", args=[self.application.pk, task.pk])
        detail = f"{record.held_on:%Y年%m月%d日}" if record else "尚未登记"
        if record and record.present is not None:
            detail += f"，应到{record.expected}人，实到{record.present}人（到会率{scoring.plain(record.attendance)}%）"
        if record and record.auxiliaries_present is not None:
            invited = f"，应列席辅警{record.auxiliaries_expected}人" if record.auxiliaries_expected is not None else ""
            detail += f"{invited}，列席辅警{record.auxiliaries_present}人"
        problems = task_problems(task, record) if record else []
        if problems:
            detail += "；" + "".join(problems)
        elif not record and task.demands:
            detail += f"（{task.demands}）"
        name = f"{task.name}（{task.organiser.short_name}要求）" if task.organiser else task.name
        return Step(name, url, record is not None and not problems, detail, due, "修改" if record else "去登记", record)

    def _plan(self, task: StageTask, due: datetime.datetime | None) -> Step:
        application = self.application
        filed = application.plan_filed_at
        detail = f"{self.plan.words}，" if self.plan.total else ""
        detail += f"{timezone.localtime(filed):%Y年%m月%d日}已报备" if filed else "尚未报备"
        url = reverse("applications:plan", args=[application.pk])
        return Step(task.name, url, filed is not None, detail, due, "登记进展" if filed else "去制定")

    def _assessment(self) -> Step:
        application, track = self.application, self.application.track
        total = scoring.plain(self.score.total)
        detail = f"已评{self.answered}/{self.criteria}项，合计{total}分"
        if track.self_line is not None:
            detail += f"（自评达标线{scoring.plain(track.self_line)}分）"
        detail += f"，引用佐证{self.cited}份"
        done = self.score.final and scoring.passes(self.score.total, track.self_line)
        url = reverse("applications:assessment", args=[application.pk])
        return Step("对照标准自评", url, done, detail, self._apply_due, "修改" if done else "去自评")

    def _form(self) -> Step:
        application, fields = self.application, list(self.application.track.form_fields.all())
        left = sum(bool(form_field_problems(each, application.form_data.get(each.key, ""))) for each in fields)
        detail = f"已填{len(fields) - left}/{len(fields)}栏"
        url = reverse("applications:form", args=[application.pk])
        return Step("填写申报表", url, not left, detail, self._apply_due, "去填写" if left else "修改")

    @property
    def _apply_due(self) -> datetime.datetime | None:
        return deadlines.deadline_for(self.application.stage(Stage.Kind.APPLY), self.application.branch)


@dataclass(frozen=True)
class StageMark:
    """One stage on the stage bar: over, open or coming, and whether it is the one that counts now."""

    stage: Stage
    state: str
    current: bool
    until: datetime.date | None
    extended: str

    @property
    def label(self) -> str:
        return {"over": "已结束", "open": "进行中", "coming": "未开始", "undated": ""}[self.state]


def stage_bar(application: Application) -> list[StageMark]:
    """The calendar of the track as it holds for this branch; no query beyond `for_work`."""
    current = deadlines.current_stage(application.track)
    today = timezone.localdate()
    marks = []
    for stage in application.track.stages.all():
        extension = deadlines.extension_for(stage, application.branch)
        until = deadlines.last_day(stage, application.branch)
        if stage.opens_on and stage.opens_on > today:
            state = "coming"
        elif until and until < today:
            state = "over"
        else:
            state = "open" if stage.opens_on or until else "undated"
        extended = extension.words if extension else ""
        marks.append(StageMark(stage, state, stage == current, until, extended))
    return marks


# What was returned


@dataclass(frozen=True)
class Returned:
    """The return the branch is working on: the decision, and of each criterion remarked on whether it reads otherwise now."""

    decision: CheckDecision
    remarks: list["ReturnedItem"] = field(default_factory=list)

    @property
    def open(self) -> list["ReturnedItem"]:
        return [remark for remark in self.remarks if not remark.changed]


@dataclass(frozen=True)
class ReturnedItem:
    code: str
    title: str
    remark: str
    own: str
    checked: str
    url: str
    changed: bool


def returned_items(application: Application, decision: CheckDecision) -> list[ReturnedItem]:
    """The remarks on single criteria, each with the way to where it is mended."""
    if not decision.items:
        return []
    keys = {leaf.code: leaf.pk for leaf in application.track.rubric.leaves_for(application.branch.line)}
    changed = _changed_since(application) if application.is_draft else set()
    page = reverse("applications:assessment", args=[application.pk])
    return [
        ReturnedItem(
            code=item["code"], title=item["title"], remark=item["remark"], own=item.get("self", ""),
            checked=item.get("checked", ""), changed=item["code"] in changed,
            url=f"{page}#c{keys[item['code']]}" if item["code"] in keys else page,
        )
        for item in decision.items
    ]  # fmt: skip


def _changed_since(application: Application) -> set[str]:
    """The criteria that read otherwise than in the latest submission."""
    latest = application.snapshots.first()
    return changes.changed_codes(latest.content, snapshots.content_of(application)) if latest else set()


# The one thing to do next


def next_step(application: Application, progress: Progress, returned: Returned | None) -> Step | None:
    """What the branch does now; None while it waits for others. The submission itself is for the secretary."""
    if not application.is_draft:
        return _measure_step(application, progress)
    if progress.next:
        return progress.next
    if returned and returned.open:
        first, number = returned.open[0], len(returned.open)
        detail = f"退回意见中还有{number}项没有改动；确实无须改动的，可直接核对提交"
        title = f"按退回意见修改“{first.code} {first.title}”"
        return Step(title, first.url, False, detail, _return_due(application, returned.decision), "去修改")
    return None


def _return_due(application: Application, decision: CheckDecision) -> datetime.datetime | None:
    if decision.due_on:
        return deadlines.end_of(decision.due_on)
    return deadlines.deadline_for(application.stage(Stage.Kind.APPLY), application.branch)


def _measure_step(application: Application, progress: Progress) -> Step | None:
    """Through the year: a measure whose time is over, or nearly."""
    waiting = progress.plan.overdue or progress.plan.soon
    if not waiting or application.plan_filed_at is None:
        return None
    first = waiting[0]
    url = reverse("applications:measure", args=[application.pk, first.pk])
    detail = progress.plan.words
    return Step(f"登记“{first.measure}”的进展", url, False, detail, deadlines.end_of(first.due_on), "去登记")
