"""Writes on campaigns: approval, opening, closing, extensions."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from branches import audit
from branches.models import Branch, User
from standards.models import Campaign, Extension, Stage
from standards.readiness import missing_for_opening
from standards.services import study


def record_approval(
    campaign: Campaign, *, by: User, approved_by: str, approval_number: str, approved_on: date
) -> Campaign:
    """Record on whose decision the campaign runs (S2-55); only while it is a draft."""
    fields: dict[str, Any] = {
        "approved_by": approved_by,
        "approval_number": approval_number,
        "approved_on": approved_on,
    }
    with audit.recorded():
        changed = Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.DRAFT).update(**fields)
        if changed != 1:
            raise ValidationError("活动已开启，批准依据不能再改；请刷新页面查看最新状态。", code="not_draft")
        audit.record("campaign.approval", campaign, by=by, **fields)
    campaign.refresh_from_db()
    return campaign


def open_campaign(campaign: Campaign, *, by: User | None) -> Campaign:
    """draft → open. Refuses (codes `not_ready`, `not_draft`) with every reason listed."""
    with audit.recorded():
        # Locked before it is judged: a step of the set-up that is saved at the same moment is either judged here as
        # well, or waits and is then told that the campaign is open.
        current = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if current.status != Campaign.Status.DRAFT:
            raise ValidationError("活动已经开启，无需重复操作；请刷新页面。", code="not_draft")
        if missing := missing_for_opening(current):
            raise ValidationError([ValidationError(reason, code="not_ready") for reason in missing])
        Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.OPEN, opened_at=timezone.now())
        campaign.refresh_from_db()
        audit.record("campaign.open", campaign, by=by, status=["draft", "open"], approval=campaign.approval_number)
        study.publish_plan(campaign, by=by)
    return campaign


def close_campaign(campaign: Campaign, *, by: User) -> Campaign:
    """open → closed."""
    with audit.recorded():
        changed = Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.OPEN).update(
            status=Campaign.Status.CLOSED
        )
        if changed != 1:
            raise ValidationError("只有进行中的活动可以结束；请刷新页面查看最新状态。", code="not_open")
        campaign.refresh_from_db()
        audit.record("campaign.close", campaign, by=by, status=["open", "closed"])
    return campaign


def extend_stage(stage: Stage, branch: Branch, *, until: date, reason: str, by: User) -> Extension:
    """Give one branch more time (S1/S2 leave it to the organiser); shown to the branch, counted, audited."""
    if stage.closes_on is None:
        raise ValidationError("该阶段没有截止日期，无需延期。", code="no_deadline")
    if until <= stage.closes_on:
        raise ValidationError(f"新的截止日须晚于原截止日{stage.closes_on:%Y年%m月%d日}。", code="not_later")
    with audit.recorded():
        extension, _ = Extension.objects.update_or_create(
            stage=stage, branch=branch, defaults={"until": until, "reason": reason, "granted_by": by}
        )
        audit.record("stage.extend", extension, by=by, branch=branch, until=until, reason=reason)
    return extension


def extend_stage_for_all(
    stage: Stage, branches: Sequence[Branch], *, until: date, reason: str, by: User
) -> list[Extension]:
    """The same new date for many branches in one statement, each of them audited; code `no_deadline`, `not_later`."""
    if stage.closes_on is None:
        raise ValidationError("该阶段没有截止日期，无需延期。", code="no_deadline")
    if until <= stage.closes_on:
        raise ValidationError(f"新的截止日须晚于原截止日{stage.closes_on:%Y年%m月%d日}。", code="not_later")
    now = timezone.now()
    rows = [
        Extension(stage=stage, branch=branch, until=until, reason=reason, granted_by=by, granted_at=now)
        for branch in branches
    ]
    with audit.recorded():
        Extension.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["stage", "branch"],
            update_fields=["until", "reason", "granted_by", "granted_at"],
        )
        for row in rows:
            audit.record("stage.extend", row, by=by, branch=row.branch, until=until, reason=reason)
    return rows
