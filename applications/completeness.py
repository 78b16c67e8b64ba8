"""What keeps an application from being submitted, its running total, and the return it is working on."""

from dataclasses import dataclass

from django.urls import reverse

from applications import eligibility
from applications.models import Application, CheckDecision, TaskRecord
from standards import scoring
from standards.models import FormField, StageTask


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


def gaps(application: Application, *, by_total: bool = False) -> list[Gap]:
    """The same with the page on which each is mended.

    `by_total` judges the self-assessment by what was stored with its last save instead of by all its answers: the same
    yes or no without a query of its own, for whoever asks of many.
    """
    found = []
    records = {record.task_id: record for record in application.task_records.all()}
    for task in application.tasks:
        if task.kind == StageTask.Kind.PLAN:
            if not application.plan_filed_at:
                found.append(Gap("创建活动计划尚未报备。", "plan"))
        else:
            found += [Gap(text, "task", task.pk) for text in task_problems(task, records.get(task.pk))]
    found += [Gap(text, "branch") for text in eligibility.problems(application.track, application.branch)]
    judge = total_problems if by_total else assessment_problems
    found += [Gap(text, "assessment") for text in judge(application)]
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


def total_problems(application: Application) -> list[str]:
    """Whether anything is wrong with the self-assessment, by its stored total."""
    if not application.self_complete:
        return ["自评还没有完成。"]
    passes = scoring.passes(application.self_score or scoring.ZERO, application.track.self_line)
    return [] if passes else ["自评未达到自评达标线。"]


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
