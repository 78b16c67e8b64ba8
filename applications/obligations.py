"""Who owes what on the road of an application: one list for the home page and for the reminders."""

import datetime
from collections.abc import Iterator

from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from applications.completeness import task_problems
from applications.models import (
    Appeal,
    Application,
    CheckDecision,
    PlanItem,
    RecommendationList,
    Rectification,
    VetoRecord,
)
from applications.progress import SOON
from applications.ready import ready
from applications.states import SELF_CHECKING, Road, Status
from branches.models import Branch, RoleGrant, User, under
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role
from branches.todo import Todo
from standards.deadlines import deadline_for, end_of
from standards.models import Campaign, Stage, StageTask, Track

# How long an overdue submission stays on the list after its deadline.
FORGOTTEN_AFTER = datetime.timedelta(days=14)
# How long before its date a rectification is on the list.
RECTIFY_AHEAD = datetime.timedelta(days=7)
# How long before the deadline a committee is told who only has to submit.
URGENT = datetime.timedelta(days=3)


def owed(user: User | None = None) -> Iterator[Todo]:
    """Every open obligation of running campaigns, or only those the user answers for.

    Whoever holds none of the roles of a kind is not even asked about it: a home page is opened all day.
    """
    for kind, roles in (
        (branch_work, BRANCH_ROLES),
        (measures, BRANCH_ROLES),
        (rectifying, (*BRANCH_ROLES, *COMMITTEE_ROLES)),
        (checks, COMMITTEE_ROLES),
        (unsubmitted, COMMITTEE_ROLES),
        (recommendations, COMMITTEE_ROLES),
        (vetoes, (Role.INSPECTOR,)),
        (appeals, (Role.INSPECTOR,)),
    ):
        if user is None or user.scopes(*roles):
            yield from kind(user)


def branch_work(user: User | None = None) -> Iterator[Todo]:
    """Plan, meetings, self-assessment and submission: what a branch still owes while 筹备中."""
    returned = CheckDecision.objects.filter(
        application=OuterRef("pk"), outcome=CheckDecision.Outcome.RETURNED
    ).order_by("-pk")
    applications = (
        Application.objects.running()
        .for_work()
        .filter(status=Status.PREPARING)
        .annotate(returned_due=Subquery(returned.values("due_on")[:1]))
        .prefetch_related("task_records")
        .order_by("track__campaign", "branch__path")
    )
    if user is not None:
        applications = applications.filter(under(user.scopes(*BRANCH_ROLES), "branch__path"))
    for application in applications:
        if _long_over(application):
            continue
        yield from _task_todos(application)
        submission = _submission_todo(application)
        if submission:
            yield submission


def _long_over(application: Application) -> bool:
    """A round that closed days ago is nobody's debt any more: without an extension nothing can be handed in."""
    deadline = deadline_for(application.stage(Stage.Kind.APPLY), application.branch)
    return deadline is not None and timezone.now() > deadline + FORGOTTEN_AFTER


def _task_todos(application: Application) -> Iterator[Todo]:
    records = {record.task_id: record for record in application.task_records.all()}
    for task in application.tasks:
        is_plan, stage = task.kind == StageTask.Kind.PLAN, task.stage
        done = application.plan_filed_at if is_plan else not task_problems(task, records.get(task.pk))
        if done or _future(stage):
            continue
        url = reverse("applications:plan", args=[application.pk])
        if not is_plan:
            url = reverse("applications:task", args=[application.pk, task.pk])
        yield _branch_todo(
            application,
            # A committee may ask for several of a kind, and each is reminded of by itself.
            kind=f"task.{task.kind}.{task.pk}" if task.organiser_id else f"task.{task.kind}",
            title=f"{'报备' if is_plan else '登记'}{task.name}",
            url=url,
            stage=stage,
        )


def _submission_todo(application: Application) -> Todo | None:
    stage = application.stage(Stage.Kind.APPLY)
    if stage is None or _future(stage):
        return None
    if application.returns:
        return _branch_todo(
            application, kind="returned", title="按退回意见修改后重新提交", stage=stage, action="去修改",
            until=application.returned_due,
        )  # fmt: skip
    title = "完成自评并提交申报" if not application.self_complete else "自评已完成，请核对并提交申报"
    return _branch_todo(application, kind="submit", title=title, stage=stage)


def _branch_todo(
    application: Application,
    *,
    kind: str,
    title: str,
    stage: Stage,
    url: str = "",
    action: str = "去办理",
    until: datetime.date | None = None,
) -> Todo:
    """`until`: a day of its own before the stage closes, such as the one named when something was returned."""
    due = deadline_for(stage, application.branch)
    return Todo(
        kind=kind,
        about=f"campaign:{application.track.campaign_id}",
        title=title,
        url=url or application.get_absolute_url(),
        due=min(due, end_of(until)) if due and until else due,
        detail=f"{application.track} · {application.branch.short_name}",
        branch=application.branch,
        roles=BRANCH_ROLES,
        action=action,
        overview=f"{reverse('applications:progress')}?track={application.track_id}",
    )


def rectifying(user: User | None = None) -> Iterator[Todo]:
    """Rectifications near or past their date, for the branch; those done, for the second person."""
    entries = Rectification.objects.of_running().filter(application__status__in=SELF_CHECKING)
    entries = entries.select_related("application__branch", "application__track")
    yield from _rectifications_due(entries, user)
    if user is not None:
        yield from _rectifications_to_review(entries.filter(state=Rectification.State.DONE), user)


def _rectifications_due(entries, user: User | None) -> Iterator[Todo]:
    """One line per application and day; all that is overdue for longer than reminders are sent is one line."""
    today = timezone.localdate()
    due = entries.filter(state=Rectification.State.OPEN, due_on__lte=today + RECTIFY_AHEAD)
    if user is not None:
        due = due.filter(under(user.scopes(*BRANCH_ROLES), "application__branch__path"))
    lines: dict[tuple[int, datetime.date], list[Rectification]] = {}
    for entry in due.order_by("application__branch__path", "due_on", "pk"):
        day = max(entry.due_on, today - datetime.timedelta(days=2))
        lines.setdefault((entry.application_id, day), []).append(entry)
    for owed in lines.values():
        first, application = owed[0], owed[0].application
        page = reverse("applications:self_checks", args=[application.pk])
        yield Todo(
            kind="rectify",
            about=f"campaign:{application.track.campaign_id}",
            title=f"整改：{first.gap}" if len(owed) == 1 else f"完成整改：{first.gap}等{len(owed)}条",
            url=first.get_absolute_url() if len(owed) == 1 else f"{page}?state=open#ledger",
            due=end_of(first.due_on),
            detail=f"{application.track} · {application.branch.short_name}",
            branch=application.branch,
            roles=BRANCH_ROLES,
            action="去整改",
        )


def _rectifications_to_review(entries, user: User) -> Iterator[Todo]:
    """The secretary reviews what others did; what nobody in the branch may review waits for the committee above."""
    mine = under(user.scopes(Role.SECRETARY, *COMMITTEE_ROLES), "application__branch__path")
    waiting = list(entries.filter(mine).exclude(done_by=user).order_by("application__branch__path", "done_on", "pk"))
    if not waiting:
        return
    secretaries: dict[int, set[int]] = {}
    grants = RoleGrant.objects.in_force().filter(
        role=Role.SECRETARY, branch__in={entry.application.branch_id for entry in waiting}
    )
    for branch_id, user_id in grants.values_list("branch", "user"):
        secretaries.setdefault(branch_id, set()).add(user_id)
    lines: dict[int, list[Rectification]] = {}
    for entry in waiting:
        able = secretaries.get(entry.application.branch_id, set()) - {entry.done_by_id}
        if user.pk in able or (not able and user.holds(COMMITTEE_ROLES, entry.application.branch)):
            lines.setdefault(entry.application_id, []).append(entry)
    for owed in lines.values():
        first, application = owed[0], owed[0].application
        page = reverse("applications:self_checks", args=[application.pk])
        yield Todo(
            kind="rectify.review",
            about=f"campaign:{application.track.campaign_id}",
            title=f"复核整改：{first.gap}" if len(owed) == 1 else f"复核已完成的整改：{first.gap}等{len(owed)}条",
            url=first.get_absolute_url() if len(owed) == 1 else f"{page}?state=done#ledger",
            due=None,
            detail=f"{application.track} · {application.branch.short_name}",
            user_id=user.pk,
            action="去复核",
        )


def measures(user: User | None = None) -> Iterator[Todo]:
    """Measures of filed plans whose time is over, or nearly, all the year: one line per application and of each sort."""
    until = timezone.localdate() + datetime.timedelta(days=SOON)
    waiting = Application.objects.running().exclude(status__in=(Status.WITHDRAWN, Status.VETOED))
    if user is not None:
        waiting = waiting.filter(under(user.scopes(*BRANCH_ROLES), "branch__path"))
    items = PlanItem.objects.filter(
        application__in=waiting.filter(plan_filed_at__isnull=False), done_on=None, due_on__lte=until
    ).select_related("application__branch", "application__track__campaign")
    found: dict[tuple[int, bool], list[PlanItem]] = {}
    for item in items.order_by("application__track__campaign", "application__branch__path", "due_on", "pk"):
        found.setdefault((item.application_id, item.is_overdue), []).append(item)
    for (_, overdue), group in found.items():
        yield _measures_todo(group, overdue)


def _measures_todo(items: list[PlanItem], overdue: bool) -> Todo:
    """Overdue ones by the latest, so that each that runs out is called for anew; the others by the first to come."""
    item = items[-1] if overdue else items[0]
    application, number = item.application, len(items)
    said = f"“{item.measure}”" if number == 1 else f"{number}条措施"
    return Todo(
        kind="measure.overdue" if overdue else "measure.soon",
        about=f"campaign:{application.track.campaign_id}",
        title=f"登记进展：{said}{'已逾期' if overdue else '即将到期'}",
        url=reverse("applications:measure", args=[application.pk, item.pk])
        if number == 1
        else reverse("applications:plan", args=[application.pk]),
        due=end_of(item.due_on),
        detail=f"{application.track} · {application.branch.short_name}",
        branch=application.branch,
        roles=BRANCH_ROLES,
        action="去登记",
    )


def checks(user: User | None = None) -> Iterator[Todo]:
    """Submitted applications wait for the nearest committee above: one line per committee and track."""
    waiting = Application.objects.running().filter(status=Status.SUBMITTED)
    yield from _per_committee(
        waiting, user, kind="check", stage_kind=Stage.Kind.CHECK, roles=COMMITTEE_ROLES,
        title="核查{n}个支部的申报", url_name="applications:check_list", action="去核查",
    )  # fmt: skip
    for road, stage_kind, title, name in (
        (Road.NOMINATED, Stage.Kind.NOMINATE, "确认{n}个机关支部的自荐", "applications:progress"),
        (Road.FORWARDED, Stage.Kind.FORWARD, "向市局上报{n}个达标支部", "applications:progress"),
    ):
        ready = Application.objects.running().filter(status=Status.CHECKED).on_road(road)
        yield from _per_committee(
            ready, user, kind=f"handup.{road}", stage_kind=stage_kind, roles=(Role.COMMITTEE_HEAD,),
            title=title, url_name=name, action="去办理",
        )  # fmt: skip


def unsubmitted(user: User | None = None) -> Iterator[Todo]:
    """In the last days before the deadline: branches with everything there and not submitted, one line per committee."""
    today = timezone.localdate()
    near = Stage.objects.filter(
        kind=Stage.Kind.APPLY, track__campaign__status=Campaign.Status.OPEN, closes_on__gte=today,
        closes_on__lte=today + URGENT,
    ).values_list("track", flat=True)  # fmt: skip
    scope = Application.objects.filter(track__in=near)
    if user is not None:
        scope = scope.filter(under(user.scopes(*COMMITTEE_ROLES), "branch__path"))
    tracks = set(scope.filter(status=Status.PREPARING, self_complete=True).order_by().values_list("track", flat=True))
    if not tracks:
        return
    committees = {branch.path: branch for branch in Branch.objects.filter(kind=Branch.Kind.COMMITTEE)}
    for track in _tracks(tracks, "stages__tasks").values():
        numbers: dict[str, int] = {}
        for application in ready(scope.filter(track=track), track):
            if committee := _nearest(application.branch.path, committees):
                numbers[committee.path] = numbers.get(committee.path, 0) + 1
        for path, number in numbers.items():
            yield Todo(
                kind="ready",
                about=f"campaign:{track.campaign_id}",
                title=f"{number}个支部内容已齐备，只差书记提交",
                url=f"{reverse('applications:progress')}?track={track.pk}",
                due=deadline_for(track.stage(Stage.Kind.APPLY), committees[path]),
                detail=f"{track} · {committees[path].short_name}",
                branch=committees[path],
                roles=COMMITTEE_ROLES,
                action="去提醒",
            )


def _per_committee(waiting, user, *, kind, stage_kind, roles, title, url_name, action) -> Iterator[Todo]:
    if user is not None:
        waiting = waiting.filter(under(user.scopes(*roles), "branch__path"))
    counts: dict[tuple[int, str], int] = {}
    for track_id, path, number in waiting.values_list("track", "branch__path").annotate(n=Count("pk")).order_by():
        counts[track_id, path] = number
    if not counts:
        return
    tracks = _tracks({track_id for track_id, _ in counts})
    committees = {branch.path: branch for branch in Branch.objects.filter(kind=Branch.Kind.COMMITTEE)}
    per_committee: dict[tuple[int, str], int] = {}
    for (track_id, path), number in counts.items():
        committee = _nearest(path, committees)
        if committee:
            per_committee[track_id, committee.path] = per_committee.get((track_id, committee.path), 0) + number
    for (track_id, path), number in sorted(per_committee.items()):
        track, committee = tracks[track_id], committees[path]
        yield Todo(
            kind=kind,
            about=f"campaign:{track.campaign_id}",
            title=title.format(n=number),
            url=f"{reverse(url_name)}?track={track.pk}",
            due=deadline_for(track.stage(stage_kind), committee),
            detail=f"{track} · {committee.short_name}",
            branch=committee,
            roles=roles,
            action=action,
        )


def _nearest(path: str, committees: dict[str, Branch]) -> Branch | None:
    for end in range(len(path) - Branch.steplen, 0, -Branch.steplen):
        if path[:end] in committees:
            return committees[path[:end]]
    return None


def _tracks(pks: set[int], *more: str) -> dict[int, Track]:
    tracks = Track.objects.filter(pk__in=pks).select_related("campaign").prefetch_related("stages__extensions", *more)
    return {track.pk: track for track in tracks}


def recommendations(user: User | None = None) -> Iterator[Todo]:
    """Recommending committees with something to rank and no confirmed list."""
    committees = Branch.objects.recommending()
    if user is not None:
        committees = committees.filter(under(user.scopes(*COMMITTEE_ROLES)))
    committees = list(committees)
    if not committees:
        return
    ranked = Track.objects.filter(
        campaign__status=Campaign.Status.OPEN, recommend_max__isnull=False
    ).select_related("campaign").prefetch_related("stages__extensions")  # fmt: skip
    confirmed = set(
        RecommendationList.objects.filter(confirmed_at__isnull=False).values_list("track_id", "committee_id")
    )
    for track in ranked:
        stage = track.stage(Stage.Kind.RECOMMEND)
        if stage is None or _future(stage):
            continue
        checked = list(
            Application.objects.on_road(Road.RANKED)
            .filter(track=track, status=Status.CHECKED)
            .values_list("branch__path", flat=True)
        )
        for committee in committees:
            number = sum(path.startswith(committee.path) for path in checked)
            if number and (track.pk, committee.pk) not in confirmed:
                yield Todo(
                    kind="recommend",
                    about=f"campaign:{track.campaign_id}",
                    title=f"排序推荐候选支部（{number}个可选，最多推荐{track.recommend_max}个）",
                    url=f"{reverse('applications:ranking', args=[track.pk, committee.pk])}",
                    due=deadline_for(stage, committee),
                    detail=f"{track} · {committee.short_name}",
                    branch=committee,
                    roles=COMMITTEE_ROLES,
                    action="去排序",
                )


def vetoes(user: User | None = None) -> Iterator[Todo]:
    """Proposed vetoes wait for a second inspector."""
    waiting = VetoRecord.objects.filter(state=VetoRecord.State.PROPOSED).select_related(
        "application__branch", "proposed_by"
    )
    if user is None or Role.INSPECTOR not in user.roles:
        return
    waiting = waiting.visible_to(user).filter(~Q(proposed_by=user))
    for record in waiting:
        yield Todo(
            kind="veto",
            about=f"veto:{record.pk}",
            title=f"确认或驳回一票否决：{record.application.branch.short_name}",
            url=reverse("applications:veto", args=[record.pk]),
            due=None,
            detail=f"{record.proposed_by}提出",
            user_id=user.pk,
            action="去确认",
        )


def appeals(user: User | None = None) -> Iterator[Todo]:
    """Open appeals wait for one inspector to look into them and for another to decide."""
    if user is None or Role.INSPECTOR not in user.roles:
        return
    waiting = Appeal.objects.visible_to(user).select_related("veto__application__branch")
    mine = Q(state=Appeal.State.FILED) & ~Q(veto__proposed_by=user)
    mine |= Q(state=Appeal.State.PROPOSED) & ~Q(proposed_by=user) & ~Q(veto__decided_by=user)
    for appeal in waiting.filter(mine):
        filed = appeal.state == Appeal.State.FILED
        yield Todo(
            kind="appeal",
            about=f"appeal:{appeal.pk}",
            title=f"{'复查' if filed else '决定'}申诉：{appeal.veto.application.branch.short_name}",
            url=appeal.get_absolute_url(),
            due=None,
            detail=f"{appeal.appellant}申诉",
            user_id=user.pk,
            action="去复查" if filed else "去决定",
        )


def _future(stage: Stage) -> bool:
    """A stage that has not begun is nobody's debt yet; one that is over still is."""
    return stage.opens_on is not None and stage.opens_on > timezone.localdate()
