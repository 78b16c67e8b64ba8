"""What the platform already knows and offers for a field of the 申报表 (S1-59: recorded once, used many times).

Facts of one's own records are put into a field that nobody has touched yet; the longer texts and last round's words are
only offered beside it. Nothing here writes.
"""

import datetime
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from applications.models import Application, Rectification
from branches.models import RoleGrant
from branches.roles import Role
from standards.models import FormField, StageTask

Source = FormField.Source
SOURCE, PREVIOUS = "source", "previous"
# Facts, which stand in the form as they stand in the records; measures and the like are raw material for one's own words.
AUTOMATIC = frozenset({Source.HONOURS, Source.EXPECTED, Source.PRESENT, Source.PHONE})
HONOUR_YEARS = 3
TAKEN_FROM = {
    Source.HONOURS: "荣誉台账",
    Source.MEASURES: "创建活动计划",
    Source.RECTIFIED: "整改台账",
    Source.EXPECTED: "党员大会登记",
    Source.PRESENT: "党员大会登记",
    Source.PHONE: "经办人账号",
}


@dataclass(frozen=True)
class Offer:
    """A text for one field: from where (`origin` names it in the page's buttons), and whether it fills a blank by itself."""

    origin: str
    label: str
    text: str
    automatic: bool


def offers(application: Application) -> dict[str, list[Offer]]:
    """By the key of the field; a source that has nothing to offer is left out. At most one query per kind of source."""
    fields = application.track.form_fields.all()
    found: dict[str, list[Offer]] = defaultdict(list)
    meeting = _once(lambda: _meeting(application))
    readers: dict[str, Callable[[], str]] = {
        Source.HONOURS: lambda: _honours(application),
        Source.MEASURES: lambda: _measures(application),
        Source.RECTIFIED: lambda: _rectified(application),
        Source.EXPECTED: lambda: meeting()[0],
        Source.PRESENT: lambda: meeting()[1],
        Source.PHONE: lambda: _phone(application),
    }
    for field in fields:
        if field.source and (text := readers[field.source]()):
            label, automatic = TAKEN_FROM[Source(field.source)], field.source in AUTOMATIC
            found[field.key].append(Offer(SOURCE, label, text, automatic))
    previous, where = _previous(application)
    for field in fields:
        if text := str(previous.get(field.key, "")).strip():
            found[field.key].append(Offer(PREVIOUS, f"上一轮填写的内容：{where}", text, False))
    return found


def _once(read: Callable[[], tuple[str, str]]) -> Callable[[], tuple[str, str]]:
    """The same answer for every field that asks, read when the first one does."""
    known: list[tuple[str, str]] = []

    def answer() -> tuple[str, str]:
        if not known:
            known.append(read())
        return known[0]

    return answer


def _honours(application: Application) -> str:
    """Those of the last three years, one a line, as the form asks for them."""
    today = timezone.localdate()
    since = datetime.date(today.year - HONOUR_YEARS, today.month, 1)
    return "\n".join(honour.words for honour in application.branch.honours.filter(awarded_on__gte=since))


def _measures(application: Application) -> str:
    lines = []
    for number, item in enumerate(application.plan_items.all(), 1):
        known = (("基数", item.baseline), ("目标", item.target), ("实际", item.actual))
        figures = "，".join(f"{label}{value}" for label, value in known if value)
        aim = "：".join(text for text in (item.indicator, figures) if text)
        lines.append(f"{number}．{item.measure}{f'（{aim}）' if aim else ''}")
    return "\n".join(lines)


def _rectified(application: Application) -> str:
    done = application.rectifications.exclude(state=Rectification.State.OPEN)
    return "\n".join(
        f"{number}．{'；'.join(text for text in (item.gap, item.measure, item.outcome) if text)}"
        for number, item in enumerate(done, 1)
    )


def _meeting(application: Application) -> tuple[str, str]:
    """应到 and 实到 of the last 党员大会 that was recorded."""
    held = application.task_records.filter(task__kind=StageTask.Kind.MEMBERS_MEETING).order_by("-held_on", "-pk")
    expected, present = held.values_list("expected", "present").first() or (None, None)
    return str("" if expected is None else expected), str("" if present is None else present)


def _phone(application: Application) -> str:
    """That of the 经办人's account, else of the 书记's."""
    grants = RoleGrant.objects.in_force().filter(
        branch=application.branch, role__in=[Role.CLERK, Role.SECRETARY], user__is_active=True
    )
    # By the role's name: 经办人 (clerk) before 书记 (secretary).
    return grants.exclude(user__phone="").order_by("role", "pk").values_list("user__phone", flat=True).first() or ""


def _previous(application: Application) -> tuple[dict[str, str], str]:
    """What the branch last submitted elsewhere, and where."""
    others = Application.objects.filter(branch=application.branch, submissions__gt=0).exclude(pk=application.pk)
    found = others.order_by("-submitted_at").values_list("form_data", "track__award_name", "track__round_label").first()
    values, award, label = found or ({}, "", "")
    return values, f"{award}（{label}）" if label else award
