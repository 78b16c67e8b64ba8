"""How numbers, dates and people are written on every page."""

import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import timezone

from branches import audit_labels, channels, notices, todo
from branches.models import User
from branches.roles import Role

register = template.Library()


@register.filter
def points(value: Decimal | float | str | None) -> str:
    """3 rather than 3.00, 2.5 rather than 2.50; a dash where there is no number."""
    if value is None or value == "":
        return "—"
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def when(value: datetime.datetime | None) -> str:
    """“4月30日 17:20”, with the year where it is not this one."""
    if not value:
        return ""
    local = timezone.localtime(value)
    year = "" if local.year == timezone.localdate().year else f"{local.year}年"
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


@register.filter
def day(value: datetime.date | None) -> str:
    """“2026年4月30日”."""
    if not value:
        return ""
    if isinstance(value, datetime.datetime):
        value = timezone.localtime(value).date()
    return f"{value.year}年{value.month}月{value.day}日"


@register.filter
def short_day(value: datetime.date | None) -> str:
    """“4月30日”, with the year where it is not this one."""
    if not value:
        return ""
    return day(value) if value.year != timezone.localdate().year else day(value).split("年")[1]


@register.filter
def closing(value: datetime.datetime | None) -> str:
    """“4月30日24时” for a closing instant."""
    return todo.closing_text(value) if value else ""


@register.filter
def days_left(value: datetime.datetime | None) -> int | None:
    """Calendar days to a closing instant: 0 on its last day, negative when over."""
    return todo.days_until(value) if value else None


@register.filter
def left_text(value: datetime.datetime | None) -> str:
    """“还有3天截止”, “今天截止”, “已逾期2天”."""
    if not value:
        return ""
    if value <= timezone.now():
        return todo.when_text(min(todo.days_until(value), -1))
    return todo.when_text(todo.days_until(value))


@register.filter
def is_past(value: datetime.datetime | None) -> bool:
    return value is not None and value <= timezone.now()


@register.filter
def role_names(user: User) -> list[str]:
    """The roles the person holds today, in the order of the table, each once."""
    return [role.label for role in Role if role in user.roles]


@register.filter
def user_status(user: User) -> str:
    """“启用”, “停用” or “已过期”."""
    if not user.is_active:
        return "停用"
    if user.valid_until and user.valid_until < timezone.localdate():
        return "已过期"
    return "启用"


@register.filter
def get(mapping: dict | None, key: Any) -> Any:
    """mapping[key] for a key held in a variable; None where there is none."""
    return mapping.get(key) if mapping else None


@register.filter
def notice_kind(kind: str) -> str:
    return notices.KINDS.get(kind.split(".")[0], "通知")


@register.filter
def duty(kind: str) -> str:
    """What a reminder is about: “task” of remind.task.plan; “manual” where somebody pressed the button."""
    words = kind.split(".")
    return words[1] if words[0] == "remind" and len(words) > 1 else ""


@register.filter
def channel(code: str) -> str:
    """“邮件”, “短信”, …"""
    return channels.LABELS.get(code, code)


@register.filter
def action_label(code: str) -> str:
    return audit_labels.action_label(code)


@register.filter
def object_label(kind: str) -> str:
    return audit_labels.object_label(kind)


@register.filter
def readable_changes(changes: dict) -> list[tuple[str, str | None, str]]:
    """(field, before or None, after) for every change of an audit entry."""
    rows = []
    for name, value in changes.items():
        if isinstance(value, list) and len(value) == 2:
            rows.append((audit_labels.field_label(name), _said(value[0]), _said(value[1])))
        else:
            rows.append((audit_labels.field_label(name), None, _said(value)))
    return rows


def _said(value: Any) -> str:
    if value is None or value == "":
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(_said(item) for item in value) or "（空）"
    if isinstance(value, dict):
        return "；".join(f"{audit_labels.field_label(key)}：{_said(item)}" for key, item in value.items()) or "（空）"
    return audit_labels.VALUES.get(value, value) if isinstance(value, str) else str(value)
