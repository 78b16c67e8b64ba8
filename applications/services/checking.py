"""The committee's work on one application: check item by item, return with reasons, accept, nominate, forward."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from applications.models import Application, CheckDecision, CheckItem
from applications.services import gate
from applications.services.preparing import checking_committee, require_criterion, require_storable, score_answer
from applications.states import Status
from branches import audit, notices
from branches.models import Branch, Notice, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES
from standards import deadlines, scoring
from standards.models import Criterion, Extension, Stage
from standards.services import campaigns as campaign_services
from standards.services.answering import store_answer

MANUAL = "remind.manual"


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


def return_application(application: Application, *, reason: str, due_on: date | None, by: User) -> Application:
    """Send it back with reasons (S1-51). A due date after the stage's end extends the stage for this branch.

    Codes: `no_reason`, `past_due` (a date gone by), `no_due_date` (the stage is over, without one nothing can be
    submitted again), or the gate's.
    """
    if not reason.strip():
        raise ValidationError("请写明退回理由，支部才知道改什么。", code="no_reason")
    if due_on and due_on < timezone.localdate():
        raise ValidationError("修改期限不能早于今天。", code="past_due")
    stage = application.stage(Stage.Kind.APPLY)
    ends = deadlines.deadline_for(stage, application.branch)
    with audit.recorded():
        # Counted afresh: the application may have been returned before by somebody else.
        returns = (
            Application.objects.select_for_update(no_key=True).values_list("returns", flat=True).get(pk=application.pk)
        )
        if ends and not due_on and ends <= timezone.now():
            raise ValidationError(f"“{stage}”已截止，请填写修改期限，支部才能重新提交。", code="no_due_date")
        gate.move(application, "return", by=by, returns=returns + 1)
        CheckDecision.objects.create(
            application=application, outcome=CheckDecision.Outcome.RETURNED, reason=reason, due_on=due_on, decided_by=by
        )
        if stage and ends and due_on and deadlines.end_of(due_on) > ends:
            campaign_services.extend_stage(stage, application.branch, until=due_on, reason="退回修改", by=by)
        notices.post(
            notices.holders(application.branch, *BRANCH_ROLES),
            "application.returned",
            about=f"application:{application.pk}:{application.returns}",
            title=f"申报被退回修改：{application.track}",
            body=reason,
            url=application.get_absolute_url(),
        )
    return application


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


def extend_for(application: Application, stage: Stage, *, until: date, reason: str, by: User) -> Extension:
    """Give whoever owes the stage more time and tell them: the branch, or its committee for the committee's stages."""
    owner = stage_owner(application.branch, stage)
    with audit.recorded():
        extension = campaign_services.extend_stage(stage, owner, until=until, reason=reason, by=by)
        notices.post(
            notices.holders(owner, *BRANCH_ROLES, *COMMITTEE_ROLES),
            "stage.extended",
            about=f"stage:{stage.pk}:{until:%m%d}",
            title=f"“{stage}”已延期至{until:%Y年%m月%d日}：{application.track}",
            body=reason,
            url=application.get_absolute_url(),
        )
    return extension


def stage_owner(branch: Branch, stage: Stage) -> Branch:
    """Who is given more time: ranking is the committee's, and its extension covers its branches; else the branch."""
    return (checking_committee(branch) or branch) if stage.kind == Stage.Kind.RECOMMEND else branch


def remind_branches(applications: Iterable[Application], *, by: User) -> int:
    """Urge by hand the branches that have not submitted, each once a day; those not owing anything are passed over.

    Returns how many were urged; code `nobody` when there was none.
    """
    applications = [each for each in applications if each.status == Status.PREPARING]
    nudges = {
        notices.Nudge(
            branch=application.branch,
            about=f"application:{application.pk}",
            title=f"请抓紧办理：{application.track}",
            body=f"{by.name}提醒：请完成自评与申报表并提交申报。",
            url=application.get_absolute_url(),
        ): application
        for application in applications
    }
    with audit.recorded():
        urged = notices.nudge(MANUAL, list(nudges), BRANCH_ROLES)
        for each in urged:
            audit.record("application.remind", nudges[each], by=by, branch=each.branch)
    if not urged:
        raise ValidationError("没有可催办的支部：已提交、今天已催办过，或没有在任的书记和经办人。", code="nobody")
    return len(urged)


def reminders_of(applications: Iterable[Application]) -> QuerySet[Notice]:
    """The notices by which these applications' branches were urged by hand."""
    return Notice.objects.filter(kind=MANUAL, about__in=[f"application:{each.pk}" for each in applications])


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
