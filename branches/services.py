"""Writes about people: accounts, passwords, grants, and which notices were read."""

import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from branches import audit
from branches.models import Branch, Heartbeat, NoticeQuerySet, RoleGrant, User
from branches.roles import SEPARATED_ROLES, Role

# What an administrator may change about an account; the 警号 is its name in the log and stays.
ACCOUNT_FIELDS = ("name", "unit", "email", "phone", "speciality", "valid_until")


def create_account(*, police_no: str, password: str, by: User, **fields: Any) -> User:
    """Make an account that can log in and nothing else. Code `taken` when the 警号 is in use."""
    user = User(police_no=police_no, **fields)
    _refuse_outside(user, by)
    validate_password(password, user)
    user.set_password(password)
    with audit.recorded():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise ValidationError(f"警号{police_no}已有账号，请核对后再建。", code="taken") from None
        audit.record("account.create", user, by=by, branch=user.unit, police_no=police_no, **_plain(fields))
    return user


def change_account(user: User, *, by: User, **fields: Any) -> User:
    """Change the named fields; what stays the same is not logged."""
    with audit.recorded():
        # Locked so that the old values in the log are those this change replaced.
        current = User.objects.select_for_update(of=("self",), no_key=True).select_related("unit").get(pk=user.pk)
        changes = {}
        for name in ACCOUNT_FIELDS:
            if name in fields and getattr(current, name) != fields[name]:
                changes[name] = [_plain_value(getattr(current, name)), _plain_value(fields[name])]
                setattr(current, name, fields[name])
        _refuse_outside(current, by)
        if changes:
            current.save(update_fields=list(changes))
            audit.record("account.change", current, by=by, branch=current.unit, **changes)
    return current


def set_active(user: User, active: bool, *, by: User) -> User:
    """Switch an account on or off; nobody switches off their own. Codes `own_account`, `unchanged`."""
    if user.pk == by.pk:
        raise ValidationError("不能停用自己的账号，请由另一位系统管理员办理。", code="own_account")
    with audit.recorded():
        changed = User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active)
        if changed != 1:
            raise ValidationError("该账号的状态已被改动，请刷新页面查看。", code="unchanged")
        user.is_active = active
        action = "account.activate" if active else "account.deactivate"
        audit.record(action, user, by=by, branch=user.unit, is_active=[not active, active])
    return user


def change_password(user: User, password: str, *, by: User) -> None:
    """Set a new password; the log knows that it changed, never what to."""
    validate_password(password, user)
    with audit.recorded():
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record("account.password", user, by=by, branch=user.unit)


def record_login(user: User) -> None:
    with audit.recorded():
        audit.record("session.login", user, by=user, branch=user.unit)


def record_logout(user: User) -> None:
    with audit.recorded():
        audit.record("session.logout", user, by=user, branch=user.unit)


def grant_role(
    user: User,
    *,
    role: str,
    branch: Branch,
    by: User,
    valid_from: datetime.date | None = None,
    valid_to: datetime.date | None = None,
) -> RoleGrant:
    """Give a role on a node. Codes `own_account`, `outside`, `inactive`, `dates`, `already`, `separated`."""
    valid_from = valid_from or timezone.localdate()
    if user.pk == by.pk:
        raise ValidationError("不能给自己授权，请由另一位安全管理员办理。", code="own_account")
    if not by.holds((Role.SECURITY_ADMIN,), branch):
        raise ValidationError(f"“{branch.name}”不在您的管理范围内，不能在其上授权。", code="outside")
    if not user.is_active:
        raise ValidationError(f"{user.name}的账号已停用，请先由系统管理员启用。", code="inactive")
    if valid_from < timezone.localdate():
        raise ValidationError("授权不能倒签：开始日期最早为今天。", code="dates")
    if valid_to and valid_to < valid_from:
        raise ValidationError("结束日期不能早于开始日期。", code="dates")
    with audit.recorded():
        # Locked so that two grants made at once cannot together break the separation.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        held = RoleGrant.objects.filter(user=user).filter(Q(valid_to=None) | Q(valid_to__gte=valid_from))
        if valid_to:
            held = held.filter(valid_from__lte=valid_to)
        _refuse_second_role(user, role, branch, list(held))
        grant = RoleGrant.objects.create(
            user=user, role=role, branch=branch, valid_from=valid_from, valid_to=valid_to, granted_by=by
        )
        audit.record(
            "grant.give", grant, by=by, branch=branch, user=user.police_no, role=grant.get_role_display(),
            valid_from=valid_from, valid_to=valid_to,
        )  # fmt: skip
    return grant


def revoke_grant(grant: RoleGrant, *, by: User) -> None:
    """End a grant at once: it held until yesterday, or never when it began today. Codes `own_account`, `over`."""
    if grant.user_id == by.pk:
        raise ValidationError("不能收回自己的授权，请由另一位安全管理员办理。", code="own_account")
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    in_force = RoleGrant.objects.filter(Q(valid_to=None) | Q(valid_to__gte=today), pk=grant.pk)
    with audit.recorded():
        ended = in_force.filter(valid_from__lt=today).update(valid_to=yesterday)
        if not ended:
            ended, _ = in_force.filter(valid_from__gte=today).delete()
        if ended != 1:
            raise ValidationError("该授权已经结束，请刷新页面查看。", code="over")
        audit.record(
            "grant.revoke", grant, by=by, branch=grant.branch, user=grant.user.police_no,
            role=grant.get_role_display(), valid_to=[grant.valid_to, yesterday],
        )  # fmt: skip


def note_run(task: str, *, by: User) -> None:
    """Put on record that somebody started a scheduled task by hand."""
    with audit.recorded():
        heart, _ = Heartbeat.objects.get_or_create(name=f"task:{task}")
        audit.record("task.run", heart, by=by, task=task)


def choose_pace(user: User, pace: str) -> None:
    """How often one is told outside the app; what waits already keeps its time. Nobody else's affair, so not logged."""
    User.objects.filter(pk=user.pk).update(notice_pace=pace)


def mark_read(notices: NoticeQuerySet) -> int:
    """Mark notices as read; not an act that anybody else cares about, so not logged."""
    return notices.filter(read_at=None).update(read_at=timezone.now())


def _refuse_second_role(user: User, role: str, branch: Branch, held: list[RoleGrant]) -> None:
    if any(grant.role == role and grant.branch_id == branch.pk for grant in held):
        raise ValidationError(f"{user.name}在“{branch.name}”已有{Role(role).label}授权，无需重复授予。", code="already")
    others = {grant.role for grant in held} - {role}
    in_the_way = others if role in SEPARATED_ROLES else others.intersection(SEPARATED_ROLES)
    if in_the_way:
        names = "、".join(item.label for item in Role if item in in_the_way)
        raise ValidationError(
            f"三员分立：系统管理员、安全管理员、审计员由不同的人担任，且不兼业务职务；"
            f"{user.name}现任{names}，不能再任{Role(role).label}。请先收回原授权，或另选人员。",
            code="separated",
        )


def _refuse_outside(user: User, by: User) -> None:
    if not by.holds((Role.SYSTEM_ADMIN,), user.unit):
        raise ValidationError(f"“{user.unit.name}”不在您的管理范围内。", code="outside")


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in fields.items() if value not in (None, "")}


def _plain_value(value: Any) -> Any:
    return str(value) if isinstance(value, Branch) else value
