"""The committee's work on one application: check item by item, return with reasons, accept, nominate, forward."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, CheckDecision, CheckItem
from applications.services import gate
from applications.services.preparing import require_criterion, require_storable, score_answer
from applications.states import Status
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES
from standards import deadlines, scoring
from standards.models import Criterion, Stage
from standards.services import campaigns as campaign_services
from standards.services.answering import store_answer


def save_check(
    application: Application, criterion: Criterion, *, answer: Mapping[str, Any], remark: str, version: int, by: User
) -> CheckItem:
    """The committee's own score and remark on one criterion (S1-50), while the application waits for its decision.

    `version` is the one the page was showing, 0 for none; code `stale` when a colleague has saved the item meanwhile.
    """
    require_criterion(application, criterion)
    points = score_answer(criterion, answer)
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, Status.SUBMITTED, doing="核分")
        gate.require_rubric(application)
        item, _ = store_answer(
            application.check_items, criterion,
            answer=answer, points=points, remark=remark, version=version, checked_by=by,
        )  # fmt: skip
        audit.record(
            "check.save", application, by=by, branch=application.branch, criterion=criterion.code, points=points
        )
    return item


def adopt_self_scores(application: Application, *, by: User) -> int:
    """Start from the branch's own answers: every item without a score of the committee's takes over the branch's."""
    with audit.recorded():
        current = Application.objects.select_for_update().get(pk=application.pk)
        gate.require_status(current, Status.SUBMITTED, doing="核分")
        gate.require_rubric(application)
        leaves = {leaf.pk for leaf in application.track.rubric.leaves_for(application.branch.line) if leaf.asked}
        checked = application.check_items.filter(points__isnull=False).values("criterion")
        # A remark without a score is taken over too: the page that showed it alone must not write over the score.
        remarked = dict(application.check_items.filter(points=None).values_list("criterion", "version"))
        said = application.assessments.filter(points__isnull=False, criterion__in=leaves).exclude(criterion__in=checked)
        items = [
            CheckItem(
                application=application, criterion_id=each.criterion_id, answer=each.answer, points=each.points,
                checked_by=by, updated_at=timezone.now(), version=remarked.get(each.criterion_id, 0) + 1,
            )
            for each in said
        ]  # fmt: skip
        CheckItem.objects.bulk_create(
            items,
            update_conflicts=True,
            unique_fields=["application", "criterion"],
            update_fields=["answer", "points", "checked_by", "updated_at", "version"],
        )
        if items:
            audit.record("check.adopt", application, by=by, branch=application.branch, items=len(items))
    return len(items)


def check_score(application: Application) -> scoring.SheetScore:
    """The committee's running total."""
    points = {str(pk): value for pk, value in application.check_items.values_list("criterion_id", "points")}
    return scoring.score_sheet(application.track.rubric.sheet.for_line(application.branch.line), points)


def confirm_check(application: Application, criterion: Criterion, *, version: int, by: User) -> CheckItem:
    """The score stands as it is, looked at again after the branch changed the item: saved anew, with its day and hand.

    Code `stale` as in `save_check`; `nothing` where there is no score to stand by.
    """
    item = application.check_items.filter(criterion=criterion, points__isnull=False).first()
    if item is None:
        raise ValidationError(f"“{criterion.title}”还没有核分，请先打分。", code="nothing")
    return save_check(application, criterion, answer=item.answer, remark=item.remark, version=version, by=by)


def return_application(
    application: Application,
    *,
    reason: str,
    due_on: date | None,
    by: User,
    items: Sequence[tuple[Criterion, str]] = (),
) -> Application:
    """Send it back with reasons and remarks on single criteria (S1-51). A due date after the stage's end extends it.

    Codes: `no_reason` (neither reason nor remark), `past_due` (a date gone by), `no_due_date` (the stage is over,
    without one nothing can be submitted again), `foreign_criterion`, or the gate's.
    """
    if not reason.strip() and not items:
        raise ValidationError("请写明退回理由，或勾选至少一条逐项意见，支部才知道改什么。", code="no_reason")
    if due_on and due_on < timezone.localdate():
        raise ValidationError("修改期限不能早于今天。", code="past_due")
    for criterion, _ in items:
        require_criterion(application, criterion)
    stage = application.stage(Stage.Kind.APPLY)
    ends = deadlines.deadline_for(stage, application.branch)
    with audit.recorded():
        # Counted afresh: the application may have been returned before by somebody else.
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        if ends and not due_on and ends <= timezone.now():
            raise ValidationError(f"“{stage}”已截止，请填写修改期限，支部才能重新提交。", code="no_due_date")
        gate.move(application, "return", by=by, returns=current.returns + 1)
        decision = CheckDecision.objects.create(
            application=application,
            outcome=CheckDecision.Outcome.RETURNED,
            reason=reason.strip() or "请按逐项意见修改。",
            due_on=due_on,
            submission=current.submissions,
            items=_remarks(application, items),
            decided_by=by,
        )
        if stage and ends and due_on and deadlines.end_of(due_on) > ends:
            campaign_services.extend_stage(stage, application.branch, until=due_on, reason="退回修改", by=by)
        notices.post(
            notices.holders(application.branch, *BRANCH_ROLES),
            "application.returned",
            about=f"application:{application.pk}:{application.returns}",
            title=f"申报被退回修改（第{application.returns}次）：{application.track}",
            body=_in_words(decision),
            url=application.get_absolute_url(),
        )
    return application


def _remarks(application: Application, items: Sequence[tuple[Criterion, str]]) -> list[dict[str, str]]:
    """As the decision keeps them: what was said of each criterion, beside both scores at that moment."""
    keys = [criterion.pk for criterion, _ in items]
    said = dict(application.assessments.filter(criterion__in=keys).values_list("criterion_id", "points"))
    checked = dict(application.check_items.filter(criterion__in=keys).values_list("criterion_id", "points"))
    return [
        {
            "code": criterion.code,
            "title": criterion.title,
            "remark": remark.strip(),
            "self": scoring.plain(said.get(criterion.pk)),
            "checked": scoring.plain(checked.get(criterion.pk)),
        }
        for criterion, remark in items
    ]


def _in_words(decision: CheckDecision) -> str:
    """The whole return in a notice: reason, remarks, and until when."""
    lines = [decision.reason, *(f"· {item['code']} {item['title']}：{item['remark']}" for item in decision.items)]
    if due := decision.due_on:
        lines.append(f"请在{due.year}年{due.month}月{due.day}日24时前改好并重新提交。")
    return "\n".join(lines)


def accept_application(
    application: Application, *, members: str, checked_on: date, conclusion: str, by: User
) -> Application:
    """Conclude the check: every item scored, the line reached, members and date on record (S1-50).

    Codes: `incomplete` (items not scored), `veto_item` (a failed item that disqualifies), `below_line`,
    `nobody` (no members), or the gate's.
    """
    if not members.strip():
        raise ValidationError("请填写核查成员。", code="nobody")
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_rubric(application)
        score = check_score(application)
        require_storable(score)
        if current.status == Status.SUBMITTED and score.missing:
            raise ValidationError(f"还有{len(score.missing)}项没有核分，全部核分后才能通过。", code="incomplete")
        line = application.track.check_line
        if current.status == Status.SUBMITTED and not scoring.passes(score.total, line):
            raise ValidationError(
                f"核查得分{scoring.plain(score.total)}分，未达到验收线{scoring.plain(line)}分，请退回修改。",
                code="below_line",
            )
        if current.status == Status.SUBMITTED and score.vetoed:
            titles = {leaf.key: leaf.title for leaf in application.track.rubric.leaves_for(application.branch.line)}
            named = "、".join(titles[key] for key in score.vetoed)
            raise ValidationError(
                f"核查认定发生了取消资格的情形（{named}），不能通过；请退回，或报纪检督察办理一票否决。",
                code="veto_item",
            )
        detail = application.track.rubric.detail(score)
        gate.move(application, "accept", by=by, check_score=score.total, check_detail=detail)
        CheckDecision.objects.create(
            application=application,
            outcome=CheckDecision.Outcome.ACCEPTED,
            reason=conclusion,
            members=members,
            checked_on=checked_on,
            score=score.total,
            submission=current.submissions,
            decided_by=by,
        )
        notices.post(
            notices.holders(application.branch, *BRANCH_ROLES),
            "application.accepted",
            about=f"application:{application.pk}:{application.submissions}",
            title=f"申报通过核查：{application.track}",
            body=conclusion,
            url=application.get_absolute_url(),
        )
    return application


def nominate_application(application: Application, *, by: User) -> Application:
    """Confirm the self-nomination of a headquarters branch (S2-33): no rank, no share of the counties' places."""
    return _hand_up(application, "nominate", by=by)


def forward_application(application: Application, *, by: User) -> Application:
    """Report a branch that meets the standard to the city (S1-51)."""
    return _hand_up(application, "forward", by=by)


def _hand_up(application: Application, action: str, *, by: User) -> Application:
    with audit.recorded():
        gate.move(application, action, by=by, handed_up_at=timezone.now(), handed_up_by=by)
        notices.post(
            notices.holders(application.branch, *BRANCH_ROLES),
            f"application.{action}",
            about=f"application:{application.pk}:{application.submissions}",
            title=f"本支部已{application.road_label}至市局：{application.track}",
            url=application.get_absolute_url(),
        )
    return application
