"""The plan of a branch, what becomes of its measures through the year, and the tasks of the stages."""

import datetime
import hashlib
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, PlanItem, PlanProgress, PlanRemark, TaskRecord
from applications.services import gate
from applications.services.preparing import committee_people, locked
from applications.states import Status
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES
from standards.models import StageTask

# The plan lives on through the year, whatever becomes of the application; only one that is out has none to follow.
PLANNING = tuple(status for status in Status if status not in (Status.WITHDRAWN, Status.VETOED))
FACTS = ("measure", "indicator", "baseline", "target", "actual", "responsible", "due_on")
STALE = (
    "计划刚在另一个页面或由他人保存过，为免互相覆盖，本次没有保存；您填写的内容还在下面，核对后再次保存即以您的为准。"
)


def plan_mark(application: Application) -> str:
    """A mark of the plan as it stands: another one at saving time means that somebody else saved meanwhile."""
    rows = PlanItem.objects.filter(application=application).values_list("pk", *FACTS)
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:16]


def is_fixed(application: Application) -> bool:
    """A filed plan of an application handed in keeps its measures and targets; only their progress goes on."""
    return not application.is_draft and application.plan_filed_at is not None


def save_plan(
    application: Application, items: list[dict[str, Any]], *, by: User, seen: str | None = None
) -> Application:
    """Make the plan read as the given rows: fields of PlanItem, and `item` for the key of a measure that is there.

    A measure keeps its row, and with it what was noted of it; a new actual value is noted as well. `seen` is the
    page's `plan_mark`. Codes: `stale` when the plan is no longer the one the page showed, `fixed` for a filed plan of
    an application handed in, `has_progress` for a measure left out of which something was noted.
    """
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *PLANNING, doing="修改计划")
        if is_fixed(current):
            raise ValidationError(
                "申报已提交，报备过的措施和目标不再改动；实际值和完成情况请在各条措施的“登记进展”里填写。", code="fixed"
            )
        if seen is not None and seen != plan_mark(application):
            raise ValidationError(STALE, code="stale")
        there = {item.pk: item for item in PlanItem.objects.filter(application=application)}
        rows = [_row(application, there, order, row) for order, row in enumerate(items, 1)]
        left_out = [item for pk, item in there.items() if pk not in {row.pk for row in rows}]
        _require_unnoted(left_out)
        PlanItem.objects.filter(pk__in=[item.pk for item in left_out]).delete()
        # Read before the rows change: what is noted is a value that is new.
        changed = [row for row in rows if row.actual and (row.pk is None or there[row.pk].actual != row.actual)]
        PlanItem.objects.bulk_update([row for row in rows if row.pk], [*FACTS, "order"])
        PlanItem.objects.bulk_create([row for row in rows if row.pk is None])
        _note_actuals(changed, by=by)
        audit.record("plan.save", application, by=by, branch=application.branch, measures=len(rows))
    return application


def _row(application: Application, there: dict[int, PlanItem], order: int, row: dict[str, Any]) -> PlanItem:
    fields = {name: value for name, value in row.items() if name in FACTS}
    key = row.get("item")
    if key is not None and key not in there:
        raise ValidationError(STALE, code="stale")
    return PlanItem(pk=key, application=application, order=order, **fields)


def _require_unnoted(items: list[PlanItem]) -> None:
    noted = set(PlanProgress.objects.filter(item__in=items).values_list("item", flat=True))
    kept = [item.measure for item in items if item.pk in noted or item.done_on]
    if kept:
        raise ValidationError(
            f"“{kept[0]}”已有进展记录，不能删除，本次没有保存；确实不再做的，请保留这一条并在进展里写明原因。",
            code="has_progress",
        )


def _note_actuals(items: list[PlanItem], *, by: User) -> None:
    today = timezone.localdate()
    PlanProgress.objects.bulk_create(
        [PlanProgress(item=item, noted_on=today, actual=item.actual, recorded_by=by) for item in items]
    )


def file_plan(application: Application, *, by: User) -> Application:
    """File the plan with the committee above (S1-39, S2-28). Needs a measure; quantified targets count (S2-31).

    Filing again keeps the first date, for who filed in time stays in time, and notes the latest.
    """
    items = list(application.plan_items.all())
    if not items:
        raise ValidationError("计划里还没有创建措施，请至少填写一条再报备。", code="empty_plan")
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *PLANNING, doing="报备计划")
        now, first = timezone.now(), current.plan_filed_at
        application.plan_filed_at, application.plan_refiled_at = first or now, now if first else None
        Application.objects.filter(pk=application.pk).update(
            plan_filed_at=application.plan_filed_at, plan_refiled_at=application.plan_refiled_at
        )
        audit.record("plan.file", application, by=by, branch=application.branch, measures=len(items))
        notices.post(
            committee_people(application.branch),
            "plan.filed",
            about=f"application:{application.pk}",
            title=f"{application.branch.short_name}{'重新' if first else ''}报备了创建活动计划",
            url=application.get_absolute_url(),
        )
    return application


def note_progress(
    item: PlanItem, *, by: User, noted_on: datetime.date, actual: str = "", note: str = "", done: bool = False
) -> PlanProgress:
    """Write down what became of a measure by a day (S1-43, S1-89); the same entry sent twice is one.

    The latest day's value stands as the measure's actual one. `done` closes the measure on that day, and opens it again
    when it is no longer said. Code `nothing_noted` when there is no word, no value and no change.
    """
    application = item.application
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *PLANNING, doing="登记进展")
        item = PlanItem.objects.select_related("application__branch").get(pk=item.pk)
        same = item.progress.filter(noted_on=noted_on, actual=actual, note=note, recorded_by=by).first()
        closes = done != (item.done_on is not None)
        if same and not closes:
            return same
        if not (actual or note or closes):
            raise ValidationError("请填写实际值或进展，再登记。", code="nothing_noted")
        entry = PlanProgress.objects.create(item=item, noted_on=noted_on, actual=actual, note=note, recorded_by=by)
        latest = item.progress.exclude(actual="").first()
        before = [item.actual, item.done_on]
        item.actual = latest.actual if latest else item.actual
        item.done_on = (noted_on if closes else item.done_on) if done else None
        item.save(update_fields=["actual", "done_on"])
        audit.record(
            "plan.progress", application, by=by, branch=application.branch, measure=item.measure,
            actual=[before[0], item.actual], done_on=[before[1], item.done_on],
        )  # fmt: skip
    return entry


def remark_on_plan(application: Application, text: str, *, by: User) -> PlanRemark:
    """Say something of the plan to the branch; its people are told, the plan itself stays as it is. Twice is once."""
    with audit.recorded():
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        latest = application.plan_remarks.first()
        if latest and (latest.text, latest.made_by_id) == (text, by.pk):
            return latest
        remark = PlanRemark.objects.create(application=application, text=text, made_by=by)
        audit.record("plan.remark", application, by=by, branch=application.branch, note=text)
        notices.post(
            notices.holders(application.branch, *BRANCH_ROLES),
            "plan.remark",
            about=f"remark:{remark.pk}",
            title=f"{by.name}对创建活动计划提出意见",
            body=text,
            url=f"{application.get_absolute_url()}plan/",
        )
    return remark


def record_task(
    application: Application, task: StageTask, *, by: User, seen: str | None = None, **fields: Any
) -> TaskRecord:
    """Record a meeting held or a summary written; once more replaces it, the log keeps both.

    `seen` is the `mark` of the record the page showed ("" for none); code `stale` when it is another by now. Code
    `foreign_task` for a task that is not asked of this branch.
    """
    if not task.is_asked_of(application.branch):
        raise ValidationError("该任务不是对本支部的要求。", code="foreign_task")
    with audit.recorded():
        locked(application, doing=f"登记“{task.name}”")
        before = TaskRecord.objects.filter(application=application, task=task).first()
        if seen is not None and seen != (before.mark if before else ""):
            raise ValidationError(
                f"“{task.name}”刚在另一个页面或由他人登记过，为免互相覆盖，本次没有保存；您填写的内容还在，"
                "核对后再次保存即以您的为准。",
                code="stale",
            )
        record, created = TaskRecord.objects.update_or_create(
            application=application, task=task, defaults={**fields, "recorded_by": by}
        )
        audit.record(
            "task.record" if created else "task.change",
            application,
            by=by,
            branch=application.branch,
            task=task.name,
            held_on=record.held_on,
            present=[record.present, record.expected],
            auxiliaries=[record.auxiliaries_present, record.auxiliaries_expected],
        )
    return record
