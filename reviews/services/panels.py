"""Forming panels, keeping conflicts out of them, and handing out the work."""

from collections import Counter
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from applications.models import Application, Reader
from applications.services import gate
from applications.states import Status
from branches import audit, notices
from branches.models import User
from reviews.models import Assignment, Conflict, Panel, PanelMember, Review, same_committee
from standards.models import ScoreComponent, Track

UNDER_REVIEW = (Status.RECOMMENDED, Status.IN_REVIEW)


def form_panel(
    track: Track, component: ScoreComponent, *, kind: str, name: str, members: Iterable[User], leader: User, by: User
) -> Panel:
    """Form a panel for one component. Members need the panel's role; nobody sits in both kinds (S2-35, S2-38).

    Codes: `not_panel_component`, `no_role`, `both_kinds`, `no_leader`.
    """
    people = list({user.pk: user for user in members}.values())
    if not component.by_panel or component.track_id != track.pk:
        raise ValidationError("该计分构成不由评审组评分。", code="not_panel_component")
    if leader.pk not in {user.pk for user in people}:
        raise ValidationError("组长须在成员之中。", code="no_leader")
    panel = Panel(track=track, component=component, kind=kind, name=name, created_by=by)
    if without := [user.name for user in people if panel.role_needed not in user.roles]:
        raise ValidationError(
            f"{'、'.join(without)}没有“{panel.get_kind_display()}”所需的职务授权，请先由安全管理员授权。",
            code="no_role",
        )
    other = PanelMember.objects.filter(panel__track=track, user__in=people).exclude(panel__kind=kind)
    if other.exists():
        names = "、".join(other.values_list("user__name", flat=True))
        raise ValidationError(f"{names}已在另一类评审组中：考核组与专家组须分开组建。", code="both_kinds")
    with audit.recorded():
        panel.save()
        PanelMember.objects.bulk_create(
            [PanelMember(panel=panel, user=user, is_leader=user.pk == leader.pk) for user in people]
        )
        audit.record("panel.form", panel, by=by, members=[user.name for user in people], leader=leader.name)
    return panel


def conflict_reason(user: User, application: Application) -> str | None:
    """Own unit, or own county: what the tree alone tells. None where there is no conflict."""
    unit, branch = user.unit, application.branch
    if unit.path == branch.path:
        return Conflict.Reason.OWN_UNIT
    if same_committee(user, branch):
        return Conflict.Reason.OWN_COMMITTEE
    return None


def find_conflicts(panel: Panel, *, by: User | None) -> int:
    """Write down every conflict the tree shows between the panel's members and the track's candidates."""
    members = [member.user for member in panel.members.select_related("user__unit")]
    candidates = list(candidates_of(panel))
    found = [
        Conflict(application=application, user=user, reason=reason)
        for user in members
        for application in candidates
        if (reason := conflict_reason(user, application))
    ]
    with audit.recorded():
        Conflict.objects.bulk_create(found, ignore_conflicts=True)
        _close_access([(conflict.application_id, conflict.user_id) for conflict in found])
        audit.record("conflict.find", panel, by=by, conflicts=len(found))
    return len(found)


def declare_conflict(assignment: Assignment, *, remark: str, by: User) -> Conflict:
    """The reviewer steps back, or the office says so: access is closed at once, what was scored no longer counts."""
    if not remark.strip():
        raise ValidationError("请写明需要回避的理由。", code="no_reason")
    application = assignment.application
    with audit.recorded():
        # Locked as assigning locks it: access cannot be given back by an assignment under way.
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        conflict, _ = Conflict.objects.get_or_create(
            application=application,
            user=assignment.user,
            defaults={"reason": Conflict.Reason.DECLARED, "remark": remark},
        )
        _close_access([(application.pk, assignment.user_id)])
        audit.record("conflict.declare", application, by=by, branch=application.branch, remark=remark)
        office = assignment.panel.created_by
        notices.post(
            [office] if office and office != by else [],
            "conflict.declared",
            about=f"assignment:{assignment.pk}",
            title=f"{assignment.user}申报回避：{application.branch.short_name}",
            body=remark,
            url=f"/reviews/panels/{assignment.panel_id}/",
        )
    return conflict


def candidates_of(panel: Panel) -> QuerySet[Application]:
    return (
        Application.objects.filter(track=panel.track, status__in=UNDER_REVIEW)
        .select_related("branch", "track")
        .order_by("branch__path")
    )


def assign(panel: Panel, *, by: User, pairs: Iterable[tuple[User, Application]] | None = None) -> int:
    """Hand out the work: the given (member, application) pairs, or everyone to everything; conflicts are left out.

    The first assignment of an application starts its review. Returns how many pairs are new.
    """
    with audit.recorded():
        # Locked in one order, then read: two panels assigned at once, or a conflict declared meanwhile, wait here.
        list(
            Application.objects.select_for_update(no_key=True).filter(track=panel.track_id).order_by("pk").values("pk")
        )
        find_conflicts(panel, by=by)
        fresh = _fresh_pairs(panel, pairs)
        Assignment.objects.bulk_create(
            [Assignment(panel=panel, user=user, application=app) for user, app in fresh], ignore_conflicts=True
        )
        Reader.objects.bulk_create([Reader(application=app, user=user) for user, app in fresh], ignore_conflicts=True)
        for application in {app.pk: app for _, app in fresh}.values():
            if application.status == Status.RECOMMENDED:
                gate.move(application, "start_review", by=by)
        audit.record("panel.assign", panel, by=by, assignments=len(fresh))
        shares = Counter(user for user, _ in fresh)
        notices.deliver(
            [
                notices.draft(
                    user,
                    "assignment.new",
                    about=f"panel:{panel.pk}",
                    title=f"{panel}：您有新的评审任务",
                    body=f"{panel.track}，共{share}个支部。如与某支部有利害关系，请先申报回避。",
                    url="/reviews/",
                )
                for user, share in shares.items()
            ]
        )
    return len(fresh)


def _fresh_pairs(panel: Panel, pairs: Iterable[tuple[User, Application]] | None) -> list[tuple[User, Application]]:
    """The wanted pairs that are new and that no conflict bars."""
    members = [member.user for member in panel.members.select_related("user")]
    candidates = {application.pk: application for application in candidates_of(panel)}
    wanted = list(pairs) if pairs is not None else [(user, app) for app in candidates.values() for user in members]
    left_out = set(
        Conflict.objects.filter(application__in=candidates, user__in=members).values_list("application_id", "user_id")
    ) | set(panel.assignments.values_list("application_id", "user_id"))
    member_pks = {user.pk for user in members}
    return [
        (user, candidates[app.pk])
        for user, app in wanted
        if app.pk in candidates and user.pk in member_pks and (app.pk, user.pk) not in left_out
    ]


def unassign(assignment: Assignment, *, by: User) -> None:
    """Take back work that has not begun (code `has_reviews` otherwise)."""
    if Review.objects.filter(assignment=assignment).exists():
        raise ValidationError("该评委已开始评分，不能取消分工；如需排除其分数，请登记回避。", code="has_reviews")
    with audit.recorded():
        audit.record(
            "panel.unassign", assignment.panel, by=by, branch=assignment.application.branch,
            member=assignment.user.name, application=str(assignment.application),
        )  # fmt: skip
        pair = (assignment.application_id, assignment.user_id)
        assignment.delete()
        if not Assignment.objects.filter(application=pair[0], user=pair[1]).exists():
            Reader.objects.filter(application=pair[0], user=pair[1]).delete()


def _close_access(pairs: Iterable[tuple[int, int]]) -> None:
    for application_id, user_id in pairs:
        Reader.objects.filter(application=application_id, user=user_id).delete()
