"""How a campaign urges its people: its days and wordings, and the one switch that stops it all."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from branches import audit, notices, reminding
from branches.models import User
from branches.reminding import Wording
from standards.models import Campaign, ReminderPlan, ReminderWording

# The sorts of obligation a wording can be written for, by the first word of their kind.
DUTIES = {
    "sign": "签收方案与标准",
    "study": "组织学习并登记",
    "task": "计划与阶段任务",
    "submit": "自评与提交申报",
    "returned": "退回后重新提交",
    "measure": "措施进展",
    "rectify": "问题整改",
    "ready": "只差书记提交",
    "check": "核查验收",
    "handup": "自荐确认与上报",
    "recommend": "排序推荐",
    "visit": "到场考评",
    "score": "提交评分",
    "approval": "报批与文号",
    reminding.ESCALATED: "逾期报上级党委",
}
EARLIEST, LATEST = 60, -30


class WordingError(ValidationError):
    """A complaint (code `placeholder`) about one field of the page."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message, code="placeholder")
        self.field = field


def plan_of(campaign: Campaign) -> ReminderPlan:
    """The campaign's own plan, or the usual one, not yet stored."""
    return ReminderPlan.objects.filter(campaign=campaign).first() or ReminderPlan(campaign=campaign, version=0)


def wordings_of(plan: ReminderPlan) -> dict[str, Wording]:
    """Its own wordings by duty; a duty without one is spoken of as usual."""
    if plan.pk is None:
        return {}
    return {each.duty: Wording(each.title, each.body) for each in plan.wordings.all()}


def save_plan(
    campaign: Campaign,
    *,
    days: list[int],
    escalate_after: int | None,
    workdays_only: bool,
    send_at: datetime.time,
    wordings: Mapping[str, Wording],
    seen: int,
    by: User,
) -> ReminderPlan:
    """Store days and wordings; `seen` is the version the page showed. What is on or off stays.

    Codes: `days`, `placeholder` (one nobody knows, or braces without a partner), `duty`, `stale`.
    """
    days = _sound_days(days)
    _require_sound(wordings)
    with audit.recorded():
        plan = _locked(campaign)
        if plan.version != seen:
            raise ValidationError(
                "催办安排刚由他人改过，本次没有保存；请打开最新的安排核对后再改，您填写的内容仍在下面。", code="stale"
            )
        before = _said(plan)
        plan.days, plan.escalate_after = days, escalate_after
        plan.workdays_only, plan.send_at = workdays_only, send_at
        plan.version, plan.updated_by = plan.version + 1, by
        plan.save()
        plan.wordings.all().delete()
        ReminderWording.objects.bulk_create(
            ReminderWording(plan=plan, duty=duty, title=each.title, body=each.body)
            for duty, each in wordings.items()
            if each != reminding.DEFAULTS.get(duty, Wording())
        )
        after = _said(plan)
        changes: dict[str, Any] = {
            name: [before[name], value] for name, value in after.items() if before[name] != value
        }
        if changes:
            audit.record("reminders.save", plan, by=by, **changes)
    return plan


def check(days: list[int], wordings: Mapping[str, Wording]) -> None:
    """Refuse what could not be saved (codes as in `save_plan`): a preview of it would mislead."""
    _sound_days(days)
    _require_sound(wordings)


def switch(campaign: Campaign, *, on: bool, by: User) -> ReminderPlan:
    """Stop every reminder of the campaign at once, those waiting to go out included; or let them begin again."""
    with audit.recorded():
        plan = _locked(campaign)
        if plan.enabled == on:
            raise ValidationError(f"该活动的催办提醒已经{'启用' if on else '停用'}，无需重复操作。", code="already")
        plan.enabled, plan.version, plan.updated_by = on, plan.version + 1, by
        plan.save(update_fields=["enabled", "version", "updated_by", "updated_at"])
        cancelled = 0 if on else notices.silence(f"campaign:{campaign.pk}")
        audit.record("reminders.switch", plan, by=by, enabled=[not on, on], cancelled=cancelled)
    return plan


def _locked(campaign: Campaign) -> ReminderPlan:
    """The plan for writing; the campaign is locked, for there may be no plan yet to lock."""
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    plan = plan_of(campaign)
    if plan.pk is None:
        plan.save(force_insert=True)
    return plan


def _sound_days(days: list[int]) -> list[int]:
    if not days:
        raise ValidationError("请至少写一个提醒日；要全部停发请用“停用提醒”。", code="days")
    if any(day > EARLIEST or day < LATEST for day in days):
        raise ValidationError(f"提醒日须在截止前{EARLIEST}天到逾期后{-LATEST}天之间。", code="days")
    return sorted(set(days), reverse=True)


def _require_sound(wordings: Mapping[str, Wording]) -> None:
    """Every complaint at once, each with the `field` it is about."""
    found: list[WordingError] = []
    for duty, wording in wordings.items():
        if duty not in DUTIES:
            raise ValidationError("不认识的事项类别，请刷新页面。", code="duty")
        for part, label, text in (("title", "标题", wording.title), ("body", "内容", wording.body)):
            said = [] if text.strip() else [f"“{DUTIES[duty]}”的{label}是空的；要用通用写法请两栏都留空。"]
            said += [f"“{DUTIES[duty]}”的{label}：{problem}" for problem in reminding.problems(text)]
            found += [WordingError(words, field=f"{part}-{duty}") for words in said]
    if found:
        raise ValidationError(found)


def _said(plan: ReminderPlan) -> dict[str, object]:
    """The plan as the log tells it."""
    stored = ReminderWording.objects.filter(plan=plan)
    return {
        "days": list(plan.days),
        "escalate_after": plan.escalate_after,
        "workdays_only": plan.workdays_only,
        "send_at": f"{plan.send_at:%H:%M}",
        "wordings": {DUTIES.get(each.duty, each.duty): f"{each.title}／{each.body}" for each in stored},
    }
