"""Appeals against a veto: filed, looked into by one inspector, decided by another; a lifted veto lets the branch back.

Nobody looks twice at their own work: whoever proposed the veto does not look into the appeal, whoever confirmed it does
not decide on it, and the two steps are taken by two people. With the two of the veto alone in office the one who
confirmed it looks into the appeal and the one who proposed it decides, so that two inspectors are always enough.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications import consequences
from applications.models import Appeal, Application, Evidence, RecommendationList, VetoRecord
from applications.services import gate
from applications.states import DECIDED, HOLDING, TABLE, Road, Status, after_lifting
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role
from standards.models import Track

# The step that is next for an application that comes back to one of these.
NEXT = {Road.RANKED: "recommend", Road.NOMINATED: "nominate", Road.FORWARDED: "forward"}


def file_appeal(
    veto: VetoRecord, *, grounds: str, by: User, appellant: str = "", proofs: Iterable[Evidence] = ()
) -> Appeal:
    """The branch appeals, or an inspector enters a written appeal for `appellant`.

    Codes: `no_grounds`, `foreign_proof`, `not_vetoed`, `open` (one waits already), `again` (decided once: only the
    inspectors enter another).
    """
    application, proofs = veto.application, list(proofs)
    if not grounds.strip():
        raise ValidationError("请写明申诉理由。", code="no_grounds")
    if any(proof.branch_id != application.branch_id for proof in proofs):
        raise ValidationError("只能附本支部材料库里的材料。", code="foreign_proof")
    own = not appellant
    if own and veto.appeals.filter(state=Appeal.State.UPHELD).exists():
        raise ValidationError("申诉已经复查并维持否决；有新的事实请书面交纪检督察部门。", code="again")
    try:
        with audit.recorded(), transaction.atomic():
            Application.objects.select_for_update(no_key=True).get(pk=veto.application_id)
            if not VetoRecord.objects.filter(pk=veto.pk, state=VetoRecord.State.CONFIRMED).exists():
                raise ValidationError("这条否决不在生效中，不能申诉；请刷新页面查看。", code="not_vetoed")
            appellant = appellant or application.branch.name
            appeal = Appeal.objects.create(veto=veto, grounds=grounds, appellant=appellant, filed_by=by)
            appeal.proofs.set(proofs)
            audit.record(
                "appeal.file", appeal, by=by, branch=application.branch, appellant=appellant, grounds=grounds,
                proofs=[proof.name for proof in proofs],
            )  # fmt: skip
            notices.post(
                _inspectors(application),
                "veto.appeal",
                about=f"appeal:{appeal.pk}",
                title=f"收到申诉：{application.branch.short_name}（{application.track}）",
                url=appeal.get_absolute_url(),
            )
    except IntegrityError:
        raise ValidationError("已有一件申诉在办理中，请等待结果。", code="open") from None
    return appeal


def find_appeal(appeal: Appeal, *, finding: str, lifts: bool, by: User) -> Appeal:
    """First person: what was found, and whether to lift the veto. Codes `no_finding`, `own_veto`, `decided`."""
    if not finding.strip():
        raise ValidationError("请写明复查情况。", code="no_finding")
    if appeal.veto.proposed_by_id == by.pk:
        raise ValidationError("这条否决是您提出的，不能由您复查；请由其他纪检督察人员复查。", code="own_veto")
    with audit.recorded():
        _claim(
            appeal, Appeal.State.FILED, state=Appeal.State.PROPOSED, finding=finding, lifts=lifts, proposed_by=by,
            proposed_at=timezone.now(),
        )  # fmt: skip
        branch = appeal.veto.application.branch
        audit.record("appeal.find", appeal, by=by, branch=branch, finding=finding, lifts=lifts)
    appeal.refresh_from_db()
    return appeal


def send_back_appeal(appeal: Appeal, *, remark: str, by: User) -> Appeal:
    """Second person: the finding does not hold; it is looked into again. The log keeps the finding sent back."""
    _require_decider(appeal, by)
    with audit.recorded():
        _claim(appeal, Appeal.State.PROPOSED, state=Appeal.State.FILED, decision_remark=remark, proposed_by=None)
        branch = appeal.veto.application.branch
        audit.record("appeal.send_back", appeal, by=by, branch=branch, remark=remark, finding=appeal.finding)
    appeal.refresh_from_db()
    return appeal


def decide_appeal(appeal: Appeal, *, remark: str, by: User) -> Appeal:
    """Second person: decide as the finding proposes. A lifted veto lets the application back at once.

    Codes: `own_veto`, `same_person`, `decided` (somebody was faster), or the gate's.
    """
    _require_decider(appeal, by)
    with audit.recorded():
        # The order of locks is track, application, then their records: reserves move up under the track's lock, so
        # that a place is either still free here or given away for good.
        Track.objects.select_for_update(no_key=True).get(pk=appeal.veto.application.track_id)
        Application.objects.select_for_update(no_key=True).get(pk=appeal.veto.application_id)
        state = Appeal.State.LIFTED if appeal.lifts else Appeal.State.UPHELD
        _claim(
            appeal, Appeal.State.PROPOSED, state=state, decided_by=by, decided_at=timezone.now(),
            decision_remark=remark,
        )  # fmt: skip
        application = Application.objects.for_work().get(pk=appeal.veto.application_id)
        if appeal.lifts:
            _let_back(application, appeal.veto, remark=remark, by=by)
        action = "appeal.lift" if appeal.lifts else "appeal.uphold"
        audit.record(action, appeal, by=by, branch=application.branch, remark=remark)
        _tell(appeal, application, remark)
    appeal.refresh_from_db()
    return appeal


def _let_back(application: Application, veto: VetoRecord, *, remark: str, by: User) -> None:
    lifted = VetoRecord.objects.filter(pk=veto.pk, state=VetoRecord.State.CONFIRMED)
    if lifted.update(state=VetoRecord.State.LIFTED) != 1:
        raise ValidationError("这条否决已不在生效中，请刷新页面查看。", code="decided")
    target = destination(application, veto.status_before)
    gate.move(application, f"lift_{target.value}", by=by, note=remark)


def destination(application: Application, before: str) -> Status:
    """Where the lifted veto leads, as its track stands now; call under the track's lock."""
    track = application.track
    others = Application.objects.filter(track=track).exclude(pk=application.pk)
    standing = set(others.order_by().values_list("status", flat=True).distinct())
    vetoed = VetoRecord.objects.filter(
        application__in=others, state=VetoRecord.State.CONFIRMED, status_before__in=DECIDED
    )
    held = others.filter(status__in=HOLDING).count()
    return after_lifting(
        before,
        decided=bool(standing & DECIDED) or vetoed.exists(),
        named=Status.NAMED in standing,
        place_free=not (track.is_competition and track.quota) or held < track.quota,
    )


def next_steps(application: Application) -> str:
    """What the branch has to do now, by where it stands and whether the next step is still open."""
    action = "submit" if application.status == Status.PREPARING else NEXT[Road(application.road)]
    committees = application.branch.get_ancestors()
    locked = RecommendationList.objects.filter(
        track=application.track, committee__in=committees, confirmed_at__isnull=False
    )
    return consequences.of_lifting(application, gate.why_not_now(TABLE[action], application), locked.exists())


def _tell(appeal: Appeal, application: Application, remark: str) -> None:
    """The branch, every committee above it, and the city office."""
    above = list(application.branch.get_ancestors())
    branch = application.branch.short_name
    reason = f"决定意见：{remark}\n" if remark else ""
    if appeal.lifts:
        title = f"一票否决已撤销：{branch}（{application.track}）"
        body = f"现恢复为“{application.public_status.label}”。{next_steps(application)}"
    else:
        title, body = f"申诉已复查，维持否决：{branch}（{application.track}）", "有新的事实请书面交纪检督察部门。"
    people = [
        *notices.holders(application.branch, *BRANCH_ROLES),
        *notices.holders_in(above, *COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN),
    ]
    notices.post(
        people, "application.appealed", about=f"appeal:{appeal.pk}", title=title, body=reason + body,
        url=application.get_absolute_url(),
    )  # fmt: skip


def _require_decider(appeal: Appeal, by: User) -> None:
    if appeal.veto.decided_by_id == by.pk:
        raise ValidationError("这条否决是您确认的，不能由您决定申诉；请由其他纪检督察人员决定。", code="own_veto")
    if appeal.proposed_by_id == by.pk:
        raise ValidationError("复查人不能自己决定，请由另一名纪检督察人员决定。", code="same_person")


def _claim(appeal: Appeal, expected: str, **fields: Any) -> None:
    if Appeal.objects.filter(pk=appeal.pk, state=expected).update(**fields) != 1:
        raise ValidationError("这件申诉已有人处理，请刷新页面查看结果。", code="decided")


def _inspectors(application: Application) -> list[User]:
    nodes = [*application.branch.get_ancestors(), application.branch]
    return notices.holders_in(nodes, Role.INSPECTOR)
