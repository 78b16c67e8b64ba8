"""How far an application is: the steps a branch takes, the running total, and what keeps it from being submitted."""

import datetime
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils import timezone

from applications import eligibility
from applications.models import Application, CheckDecision, TaskRecord
from standards import deadlines, scoring
from standards.models import FormField, Stage, StageTask


def self_score(application: Application) -> scoring.SheetScore:
    """The running total from the saved answers: one query, the rubric comes from memory once published."""
    points = dict(application.assessments.values_list("criterion_id", "points"))
    sheet = application.track.rubric.sheet.for_line(application.branch.line)
    return scoring.score_sheet(sheet, {str(pk): value for pk, value in points.items()})


def open_return(application: Application) -> CheckDecision | None:
    """The return the branch is working on, while it is; no query for an application never returned."""
    if not (application.is_draft and application.returns):
        return None
    latest = application.check_decisions.select_related("decided_by").first()
    return latest if latest and latest.outcome == CheckDecision.Outcome.RETURNED else None


# What is missing


@dataclass(frozen=True)
class Gap:
    """One thing that keeps an application from being submitted; `page` names where it is mended, `task` which task."""

    text: str
    page: str
    task: int | None = None

    def url(self, application: Application) -> str:
        """Where to mend it; "" where somebody else must."""
        if self.page == "branch":
            return ""
        keys = [application.pk, self.task] if self.task else [application.pk]
        return reverse(f"applications:{self.page}", args=keys)


def missing_for_submit(application: Application) -> list[str]:
    """Everything that keeps the application from being submitted, in words, in the order of the work."""
    return [gap.text for gap in gaps(application)]


def gaps(application: Application) -> list[Gap]:
    """The same with the page on which each is mended."""
    found = []
    records = {record.task_id: record for record in application.task_records.all()}
    for task in application.tasks:
        if task.kind == StageTask.Kind.PLAN:
            if not application.plan_filed_at:
                found.append(Gap("创建活动计划尚未报备。", "plan"))
        else:
            found += [Gap(text, "task", task.pk) for text in task_problems(task, records.get(task.pk))]
    found += [Gap(text, "branch") for text in eligibility.problems(application.track, application.branch)]
    found += [Gap(text, "assessment") for text in assessment_problems(application)]
    return found + [Gap(text, "form") for text in form_problems(application)]


def task_problems(task: StageTask, record: TaskRecord | None) -> list[str]:
    """What keeps one task from counting as done: not recorded, too few present, no proof."""
    if record is None:
        return [f"“{task.name}”尚未登记。"]
    found = []
    least, expected, present = task.min_attendance, record.expected, record.present
    if least and expected and present is not None and present * 100 < least * expected:
        found.append(f"“{task.name}”应到{expected}人、实到{present}人，到会率不到{least}%；请补开会议后更新登记。")
    if task.proof_required and record.minutes_id is None:
        found.append(f"“{task.name}”须附{task.proof or '证明材料'}，请在登记页上传或选择。")
    return found


def assessment_problems(application: Application) -> list[str]:
    track, score = application.track, self_score(application)
    if score.missing:
        codes = {leaf.key: leaf.code for leaf in track.rubric.leaves_for(application.branch.line)}
        named = "、".join(codes[key] for key in score.missing[:5])
        more = f"等{len(score.missing)}项" if len(score.missing) > 5 else ""
        return [f"自评还有{len(score.missing)}项未打分：{named}{more}。"]
    if not scoring.passes(score.total, track.self_line):
        line = scoring.plain(track.self_line)
        return [f"自评{scoring.plain(score.total)}分，未达到自评达标线{line}分，认为达标后方可申报。"]
    return []


def form_problems(application: Application) -> list[str]:
    return [
        text
        for field in application.track.form_fields.all()
        for text in form_field_problems(field, application.form_data.get(field.key, ""))
    ]


def form_field_problems(field: FormField, value: str) -> list[str]:
    """What is wrong with one value of the 申报表, judged only at submission."""
    value = (value or "").strip()
    if not value:
        return [f"申报表“{field.label}”未填写（没有请填“无”）。"] if field.required else []
    if field.max_length and len(value) > field.max_length:
        return [f"申报表“{field.label}”有{len(value)}字，超过上限{field.max_length}字。"]
    if field.kind == FormField.Kind.NUMBER and not value.isdecimal():
        return [f"申报表“{field.label}”应填数字。"]
    return []


# The steps of the work


@dataclass(frozen=True)
class Step:
    """One thing the branch does on its way to the submission."""

    title: str
    url: str
    done: bool
    detail: str
    due: datetime.datetime | None
    action: str

    @property
    def overdue(self) -> bool:
        return not self.done and self.due is not None and self.due <= timezone.now()


class Progress:
    """Where a branch stands; asks the database once per question, whatever the size of the rubric."""

    def __init__(self, application: Application) -> None:
        self.application = application

    @cached_property
    def score(self) -> scoring.SheetScore:
        return self_score(self.application)

    @cached_property
    def criteria(self) -> int:
        line = self.application.branch.line
        return sum(leaf.asked for leaf in self.application.track.rubric.leaves_for(line))

    @property
    def answered(self) -> int:
        return self.criteria - len(self.score.missing)

    @cached_property
    def cited(self) -> int:
        return self.application.citations.values("evidence").distinct().count()

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
        records = {record.task_id: record for record in application.task_records.all()}
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
            detail += f"，应到{record.expected}人，实到{record.present}人"
        problems = task_problems(task, record) if record else []
        if problems:
            detail += "；" + "".join(problems)
        elif not record and task.demands:
            detail += f"（{task.demands}）"
        name = f"{task.name}（{task.organiser.short_name}要求）" if task.organiser else task.name
        return Step(name, url, record is not None and not problems, detail, due, "修改" if record else "去登记")

    def _plan(self, task: StageTask, due: datetime.datetime | None) -> Step:
        application = self.application
        number, filed = application.plan_items.count(), application.plan_filed_at
        detail = f"{number}条措施，" if number else ""
        detail += f"{timezone.localtime(filed):%Y年%m月%d日}已报备" if filed else "尚未报备"
        url = reverse("applications:plan", args=[application.pk])
        return Step(task.name, url, filed is not None, detail, due, "更新实际值" if filed else "去制定")

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
        left = sum(bool(form_field_problems(field, application.form_data.get(field.key, ""))) for field in fields)
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
