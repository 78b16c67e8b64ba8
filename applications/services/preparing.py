"""The branch's work: join, self-assessment; the plan is in planning.py, files in evidence.py, the form
and its way out in submitting.py.

Every write first locks the application's row, so that nothing changes behind a submission's back: what is frozen in
the snapshot is what the branch last saved.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.completeness import self_score
from applications.models import Application, Assessment
from applications.services import gate
from applications.states import Status
from branches import audit, notices
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES
from standards import deadlines, scoring
from standards.models import Campaign, Criterion, Stage, Track
from standards.services import campaigns as campaign_services
from standards.services.answering import store_answer


def open_campaign(campaign: Campaign, *, by: User | None) -> Campaign:
    """Open it, enrol every branch in the tracks that have begun, and tell their secretaries."""
    with audit.recorded():
        campaign_services.open_campaign(campaign, by=by)
        for track in campaign.tracks.prefetch_related("stages"):
            enrol(track, by=by)
    return campaign


def enrol(track: Track, *, by: User | None) -> int:
    """Give every active branch a 筹备中 application once the track's calendar has begun. Safe to repeat.

    Nobody is enrolled in a round that takes no more applications: an unfinished duty that cannot be done helps no one.
    """
    apply = track.stage(Stage.Kind.APPLY)
    today = timezone.localdate()
    if track.begins_on is None or track.begins_on > today or (apply and apply.closes_on and apply.closes_on < today):
        return 0
    enrolled = Application.objects.filter(track=track).values("branch")
    newcomers = list(Branch.objects.grassroots().exclude(pk__in=enrolled))
    if not newcomers:
        return 0
    with audit.recorded():
        Application.objects.bulk_create(
            [Application(branch=branch, track=track) for branch in newcomers], ignore_conflicts=True
        )
        audit.record("track.enrol", track, by=by, branches=len(newcomers))
        notices.post(
            notices.holders_in(newcomers, *BRANCH_ROLES),
            "campaign.opened",
            about=f"track:{track.pk}",
            title=f"{track.campaign}已启动：{track}",
            body="请学习创建标准，制定创建活动计划，并按时召开动员部署会议。",
            url="/",
        )
    return len(newcomers)


def join_track(track: Track, branch: Branch, *, by: User) -> Application:
    """Start the application of one branch that was not there when the track began. Safe to repeat.

    Codes: `not_open` (campaign not running, or the calendar not begun), `not_grassroots` (not an active 党支部),
    `closed` (the track takes no more applications, from this branch either).
    """
    if track.campaign.status != Campaign.Status.OPEN or not track.begins_on or track.begins_on > timezone.localdate():
        raise ValidationError(f"“{track}”尚未开始或已经结束，现在不能参加。", code="not_open")
    if branch.kind != Branch.Kind.BRANCH or not branch.active:
        raise ValidationError("只有党支部可以参加创建。", code="not_grassroots")
    apply = track.stage(Stage.Kind.APPLY)
    if apply and deadlines.is_over(apply, branch):
        raise ValidationError(deadlines.why_closed(apply, branch), code="closed")
    with audit.recorded():
        application, created = Application.objects.get_or_create(branch=branch, track=track)
        if created:
            audit.record("application.join", application, by=by, branch=branch)
    return application


def locked(application: Application, *fields: str, doing: str) -> Application:
    """Lock the row and make sure it can still be edited: a submission in another tab must not be written under.

    With `fields` only these are read, for what is saved at every pause in the typing.
    """
    rows = Application.objects.only(*fields) if fields else Application.objects
    fresh = rows.select_for_update(no_key=True).get(pk=application.pk)
    gate.require_status(fresh, Status.PREPARING, doing=doing)
    return fresh


# The self-assessment


def save_answer(
    application: Application,
    criterion: Criterion,
    *,
    answer: Mapping[str, Any],
    remark: str,
    version: int,
    by: User,
) -> tuple[Assessment, scoring.SheetScore]:
    """Save one item of the self-assessment and bring the stored total up to date; returns both.

    `version` is the one the page was showing (0 for a new answer); another one in the database means that somebody
    else saved the same item meanwhile: code `stale`, nothing is written. Codes of AnswerError for a bad answer.
    """
    require_criterion(application, criterion)
    points = score_answer(criterion, answer)
    with audit.recorded():
        locked(application, "status", "track", doing="修改自评")
        gate.require_rubric(application)
        saved, before = store_answer(
            application.assessments, criterion,
            answer=answer, points=points, remark=remark, version=version, updated_by=by,
        )  # fmt: skip
        score = store_self_score(application)
        audit.record(
            "assessment.save",
            application,
            by=by,
            branch=application.branch,
            criterion=criterion.code,
            points=[before, points],
        )
    return saved, score


def store_self_score(application: Application) -> scoring.SheetScore:
    """Bring the stored total up to the saved answers; call under the application's lock, inside `audit.recorded()`."""
    score = self_score(application)
    require_storable(score)
    Application.objects.filter(pk=application.pk).update(
        self_score=score.total,
        self_complete=score.final,
        self_detail=application.track.rubric.detail(score),
        updated_at=timezone.now(),
    )
    application.self_score, application.self_complete = score.total, score.final
    return score


def require_criterion(application: Application, criterion: Criterion) -> None:
    """Only what the track's rubric asks of this 警种 is answered (code `foreign_criterion`)."""
    if criterion.pk not in {leaf.pk for leaf in application.track.rubric.leaves_for(application.branch.line)}:
        raise ValidationError("该指标不在本支部适用的评分标准中。", code="foreign_criterion")


def score_answer(criterion: Criterion, answer: Mapping[str, Any]) -> Decimal | None:
    """The points of one answer, with the criterion's name in the message when it cannot be scored."""
    try:
        return scoring.score_item(criterion.item, answer)
    except scoring.AnswerError as error:
        raise ValidationError(f"{criterion.title}：{error.message}", code=error.code) from error


def require_storable(score: scoring.SheetScore) -> None:
    """Code `out_of_range` for a total no plan can mean: counts without a limit add up to anything."""
    if abs(score.total) > scoring.MOST_POINTS:
        raise ValidationError(
            f"总分达到{scoring.plain(score.total)}分，过大，本次没有保存；请核对各项所填的次数。", code="out_of_range"
        )


# Above the branch


def committee_people(branch: Branch) -> list[User]:
    """Those of the nearest committee above who check and rank."""
    committee = checking_committee(branch)
    return notices.holders(committee, *COMMITTEE_ROLES) if committee else []


def checking_committee(branch: Branch) -> Branch | None:
    """The nearest 党委 above the branch: it checks, and recommends where it is a 推荐单位."""
    return next((node for node in reversed(list(branch.get_ancestors())) if node.kind == Branch.Kind.COMMITTEE), None)
