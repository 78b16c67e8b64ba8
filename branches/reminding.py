"""The reminder run: who owes what, on which days they are told of it, in which words, and when the committee is."""

import datetime
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from django.utils import timezone

from branches import notices
from branches.models import Branch, Notice, RoleGrant, User
from branches.roles import COMMITTEE_ROLES, Role
from branches.todo import REMINDER_DAYS, Todo, closing_text, days_until, last_day, when_text

ESCALATE_AFTER = 3
# How long after its deadline a matter is still looked at to see whether it was done.
GRACE = datetime.timedelta(days=13)
# What wordings may speak of, and what each stands for.
PLACEHOLDERS = {
    "事项": "要办的事；一人同时欠几项时写作“……等N项”",
    "支部": "欠办的党组织；催办评委时为空",
    "活动": "创建活动的简称",
    "截止": "截止时间，如“4月30日24时”",
    "剩余": "“还有3天截止”“今天截止”“已逾期1天”",
    "明细": "逐项列出事项、截止时间与剩余天数",
}
MARK = re.compile(r"\{([^{}]*)\}")
TITLE, BODY = "{事项}：{剩余}", "{明细}"
# The duty under which the committee is told of what its branches have left undone.
ESCALATED = "escalated"
ESCALATED_TITLE, ESCALATED_BODY = "{支部}逾期未办：{事项}", "{明细}"


@dataclass(frozen=True)
class Wording:
    title: str = TITLE
    body: str = BODY


DEFAULTS = {ESCALATED: Wording(ESCALATED_TITLE, ESCALATED_BODY)}


def _every_day(day: datetime.date) -> bool:
    return True


@dataclass(frozen=True)
class Schedule:
    """When and how the debts of one campaign are spoken of. Without a calendar every day is a working day."""

    name: str = ""
    enabled: bool = True
    days: tuple[int, ...] = REMINDER_DAYS
    escalate_after: int | None = ESCALATE_AFTER
    send_at: datetime.time | None = None
    wordings: Mapping[str, Wording] = field(default_factory=dict)
    is_workday: Callable[[datetime.date], bool] = _every_day

    def day_of(self, last: datetime.date, offset: int) -> datetime.date:
        """The day on which it is said: never on a day off, before the deadline rather earlier, after it later."""
        day, step = last - datetime.timedelta(days=offset), datetime.timedelta(days=1 if offset < 0 else -1)
        for _ in range(31):
            if self.is_workday(day):
                break
            day += step
        return day

    def says(self, todo: Todo, since: datetime.date, today: datetime.date) -> bool:
        """Whether one of its days has come since the last run (outages are made up for), or is today."""
        if todo.due is None:
            return False
        last = last_day(todo.due)
        return any(since < self.day_of(last, offset) <= today for offset in todo.days or self.days)

    def escalates(self, todo: Todo, since: datetime.date, today: datetime.date) -> bool:
        if todo.due is None or self.escalate_after is None:
            return False
        return since < self.day_of(last_day(todo.due), -self.escalate_after) <= today

    def wording(self, duty: str) -> Wording:
        return self.wordings.get(duty) or DEFAULTS.get(duty) or Wording()


def problems(text: str) -> list[str]:
    """What is wrong with a wording, in words: placeholders nobody knows, braces without a partner."""
    found = [
        f"不认识占位符{{{name}}}，可用的是{'、'.join(f'{{{known}}}' for known in PLACEHOLDERS)}。"
        for name in dict.fromkeys(MARK.findall(text))
        if name not in PLACEHOLDERS
    ]
    if set("{}").intersection(MARK.sub("", text)):
        found.append("花括号没有成对，请检查“{”和“}”。")
    return found


def fill(text: str, values: Mapping[str, str]) -> str:
    return MARK.sub(lambda mark: values.get(mark.group(1), mark.group(0)), text)


def remind(
    todos: Iterable[Todo],
    schedules: Mapping[int, Schedule] | None = None,
    default: Schedule | None = None,
    last_run: datetime.date | None = None,
) -> int:
    """Write the reminders due today: one notice per person, campaign and kind, whatever it lists. Safe to repeat.

    Three queries for whom to tell, however much is owed. Returns how many notices were due, new or not.
    """
    today = timezone.localdate()
    yesterday = today - datetime.timedelta(days=1)
    since = max(min(last_run or yesterday, yesterday), today - datetime.timedelta(days=7))
    addressees = Addressees()
    owed: dict[tuple[int, str, str], list[Todo]] = defaultdict(list)
    for todo in todos:
        schedule = (schedules or {}).get(todo.campaign or 0) or default or Schedule()
        if not schedule.enabled:
            continue
        if schedule.says(todo, since, today):
            for pk in addressees.debtors(todo):
                owed[pk, todo.about, todo.kind].append(todo)
        elif schedule.escalates(todo, since, today):
            for pk in addressees.superiors(todo):
                owed[pk, todo.topic or todo.about, f"{ESCALATED}.{todo.duty}"].append(todo)
    drafts = []
    for (pk, about, kind), items in owed.items():
        schedule = (schedules or {}).get(items[0].campaign or 0) or default or Schedule()
        drafts.append(_reminder(addressees, pk, about, kind, items, schedule))
    notices.deliver(drafts)
    return len(drafts)


class Addressees:
    """Who answers for what, read once for a whole run."""

    def __init__(self) -> None:
        self.users = {user.pk: user for user in User.objects.filter(is_active=True)}
        self.grants: dict[tuple[int, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.posts: dict[tuple[int, str], list[int]] = defaultdict(list)
        held = RoleGrant.objects.in_force().values_list("pk", "user_id", "branch_id", "role")
        for pk, user_id, branch_id, role in held:
            if user_id in self.users:
                self.grants[branch_id, role][user_id].append(pk)
                self.posts[user_id, role].append(pk)
        committees = Branch.objects.filter(kind=Branch.Kind.COMMITTEE, active=True)
        self.committees = dict(committees.values_list("path", "pk"))

    def debtors(self, todo: Todo) -> set[int]:
        """Whoever holds one of the roles on the branch; the one person, for as long as he or she holds one anywhere."""
        if todo.user_id:
            able = not todo.roles or any((todo.user_id, role) in self.posts for role in todo.roles)
            return {todo.user_id} & self.users.keys() if able else set()
        return self._of(todo.branch.pk if todo.branch else None, todo.roles)

    def superiors(self, todo: Todo) -> set[int]:
        """The committee right above the debtor; the city office for what is owed in person or right below it."""
        if todo.roles == (Role.CAMPAIGN_ADMIN,):
            return set()  # nobody stands above the office here
        above = self._committee_above(todo.branch) if todo.branch and not todo.user_id else None
        told = self._of(above, COMMITTEE_ROLES)
        return told or self._of(self.committees.get(self._root()), (Role.CAMPAIGN_ADMIN,))

    def grants_for(self, user_id: int, items: Iterable[Todo], kind: str) -> list[int]:
        """The grants by which somebody is told of these; none in particular where it is the person's own."""
        held: set[int] = set()
        for item in items:
            if kind.startswith(ESCALATED):
                above = self._committee_above(item.branch) if item.branch else None
                places = [(above, role) for role in COMMITTEE_ROLES]
                places.append((self.committees.get(self._root()), Role.CAMPAIGN_ADMIN))
            else:
                places = [(item.branch.pk, role) for role in item.roles] if item.branch and not item.user_id else []
                if item.user_id:
                    held.update(pk for role in item.roles for pk in self.posts.get((user_id, role), ()))
            for place in places:
                held.update(self.grants.get(place, {}).get(user_id, ()))
        return sorted(held)

    def _of(self, branch_pk: int | None, roles: Iterable[str]) -> set[int]:
        return set().union(*(self.grants.get((branch_pk, role), {}).keys() for role in roles))

    def _committee_above(self, branch: Branch) -> int | None:
        for end in range(len(branch.path) - Branch.steplen, 0, -Branch.steplen):
            if branch.path[:end] in self.committees:
                return self.committees[branch.path[:end]]
        return None

    def _root(self) -> str:
        return min(self.committees, key=len, default="")


def _reminder(addressees: Addressees, pk: int, about: str, kind: str, items: list[Todo], schedule: Schedule) -> Notice:
    """One notice for all that falls together, most urgent first, each with its own date."""
    items = sorted(items, key=lambda item: item.due or timezone.now())
    escalated = kind.startswith(ESCALATED)
    title, body = said(items, schedule, escalated=escalated)
    return notices.draft(
        addressees.users[pk],
        f"remind.{kind}",
        about=about,
        title=title,
        body=body,
        url=items[0].overview if escalated else items[0].url if len(items) == 1 else "/",
        topic=items[0].topic,
        grants=addressees.grants_for(pk, items, kind),
        matters=[item.matter for item in items],
        deadline=items[-1].due,
        send_after=_today_at(schedule.send_at),
    )


def said(items: list[Todo], schedule: Schedule, *, escalated: bool = False) -> tuple[str, str]:
    """Title and text of the notice, in the campaign's wording."""
    first = items[0]
    places = list(dict.fromkeys(item.branch.short_name for item in items if item.branch))
    several_places = f"{places[0]}等{len(places)}个单位" if len(places) > 1 else "".join(places)
    alone = len(items) == 1 or (escalated and len({item.title for item in items}) == 1)
    values = {
        "事项": first.title if alone else f"{first.title}等{len(items)}项",
        "支部": several_places if escalated else "".join(places[:1]),
        "活动": schedule.name,
        "截止": closing_text(first.due) if first.due else "",
        "剩余": when_text(days_until(first.due)) if first.due else "",
        "明细": "\n".join(_line(item, escalated=escalated) for item in items),
    }
    wording = schedule.wording(ESCALATED if escalated else first.duty)
    return fill(wording.title, values)[:200], fill(wording.body, values)


def _line(item: Todo, *, escalated: bool) -> str:
    who = f"{item.branch.short_name}：" if escalated and item.branch else ""
    due = f"（{closing_text(item.due)}截止，{when_text(item.days_left or 0)}）" if item.due else ""
    return f"· {who}{item.title}{due}"


def _today_at(at: datetime.time | None) -> datetime.datetime | None:
    if at is None:
        return None
    moment = datetime.datetime.combine(timezone.localdate(), at)
    return timezone.make_aware(moment, timezone.get_default_timezone())
