"""The discipline inspectors' work: no problem found, or a veto that a second person confirms."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications import consequences
from applications.models import Application, Clearance, Reader, Recommendation, VetoRecord
from applications.services import gate
from applications.states import BEFORE_STEP, DECIDED, LIVE, Status
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role

# What the step that 无问题 opens at each point is called.
STEPS = {
    Clearance.Point.RECOMMEND: "推荐（自荐、上报）",
    Clearance.Point.REVIEW: "进入考评",
    Clearance.Point.NAME: "命名",
}


@dataclass
class Cleared:
    """What became of each of many: how many have their 无问题 now, and who was passed over and why."""

    number: int = 0
    skipped: dict[str, list[str]] = field(default_factory=dict)

    def skip(self, application: Application, why: str) -> None:
        self.skipped.setdefault(why, []).append(application.branch.short_name)


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


def clear_all(applications: Iterable[Application], *, point: str, remark: str, by: User) -> Cleared:
    """无问题 for each that may have it; who has it already, was taken out or is looked into is passed over and named.

    A fixed number of queries for any number of branches.
    """
    outcome, pks = Cleared(), [application.pk for application in applications]
    with audit.recorded():
        found = Application.objects.select_for_update(of=("self",), no_key=True).select_related("branch", "track")
        current = list(found.filter(pk__in=pks).order_by("pk"))
        there = set(Clearance.objects.filter(application__in=pks, point=point).values_list("application", flat=True))
        waiting = VetoRecord.objects.filter(application__in=pks, state=VetoRecord.State.PROPOSED)
        looked_into = set(waiting.values_list("application", flat=True))
        rows = []
        for application in current:
            if application.status not in LIVE:
                outcome.skip(application, f"现为“{application.public_status.label}”")
            elif application.pk in looked_into:
                outcome.skip(application, "有待确认的否决")
            elif application.pk in there:
                outcome.skip(application, "此前已有该时点的意见")
            else:
                rows.append(Clearance(application=application, point=point, remark=remark, cleared_by=by))
                audit.record("veto.clear", application, by=by, branch=application.branch, point=point, remark=remark)
        Clearance.objects.bulk_create(rows)
    outcome.number = len(rows)
    return outcome


def may_unclear(clearance: Clearance, application: Application) -> bool:
    """While the step it opens has not been taken; sealed statuses are all alike here."""
    return application.status in BEFORE_STEP[clearance.point]


def unclear(clearance: Clearance, *, reason: str, by: User) -> None:
    """Take back a mistaken 无问题; the log keeps it with the reason. Codes `no_reason`, `step_taken`, `gone`."""
    if not reason.strip():
        raise ValidationError("请写明收回的理由。", code="no_reason")
    with audit.recorded():
        # Locked as the gate locks it: the step is either taken with the word standing, or not at all.
        application = (
            Application.objects.select_for_update(of=("self",), no_key=True)
            .select_related("branch", "track")
            .get(pk=clearance.application_id)
        )
        if not may_unclear(clearance, application):
            raise ValidationError(
                f"“{STEPS[Clearance.Point(clearance.point)]}”已经办理或该支部已出局，意见不能收回；"
                "如发现问题请提出一票否决。",
                code="step_taken",
            )
        deleted, _ = Clearance.objects.filter(pk=clearance.pk).delete()
        if deleted != 1:
            raise ValidationError("这条意见已被收回，请刷新页面。", code="gone")
        audit.record(
            "veto.unclear", application, by=by, branch=application.branch, point=clearance.point, reason=reason
        )  # fmt: skip


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


def confirm_veto(record: VetoRecord, *, remark: str, by: User, told: str = "") -> VetoRecord:
    """Second person: takes the application out at once, wherever on the road it stands.

    `told` is what the branch and its committees learn of the reasons. Codes: `same_person`, `decided` (somebody was
    faster), or the gate's.
    """
    if record.proposed_by_id == by.pk:
        raise ValidationError("提出人不能自己确认，请由另一名纪检督察人员确认。", code="same_person")
    with audit.recorded():
        # Locked first: any live status may lead to a veto, and the one on record must be the one it was taken from.
        Application.objects.select_for_update(no_key=True).get(pk=record.application_id)
        application = Application.objects.for_work().get(pk=record.application_id)
        before = application.status
        _decide(record, VetoRecord.State.CONFIRMED, remark=remark, by=by, status_before=before, told=told)
        gate.move(application, "veto", by=by, note=remark)
        _tell_of_veto(record, application, before, told)
    record.refresh_from_db()
    return record


def _tell_of_veto(record: VetoRecord, application: Application, before: str, told: str) -> None:
    """The branch, every committee above it, the city office from 已推荐 on, and who was scoring it."""
    reason = f"理由：{told}\n" if told else ""
    place = Recommendation.objects.filter(application=application).select_related("list").first()
    above = list(application.branch.get_ancestors())
    mended = consequences.for_committee(place.rank if place else None, bool(place and place.list.confirmed_at))
    appeal = "如有异议，书记可在申报页提出申诉，也可向纪检督察部门书面提出。"
    _post_veto(record, application, notices.holders(application.branch, *BRANCH_ROLES), reason + appeal)
    _post_veto(record, application, notices.holders_in(above, *COMMITTEE_ROLES), reason + mended)
    if before in DECIDED | {Status.RECOMMENDED, Status.IN_REVIEW}:
        office = notices.holders_in(above, Role.CAMPAIGN_ADMIN)
        _post_veto(record, application, office, consequences.for_office(before))
        readers = User.objects.filter(
            is_active=True, pk__in=Reader.objects.filter(application=application).values("user")
        )
        notices.post(
            readers,
            "veto.left",
            about=f"veto:{record.pk}",
            title=f"{application.branch.short_name}退出本轮创建，不再评分：{application.track}",
        )


def _post_veto(record: VetoRecord, application: Application, people: list[User], body: str) -> None:
    notices.post(
        people,
        "application.vetoed",
        about=f"veto:{record.pk}",
        title=f"{application.branch.short_name}已被一票否决：{application.track}",
        body=body.strip(),
        url=application.get_absolute_url(),
    )


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
