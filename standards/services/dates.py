"""Moving the dates of an open campaign: with a reason, on record, told to everybody it concerns."""

import datetime

from django.core.exceptions import ValidationError

from branches import audit, notices
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES
from standards import readiness
from standards.models import Campaign, Stage, Track


def dates_mark(stage: Stage) -> str:
    """Which dates a page was showing."""
    return f"{stage.opens_on or ''}/{stage.closes_on or ''}"


def change_stage_dates(
    stage: Stage,
    *,
    opens_on: datetime.date | None,
    closes_on: datetime.date | None,
    reason: str,
    by: User,
    seen: str | None = None,
) -> Stage:
    """New dates for one stage of an open campaign; extensions of single branches stay as they are.

    Codes `not_open`, `stale`, `unchanged`, `no_closing` (申报 must close), `before` (closes before it opens), `order`
    (a stage would close before the one it waits for).
    """
    with audit.recorded():
        current = Stage.objects.select_for_update(no_key=True).select_related("track__campaign").get(pk=stage.pk)
        campaign = current.track.campaign
        if campaign.status != Campaign.Status.OPEN:
            raise ValidationError("只有进行中的活动在这里调整日期；草稿请到“日程与任务”一步修改。", code="not_open")
        before = dates_mark(current)
        if seen is not None and seen != before:
            raise ValidationError("该阶段的日期刚由他人调整过，请核对最新日期后再改。", code="stale")
        _require_sound(current, opens_on, closes_on)
        old = (current.opens_on, current.closes_on)
        current.opens_on, current.closes_on = opens_on, closes_on
        current.save(update_fields=["opens_on", "closes_on"])
        track = Track.objects.prefetch_related("stages").get(pk=current.track_id)
        if wrong := readiness.out_of_order(track):
            raise ValidationError([ValidationError(text, code="order") for text in wrong])
        audit.record(
            "stage.dates", current, by=by, opens_on=[old[0], opens_on], closes_on=[old[1], closes_on], reason=reason
        )
        _tell(current, old[1], reason)
    return current


def _require_sound(stage: Stage, opens_on: datetime.date | None, closes_on: datetime.date | None) -> None:
    if (opens_on, closes_on) == (stage.opens_on, stage.closes_on):
        raise ValidationError("日期没有变化。", code="unchanged")
    if stage.kind == Stage.Kind.APPLY and closes_on is None:
        raise ValidationError("“自评申报”阶段必须有截止日期。", code="no_closing")
    if opens_on and closes_on and closes_on < opens_on:
        raise ValidationError("截止日不能早于开始日。", code="before")


def _tell(stage: Stage, closed: datetime.date | None, reason: str) -> None:
    """Branches and committees hear of it; several changes on a day are several notices."""
    places = [*Branch.objects.grassroots(), *Branch.objects.filter(kind=Branch.Kind.COMMITTEE)]
    ends = f"截止日改为{stage.closes_on:%Y年%m月%d日}" if stage.closes_on else "不再设截止日"
    was = f"（原为{closed:%Y年%m月%d日}）" if closed and closed != stage.closes_on else ""
    begins = f"，{stage.opens_on:%Y年%m月%d日}开始" if stage.opens_on else ""
    notices.post(
        notices.holders_in(places, *BRANCH_ROLES, *COMMITTEE_ROLES),
        "stage.dates",
        about=f"stage:{stage.pk}:{stage.opens_on}:{stage.closes_on}",
        title=f"日程调整：{stage.track}“{stage.name}”{ends}",
        body=f"“{stage.name}”{ends}{was}{begins}。原因：{reason}",
        url=stage.track.campaign.get_absolute_url(),
    )
