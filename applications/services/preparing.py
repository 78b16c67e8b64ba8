"""The branch's work: join, plan, tasks, self-assessment; files are in evidence.py, the form and its way out in submitting.py.

Every write first locks the application's row, so that nothing changes behind a submission's back: what is frozen in
the snapshot is what the branch last saved.
"""

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.completeness import self_score
from applications.models import Application, Assessment, PlanItem, TaskRecord
from applications.services import gate
from applications.states import Status
from branches import audit, notices
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES
from standards import deadlines, scoring
from standards.models import Campaign, Criterion, Stage, StageTask, Track
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


def locked(application: Application, *, doing: str) -> Application:
    """Lock the row and make sure it can still be edited: a submission in another tab must not be written under."""
    fresh = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    gate.require_status(fresh, Status.PREPARING, doing=doing)
    return fresh


# The plan and the tasks of the stages

# The plan lives on through the year: actual values are filled in while the application is being reviewed.
PLANNING = (Status.PREPARING, Status.SUBMITTED, Status.CHECKED, Status.RECOMMENDED, Status.IN_REVIEW)


def plan_mark(application: Application) -> str:
    """A mark of the plan as it stands: another one at saving time means that somebody else saved meanwhile."""
    rows = PlanItem.objects.filter(application=application).values_list(
        "measure", "indicator", "baseline", "target", "actual", "responsible", "due_on"
    )
    return hashlib.sha256(repr(list(rows)).encode()).hexdigest()[:16]


def save_plan(
    application: Application, items: list[dict[str, Any]], *, by: User, seen: str | None = None
) -> Application:
    """Replace the measures of the plan by the given rows (fields of PlanItem). `seen` is the page's `plan_mark`.

    Code `stale` when the plan is no longer the one the page showed.
    """
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *PLANNING, doing="修改计划")
        if seen is not None and seen != plan_mark(application):
            raise ValidationError(
                "计划刚在另一个页面或由他人保存过，为免互相覆盖，本次没有保存；您填写的内容还在下面，"
                "核对后再次保存即以您的为准。",
                code="stale",
            )
        PlanItem.objects.filter(application=application).delete()
        PlanItem.objects.bulk_create(
            [PlanItem(application=application, order=order, **row) for order, row in enumerate(items, 1)]
        )
        audit.record("plan.save", application, by=by, branch=application.branch, measures=len(items))
    return application


def file_plan(application: Application, *, by: User) -> Application:
    """File the plan with the committee above (S1-39, S2-28). Needs a measure; quantified targets count (S2-31)."""
    items = list(application.plan_items.all())
    if not items:
        raise ValidationError("计划里还没有创建措施，请至少填写一条再报备。", code="empty_plan")
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *PLANNING, doing="报备计划")
        # Filing again keeps the first date: who filed in time stays in time.
        application.plan_filed_at = current.plan_filed_at or timezone.now()
        Application.objects.filter(pk=application.pk).update(plan_filed_at=application.plan_filed_at)
        audit.record("plan.file", application, by=by, branch=application.branch, measures=len(items))
        notices.post(
            committee_people(application.branch),
            "plan.filed",
            about=f"application:{application.pk}",
            title=f"{application.branch.short_name}报备了创建活动计划",
            url=application.get_absolute_url(),
        )
    return application


def record_task(
    application: Application, task: StageTask, *, by: User, seen: str | None = None, **fields: Any
) -> TaskRecord:
    """Record a meeting held or a summary written; once more replaces it, the log keeps both.

    `seen` is the `mark` of the record the page showed ("" for none); code `stale` when it is another by now. Code
    `foreign_task` for a task that is not asked of this branch.
    """
    if not task.is_asked_of(application.branch):
        raise ValidationError("该任务不是对本支部的要求。", code="foreign_task")
    with audit.recorded():
        locked(application, doing=f"登记“{task.name}”")
        before = TaskRecord.objects.filter(application=application, task=task).first()
        if seen is not None and seen != (before.mark if before else ""):
            raise ValidationError(
                f"“{task.name}”刚在另一个页面或由他人登记过，为免互相覆盖，本次没有保存；您填写的内容还在，"
                "核对后再次保存即以您的为准。",
                code="stale",
            )
        record, created = TaskRecord.objects.update_or_create(
            application=application, task=task, defaults={**fields, "recorded_by": by}
        )
        audit.record(
            "task.record" if created else "task.change",
            application,
            by=by,
            branch=application.branch,
            task=task.name,
            held_on=record.held_on,
            present=[record.present, record.expected],
        )
    return record


# The self-assessment


def save_answer(
    application: Application,
    criterion: Criterion,
    *,
    answer: Mapping[str, Any],
    remark: str,
    version: int,
    by: User,
) -> Assessment:
    """Save one item of the self-assessment and bring the stored total up to date.

    `version` is the one the page was showing (0 for a new answer); another one in the database means that somebody
    else saved the same item meanwhile: code `stale`, nothing is written. Codes of AnswerError for a bad answer.
    """
    require_criterion(application, criterion)
    points = score_answer(criterion, answer)
    with audit.recorded():
        locked(application, doing="修改自评")
        gate.require_rubric(application)
        saved, before = store_answer(
            application.assessments, criterion,
            answer=answer, points=points, remark=remark, version=version, updated_by=by,
        )  # fmt: skip
        store_self_score(application)
        audit.record(
            "assessment.save",
            application,
            by=by,
            branch=application.branch,
            criterion=criterion.code,
            points=[before, points],
        )
    return saved


def store_self_score(application: Application) -> None:
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
