"""The discipline inspectors' work: no problem found, or a veto that a second person confirms."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.models import Application, Clearance, VetoRecord
from applications.services import gate
from applications.states import LIVE
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES


def clear(application: Application, *, point: str, remark: str, by: User) -> Clearance:
    """Record 无问题 at one point of the road (S2-21); once more replaces the remark, the log keeps both."""
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *LIVE, doing="出具意见")
        clearance, _ = Clearance.objects.update_or_create(
            application=application, point=point, defaults={"remark": remark, "cleared_by": by}
        )
        audit.record("veto.clear", application, by=by, branch=application.branch, point=point, remark=remark)
    return clearance


def clear_all(applications: Iterable[Application], *, point: str, remark: str, by: User) -> int:
    """无问题 for several at once: all of them or none."""
    count = 0
    with audit.recorded():
        for application in applications:
            clear(application, point=point, remark=remark, by=by)
            count += 1
    return count


def propose_veto(application: Application, *, basis: str, by: User) -> VetoRecord:
    """First person: state the facts. Nothing changes for the branch until another inspector confirms."""
    if not basis.strip():
        raise ValidationError("请写明事实与依据。", code="no_basis")
    try:
        with audit.recorded(), transaction.atomic():
            current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
            gate.require_status(current, *LIVE, doing="提出否决")
            record = VetoRecord.objects.create(application=application, basis=basis, proposed_by=by)
            audit.record("veto.propose", application, by=by, branch=application.branch, basis=basis)
    except IntegrityError:
        raise ValidationError("该支部已有一条待确认的否决，请先处理那一条。", code="already_proposed") from None
    return record


def confirm_veto(record: VetoRecord, *, remark: str, by: User) -> VetoRecord:
    """Second person: takes the application out at once, wherever on the road it stands.

    Codes: `same_person`, `decided` (somebody was faster), or the gate's.
    """
    if record.proposed_by_id == by.pk:
        raise ValidationError("提出人不能自己确认，请由另一名纪检督察人员确认。", code="same_person")
    with audit.recorded():
        # Locked first: any live status may lead to a veto, and the one on record must be the one it was taken from.
        Application.objects.select_for_update(no_key=True).get(pk=record.application_id)
        application = Application.objects.for_work().get(pk=record.application_id)
        before = application.status
        _decide(record, VetoRecord.State.CONFIRMED, remark=remark, by=by, status_before=before)
        gate.move(application, "veto", by=by, note=remark)
        for people in (
            notices.holders(application.branch, *BRANCH_ROLES),
            [user for node in application.branch.get_ancestors() for user in notices.holders(node, *COMMITTEE_ROLES)],
        ):
            notices.post(
                people,
                "application.vetoed",
                about=f"application:{application.pk}",
                title=f"{application.branch.short_name}已被一票否决：{application.track}",
                body="如有异议，请向纪检督察部门书面提出。",
                url=application.get_absolute_url(),
            )
    record.refresh_from_db()
    return record


def dismiss_veto(record: VetoRecord, *, remark: str, by: User) -> VetoRecord:
    """Second person: the facts do not carry a veto; the application stays where it is."""
    if record.proposed_by_id == by.pk:
        raise ValidationError("提出人不能自己处理，请由另一名纪检督察人员处理。", code="same_person")
    with audit.recorded():
        _decide(record, VetoRecord.State.DISMISSED, remark=remark, by=by)
        audit.record("veto.dismiss", record.application, by=by, branch=record.application.branch, remark=remark)
    record.refresh_from_db()
    return record


def _decide(record: VetoRecord, state: str, *, remark: str, by: User, **fields: str) -> None:
    changed = VetoRecord.objects.filter(pk=record.pk, state=VetoRecord.State.PROPOSED).update(
        state=state, decided_by=by, decided_at=timezone.now(), decision_remark=remark, **fields
    )
    if changed != 1:
        raise ValidationError("这条否决已有人处理，请刷新页面查看结果。", code="decided")
