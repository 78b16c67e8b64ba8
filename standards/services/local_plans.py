"""两级方案: a committee's own plan beside the city's, published to its branches, with tasks of its own (S2-27)."""

import hashlib
from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import ProtectedError
from django.utils import timezone

from branches import audit, notices
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES
from branches.uploads import Upload
from standards.models import Campaign, LocalPlan, Publication, Stage, StageTask
from standards.services import study

TASK_FIELDS = ("kind", "name", "proof", "proof_required", "min_attendance")
STALE = (
    "本级方案刚在另一个页面或由他人保存过，为免互相覆盖，本次没有保存；您填写的内容还在下面，"
    "核对后再次保存即以您的为准。"
)


def save_local_plan(
    campaign: Campaign,
    organiser: Branch,
    *,
    title: str,
    body: str,
    by: User,
    upload: Upload | None = None,
    publish: bool = False,
    seen: int | None = None,
) -> LocalPlan:
    """Write the plan of one committee; what is already published stays so and shows the new words at once.

    With `publish` it is published in the same transaction: either both are done or neither. `seen` is the version the
    page showed (0 for none). Codes `not_open`, `stale`, and those of publishing.
    """
    with audit.recorded():
        # Locked so that two people writing the first version do not both create it.
        Branch.objects.select_for_update(no_key=True).get(pk=organiser.pk)
        _require_open(campaign)
        plan = LocalPlan.objects.filter(campaign=campaign, organiser=organiser).first()
        if seen is not None and seen != (plan.version if plan else 0):
            raise ValidationError(STALE, code="stale")
        if plan is None:
            plan = LocalPlan(campaign=campaign, organiser=organiser, version=0)
        changes: dict[str, Any] = {
            name: [getattr(plan, name), value]
            for name, value in (("title", title), ("body", body))
            if getattr(plan, name) != value
        }
        plan.title, plan.body, plan.updated_by, plan.version = title, body, by, plan.version + 1
        if upload is not None:
            plan.file_name = upload.name
            plan.file.save(f"{organiser.pk}-{upload.sha256[:12]}-{upload.name}"[-120:], upload.file, save=False)
            changes["file"] = upload.name
        plan.save()
        audit.record("local_plan.save", plan, by=by, branch=organiser, **changes)
        if publish:
            publish_local_plan(plan, by=by)
    return plan


def publish_local_plan(plan: LocalPlan, *, by: User) -> LocalPlan:
    """Show it to the branches below and ask them to sign; again after a change sends it again. Codes `empty`, `not_open`."""
    if not (plan.body.strip() or plan.file):
        raise ValidationError("本级方案还没有内容：请填写补充要求或上传方案文件，再发布。", code="empty")
    with audit.recorded():
        _require_open(plan.campaign)
        plan.published_at = timezone.now()
        LocalPlan.objects.filter(pk=plan.pk).update(published_at=plan.published_at)
        audit.record("local_plan.publish", plan, by=by, branch=plan.organiser, version=plan.version)
        study.publish_to_branches(
            plan.campaign, kind=Publication.Kind.LOCAL, title=plan.title, body=plan.body, by=by, scope=plan.organiser
        )
    return plan


def local_tasks(plan: LocalPlan) -> list[StageTask]:
    """The tasks the committee added, in the order of tracks and stages."""
    rows = StageTask.objects.filter(organiser=plan.organiser_id, stage__track__campaign=plan.campaign_id)
    return list(rows.select_related("stage__track").order_by("stage__track__order", "stage__order", "order", "pk"))


def tasks_mark(plan: LocalPlan) -> str:
    """Which state of the tasks a page was showing."""
    fields = ("pk", "stage_id", "order", *TASK_FIELDS)
    said = repr([[getattr(task, name) for name in fields] for task in local_tasks(plan)])
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def save_local_tasks(plan: LocalPlan, rows: list[dict[str, Any]], *, by: User, seen: str | None = None) -> LocalPlan:
    """Make the committee's own tasks the given ones; demanded of its branches from now on, and told to them.

    Only a published plan can demand anything. Codes `not_published`, `not_open`, `stale`, `in_use` (already recorded).
    """
    with audit.recorded():
        current = LocalPlan.objects.select_for_update(no_key=True).get(pk=plan.pk)
        _require_open(plan.campaign)
        if current.published_at is None:
            raise ValidationError("请先发布本级方案，再增加本级任务。", code="not_published")
        if seen is not None and seen != tasks_mark(plan):
            raise ValidationError(STALE, code="stale")
        stored = {task.pk: task for task in local_tasks(plan)}
        removed = [task for pk, task in stored.items() if pk not in {row.get("pk") for row in rows}]
        for task in removed:
            _remove(task)
        added, changed = _write(plan, stored, rows)
        audit.record(
            "local_plan.tasks", plan, by=by, branch=plan.organiser, added=[str(task) for task in added],
            changed=changed, removed=[str(task) for task in removed],
        )  # fmt: skip
        if added:
            _tell(plan, added)
    return plan


def _write(
    plan: LocalPlan, stored: dict[int, StageTask], rows: list[dict[str, Any]]
) -> tuple[list[StageTask], dict[str, Any]]:
    """Change and add; the new ones, and by name what is changed in the others as the log shows it."""
    added: list[StageTask] = []
    changed: dict[str, Any] = {}
    numbers: Counter[int] = Counter()
    for row in rows:
        stage: Stage = row["stage"]
        numbers[stage.pk] += 1
        task = stored.get(row.get("pk") or 0) or StageTask(organiser=plan.organiser)
        # After the city's own tasks of the stage.
        order = 100 + numbers[stage.pk]
        values = {"stage_id": stage.pk, "order": order} | {name: row[name] for name in TASK_FIELDS}
        differs = {name: [getattr(task, name), value] for name, value in values.items() if getattr(task, name) != value}
        if task.pk is None:
            added.append(task)
        elif differs:
            changed[str(task)] = differs
        for name in differs:
            setattr(task, name, values[name])
        if differs:
            task.save()
    return added, changed


def _remove(task: StageTask) -> None:
    try:
        task.delete()
    except ProtectedError:
        raise ValidationError(f"“{task}”已有支部登记，不能删除；可以改名或放宽要求。", code="in_use") from None


def _tell(plan: LocalPlan, added: list[StageTask]) -> None:
    branches = Branch.objects.grassroots().filter(path__startswith=plan.organiser.path)
    notices.post(
        notices.holders_in(branches, *BRANCH_ROLES),
        "campaign.local_tasks",
        # By the tasks themselves: what is added later on the same day is told as well.
        about=f"local_plan:{plan.pk}:{added[0].pk}",
        title=f"{plan.organiser.short_name}党委对“{plan.campaign.short_name}”增加了任务：{'、'.join(map(str, added))}",
        url=plan.get_absolute_url(),
    )


def _require_open(campaign: Campaign) -> None:
    status = Campaign.objects.values_list("status", flat=True).get(pk=campaign.pk)
    if status != Campaign.Status.OPEN:
        raise ValidationError(f"“{campaign.short_name}”不在进行中，不能修改或发布本级方案。", code="not_open")
