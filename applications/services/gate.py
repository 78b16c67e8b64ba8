"""The one gate through which an application changes its status, and the buttons that agree with it."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, Clearance
from applications.states import TABLE, Transition
from branches import audit, notices
from branches.models import User
from standards import deadlines
from standards.models import Campaign, Track

# What makes untrue what was told of the application before: as far as it has not gone out yet, it is not sent any more.
OVERTAKING = ("submit", "return", "withdraw", "reopen", "veto")


def move(
    application: Application,
    action: str,
    *,
    by: User | None,
    note: str = "",
    **fields: Any,
) -> Application:
    """Apply one line of the table by conditional UPDATE, with its audit entry; call inside `audit.recorded()`.

    Raises ValidationError with code `not_allowed` (who), `closed` (when), `wrong_road`, `not_cleared`, or `conflict` (somebody was
    faster, or the page is stale). `fields` are written in the same UPDATE.
    """
    line = TABLE[action]
    if by is not None and not by.has_perm(line.permission, application):
        raise ValidationError(f"您没有“{line.label}”的权限，请联系本级党组织负责人。", code="not_allowed")
    if application.road not in line.roads:
        raise ValidationError(f"该申报走“{application.road_label}”通道，不能“{line.label}”。", code="wrong_road")
    if closed := why_not_now(line, application):
        raise ValidationError(closed, code="closed")
    # The status as it really is, under the lock: the log must not repeat what a stale page believed.
    before = Application.objects.select_for_update(no_key=True).values_list("status", flat=True).get(pk=application.pk)
    if missing := missing_clearance(line, application):  # under the lock: an inspector may just be taking it back
        raise ValidationError(missing, code="not_cleared")
    changed = Application.objects.filter(pk=application.pk, status__in=line.sources).update(
        status=line.target, updated_at=timezone.now(), **fields
    )
    if changed != 1:
        raise ValidationError(conflict_message(application, line, by), code="conflict")
    application.status = line.target
    for name, value in fields.items():
        setattr(application, name, value)
    if action in OVERTAKING:
        rounds = max(application.submissions, application.returns)
        notices.overtake(f"application:{application.pk}:{number}" for number in range(rounds + 2))
    audit.record(
        f"application.{action}",
        application,
        by=by,
        branch=application.branch,
        status=[before, line.target],
        **({"note": note} if note else {}),
    )
    return application


def move_all(
    applications: Sequence[Application], action: str, *, by: User, permission: str, note: str, **fields: Any
) -> None:
    """The same line for many at once, in a fixed number of queries; call under the locks, inside `audit.recorded()`.

    `permission` stands in for the line's own where an office acts for the committees. All or none: code `conflict`
    when one of them has moved on, else the codes of `move`.
    """
    line = TABLE[action]
    for application in applications:
        if not by.has_perm(permission, application):
            raise ValidationError(f"您没有“{line.label}”的权限，请联系活动管理员。", code="not_allowed")
        if closed := why_not_now(line, application):
            raise ValidationError(closed, code="closed")
    waiting = Application.objects.filter(pk__in=[each.pk for each in applications], status__in=line.sources)
    if waiting.update(status=line.target, updated_at=timezone.now(), **fields) != len(applications):
        raise ValidationError("有申报刚刚变更了状态，本次没有办理；请刷新页面后重新核对。", code="conflict")
    for application in applications:
        before, application.status = application.status, line.target
        audit.record(
            f"application.{action}", application, by=by, branch=application.branch,
            status=[before, line.target], note=note,
        )  # fmt: skip


def conflict_message(application: Application, line: Transition, by: User | None) -> str:
    """What really is the case, read afresh, as far as the person may know it: the page acted on was out of date."""
    current = Application.objects.select_related("track").get(pk=application.pk)
    status = current.status_for(by) if by else current.public_status
    return (
        f"未能“{line.label}”：该申报现在的状态是“{status.label}”，可能已有他人先行办理。"
        "请刷新页面，按最新状态处理；您填写的内容没有丢失。"
    )


def why_not_now(
    line: Transition,
    application: Application,
    now: datetime.datetime | None = None,
) -> str:
    """The sentence that explains a closed campaign or stage; "" while the action is in time."""
    campaign = application.track.campaign
    if campaign.status != Campaign.Status.OPEN:
        return f"“{campaign.short_name}”{campaign.get_status_display()}，不能“{line.label}”。"
    stage = application.stage(line.stage) if line.stage else None
    return deadlines.why_closed(stage, application.branch, now) if stage else ""


def missing_clearance(line: Transition, application: Application) -> str:
    """The sentence for a step that the inspectors have not cleared yet, where the track asks for it (S2-21)."""
    point = line.clearance
    if point is None or point not in application.track.clearance_points:
        return ""
    if application.clearances.filter(point=point).exists():
        return ""
    return (
        f"{application.branch.short_name}尚无纪检督察“{Clearance.Point(point).label}”的无问题意见，"
        f"不能“{line.label}”；请联系纪检督察出具后再办理。"
    )


def actions_for(application: Application, user: User) -> list[Transition]:
    """The buttons: what the user may do with the application now, from the same table the gate applies."""
    return [line for line in TABLE.values() if _allows(line, application, user)]


def may(action: str, application: Application, user: User) -> bool:
    return _allows(TABLE[action], application, user)


def _allows(line: Transition, application: Application, user: User) -> bool:
    """Status and road first: they cost nothing and rule out most lines."""
    return (
        application.status in line.sources
        and application.road in line.roads
        and user.has_perm(line.permission, application)
        and not why_not_now(line, application)
    )


def require_rubric(application: Application) -> None:
    """Refuse an answer to a standard that was replaced since the page was read (code `superseded`).

    Call under the application's lock: whoever replaces a standard holds it for all applications of the track.
    """
    current = Track.objects.values_list("rubric_id", flat=True).get(pk=application.track_id)
    if current != application.track.rubric_id:
        raise ValidationError("评分标准刚刚替换为新版，本次没有保存；请刷新页面，按新版标准填写。", code="superseded")


def require_status(application: Application, *statuses: str, doing: str) -> None:
    """Refuse work on an application that has moved on (code `conflict`)."""
    if application.status not in statuses:
        raise ValidationError(
            f"该申报当前状态为“{application.public_status.label}”，不能{doing}；请刷新页面查看最新状态。",
            code="conflict",
        )
