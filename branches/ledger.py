"""Writes of the branch's ledger 台账: honours are recorded here once and used by every form (S1-59, S1-60)."""

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from branches import audit, notices
from branches.models import Branch, Honour, User, above
from branches.roles import COMMITTEE_ROLES

HONOUR_FIELDS = ("name", "level", "holder", "recipient", "issuer", "document_number", "awarded_on")


def record_honour(branch: Branch, *, by: User, **fields: Any) -> Honour:
    """Enter an honour of the branch. Code `already` when the same one stands there."""
    with audit.recorded():
        honour = _stored(Honour(branch=branch, recorded_by=by, **fields))
        audit.record("honour.record", honour, by=by, branch=branch, **_said(honour))
    return honour


def change_honour(honour: Honour, *, by: User, seen: str, **fields: Any) -> Honour:
    """Change an entry; what stays the same is not logged. `seen` is the `mark` the page showed.

    Codes `stale` (somebody else changed or deleted it meanwhile), `already`.
    """
    with audit.recorded():
        current = _current(honour, seen)
        before = _said(current)
        for name in HONOUR_FIELDS:
            setattr(current, name, fields[name])
        changes = {name: [before[name], value] for name, value in _said(current).items() if before[name] != value}
        if changes:
            _stored(current)
            audit.record("honour.change", current, by=by, branch=current.branch, **changes)
    return current


def delete_honour(honour: Honour, *, by: User, seen: str) -> None:
    """Take an entry out; the log keeps what it said. Code `stale`."""
    with audit.recorded():
        current = _current(honour, seen)
        audit.record("honour.delete", current, by=by, branch=current.branch, **_said(current))
        current.delete()


def _current(honour: Honour, seen: str) -> Honour:
    """The entry as it stands, locked: it must still be the one the page showed."""
    current = (
        Honour.objects.select_for_update(of=("self",), no_key=True)
        .select_related("branch").filter(pk=honour.pk).first()
    )  # fmt: skip
    if current is None:
        raise ValidationError("这项荣誉刚刚被他人删除，本次没有保存；需要时请重新登记。", code="stale")
    if current.mark != seen:
        raise ValidationError(
            f"这项荣誉刚刚被他人改为：{current.words}。本次没有保存；请核对后再次保存，即以您填的为准。", code="stale"
        )
    return current


def _stored(honour: Honour) -> Honour:
    try:
        with transaction.atomic():
            honour.save()
    except IntegrityError:
        raise ValidationError(
            f"“{honour.name}”（{honour.awarded_on}）已经登记过，请不要重复登记。", code="already"
        ) from None
    return honour


def _said(honour: Honour) -> dict[str, str]:
    return {name: str(getattr(honour, name)) for name in HONOUR_FIELDS}


def renew_term(branch: Branch, *, ends_on: datetime.date, basis: str, by: User) -> Branch:
    """Enter the committee's new term after its election (S1-66); the superior committee is told.

    Codes: `not_allowed`, `not_later` (the new term must end after today and after the old one), `no_basis`.
    """
    if not by.has_perm("branches.renew_term", branch):
        raise ValidationError("只有本支部的书记和经办人可以登记换届。", code="not_allowed")
    if not basis.strip():
        raise ValidationError("请填写上级党委的批复文号。", code="no_basis")
    with audit.recorded():
        # Locked so that the older of two entries made at once cannot come out on top.
        current = Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
        if ends_on <= max(timezone.localdate(), current.term_ends_on or timezone.localdate()):
            raise ValidationError("新一届的届满日期须晚于今天，也须晚于原届满日期。", code="not_later")
        Branch.objects.filter(pk=branch.pk).update(term_ends_on=ends_on)
        audit.record(
            "branch.term", branch, by=by, branch=branch, term_ends_on=[current.term_ends_on, ends_on],
            basis=basis.strip(),
        )  # fmt: skip
        above_it = Branch.objects.filter(above([branch.path]), kind=Branch.Kind.COMMITTEE).exclude(pk=branch.pk)
        committee = above_it.order_by("-path").first()
        notices.post(
            notices.holders(committee, *COMMITTEE_ROLES) if committee else [],
            "branch.term",
            about=f"term:{branch.pk}:{ends_on}",
            title=f"{branch.short_name}登记了换届：本届届满{ends_on.year}年{ends_on.month}月{ends_on.day}日",
            body=f"批复文号：{basis.strip()}",
        )
    branch.refresh_from_db()
    return branch
