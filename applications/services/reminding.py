"""Urging by hand: the branches that have not submitted, and those where only the secretary's own press is missing."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from applications.completeness import gaps
from applications.models import Application
from applications.ready import may_still
from applications.states import Status
from branches import audit, notices, todo
from branches.models import Notice, User
from branches.roles import BRANCH_ROLES, Role
from standards import deadlines
from standards.models import Stage

MANUAL, READY = "remind.manual", "remind.ready"
# How many branches a message names before it only counts.
NAMED = 8


class Urged(NamedTuple):
    """What became of each application that was to be urged."""

    told: list[Application]
    already: list[Application]
    nobody: list[Application]
    owing_nothing: list[Application]

    def words(self, offices: str) -> list[str]:
        """A sentence for every reason why somebody was not told; `offices` says who would have been."""
        reasons = (
            ("今天已经提醒过", self.already),
            (f"没有在任的{offices}，请联系该支部所属党委尽快明确", self.nobody),
            ("不用提醒（已经提交，或内容还没有齐备）", self.owing_nothing),
        )
        return [f"{len(found)}个支部{why}：{_names(found)}。" for why, found in reasons if found]


def _names(applications: list[Application]) -> str:
    named = "、".join(each.branch.short_name for each in applications[:NAMED])
    return f"{named}等" if len(applications) > NAMED else named


def remind_branches(applications: Iterable[Application], *, by: User) -> Urged:
    """Urge the branches that have not submitted, each once a day; code `nobody` when there was none to tell."""
    wanted: list[Application] = []
    rest: list[Application] = []
    for each in applications:
        (wanted if each.status == Status.PREPARING else rest).append(each)
    nudges = {
        each.pk: _nudge(each, f"请抓紧办理：{each.track}", f"{by.name}提醒：请完成自评与申报表并提交申报。")
        for each in wanted
    }
    return _urge(MANUAL, wanted, nudges, rest, BRANCH_ROLES, "书记和经办人", by=by)


def remind_ready(applications: Iterable[Application], *, by: User) -> Urged:
    """Tell the secretaries that all is there and only their own submission is missing, each once a day.

    Who is not ready any more is passed over, as is who cannot submit now; code `nobody` when there was none to tell.
    """
    wanted: list[Application] = []
    rest: list[Application] = []
    for each in applications:
        is_ready = each.status == Status.PREPARING and may_still(each) and not gaps(each, by_total=True)
        (wanted if is_ready else rest).append(each)
    nudges = {
        each.pk: _nudge(
            each,
            f"内容已齐备，只差书记提交：{each.track}",
            f"{by.name}提醒：本支部的申报内容已经齐备，只差书记本人核对后点“确认提交”；{_until(each)}没有提交的不算申报。",
        )
        for each in wanted
    }
    return _urge(READY, wanted, nudges, rest, [Role.SECRETARY], "书记", by=by)


def _nudge(application: Application, title: str, body: str) -> notices.Nudge:
    """Over once the submission is not owed any more, under the name the list of obligations gives it."""
    topic, url = f"campaign:{application.track.campaign_id}", application.get_absolute_url()
    kind = "returned" if application.returns else "submit"
    return notices.Nudge(
        branch=application.branch, about=_about(application), title=title, body=body, url=url, topic=topic,
        matters=(todo.matter_of(kind, topic, url, branch=application.branch),),
    )  # fmt: skip


def _until(application: Application) -> str:
    stage = application.stage(Stage.Kind.APPLY)
    day = deadlines.last_day(stage, application.branch) if stage else None
    return f"{day.year}年{day.month}月{day.day}日24时截止，" if day else ""


def _urge(
    kind: str,
    wanted: list[Application],
    nudges: dict[int, notices.Nudge],
    rest: list[Application],
    roles: Iterable[str],
    offices: str,
    *,
    by: User,
) -> Urged:
    with audit.recorded():
        found = notices.nudge(kind, list(nudges.values()), roles, by=by)
        told, already, nobody = ({each.about for each in part} for part in found)
        urged = Urged(
            [each for each in wanted if _about(each) in told],
            [each for each in wanted if _about(each) in already],
            [each for each in wanted if _about(each) in nobody],
            rest,
        )
        for each in urged.told:
            audit.record("application.remind", each, by=by, branch=each.branch)
    if not urged.told:
        why = "".join(urged.words(offices)) or "请先勾选支部。"
        raise ValidationError(f"没有发出提醒。{why}", code="nobody")
    return urged


def _about(application: Application) -> str:
    return f"application:{application.pk}"


@dataclass(frozen=True)
class Reminded:
    """The reminders one branch was given by hand: the last one, and on how many days there was one."""

    at: datetime.datetime
    by: str
    times: int

    @property
    def words(self) -> str:
        often = f"，共{self.times}次" if self.times > 1 else ""
        return f"{todo.moment_text(self.at)}{self.by}已提醒{often}"

    @property
    def today(self) -> bool:
        return timezone.localdate(self.at) == timezone.localdate()


def reminders_of(applications: Iterable[Application], *kinds: str) -> dict[int, Reminded]:
    """By the key of the application, of these kinds or of all: one query."""
    keys = {_about(each): each.pk for each in applications}
    days = (
        Notice.objects.filter(kind__in=kinds or (MANUAL, READY), about__in=list(keys))
        .order_by()
        .values("about", "kind", "due_on")
        .annotate(at=Max("created_at"), by=Max("sender__name"))
    )
    found: dict[int, Reminded] = {}
    for each in sorted(days, key=lambda day: day["at"]):
        before = found.get(keys[each["about"]])
        found[keys[each["about"]]] = Reminded(each["at"], each["by"] or "", before.times + 1 if before else 1)
    return found
