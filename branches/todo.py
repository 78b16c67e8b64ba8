"""What somebody still owes: one shape for the home page, the reminders and the committee's overview."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from branches import notices
from branches.models import Branch, Notice, RoleGrant, User

# Days to the deadline on which a reminder goes out; negative is after it.
REMINDER_DAYS = (7, 3, 1, 0, -1)


@dataclass(frozen=True)
class Todo:
    """One open obligation. `branch` and `roles` say who owes it, or `user_id` when it is one person's."""

    kind: str
    about: str
    title: str
    url: str
    due: datetime.datetime | None
    detail: str = ""
    branch: Branch | None = None
    roles: tuple[str, ...] = ()
    user_id: int | None = None
    action: str = "去办理"

    @property
    def days_left(self) -> int | None:
        """Whole calendar days in Asia/Shanghai: 0 on the last day itself, negative when overdue."""
        return days_until(self.due) if self.due else None

    @property
    def overdue(self) -> bool:
        return self.due is not None and self.due < timezone.now()


def last_day(due: datetime.datetime) -> datetime.date:
    """The last day on which there is still time: a deadline at midnight belongs to the day before."""
    return timezone.localdate(due - datetime.timedelta(microseconds=1))


def days_until(due: datetime.datetime) -> int:
    return (last_day(due) - timezone.localdate()).days


def closing_text(due: datetime.datetime) -> str:
    """“4月30日24时” for the end of a day, “4月30日 17:20” for another instant; the year where it is not this one."""
    day, local = last_day(due), timezone.localtime(due)
    year = "" if day.year == timezone.localdate().year else f"{day.year}年"
    at = "24时" if local.time() == datetime.time.min else f" {local:%H:%M}"
    return f"{year}{day.month}月{day.day}日{at}"


def day_text(day: datetime.date) -> str:
    """“4月30日”, the year where it is not this one."""
    year = "" if day.year == timezone.localdate().year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"


def moment_text(at: datetime.datetime) -> str:
    """“4月30日 17:20”, the year where it is not this one."""
    local = timezone.localtime(at)
    return f"{day_text(local.date())} {local:%H:%M}"


def when_text(days: int) -> str:
    """How a reminder speaks of its deadline."""
    if days > 0:
        return f"还有{days}天截止"
    return "今天截止" if days == 0 else f"已逾期{-days}天"


def remind(todos: Iterable[Todo]) -> int:
    """Write the reminders due today: one notice per person, campaign and kind, whatever it lists. Safe to repeat."""
    people = _people_by_branch_and_role()
    users = {user.pk: user for user in User.objects.filter(is_active=True)}
    owed: dict[tuple[int, str, str], list[Todo]] = defaultdict(list)
    for todo in todos:
        if todo.days_left in REMINDER_DAYS:
            for pk in _debtors(todo, people) & users.keys():
                owed[pk, todo.about, todo.kind].append(todo)
    notices.deliver([_reminder(users[pk], about, kind, items) for (pk, about, kind), items in owed.items()])
    return len(owed)


def _reminder(user: User, about: str, kind: str, items: list[Todo]) -> Notice:
    """One notice for all that the person owes of this kind today, most urgent first, each with its own date."""
    items = sorted(items, key=lambda item: item.days_left or 0)
    first = items[0]
    title = first.title if len(items) == 1 else f"{first.title}等{len(items)}项"
    return notices.draft(
        user,
        f"remind.{kind}",
        about=about,
        title=f"{title}：{when_text(first.days_left or 0)}",
        body="\n".join(
            f"· {item.title}（{closing_text(item.due)}截止，{when_text(item.days_left or 0)}）" for item in items
        ),
        url=first.url if len(items) == 1 else "/",
    )


def _debtors(todo: Todo, people: dict[tuple[int, str], set[int]]) -> set[int]:
    if todo.user_id:
        return {todo.user_id}
    if todo.branch is None:
        return set()
    return set().union(*(people.get((todo.branch.pk, role), set()) for role in todo.roles))


def _people_by_branch_and_role() -> dict[tuple[int, str], set[int]]:
    people: dict[tuple[int, str], set[int]] = defaultdict(set)
    for user_id, branch_id, role in RoleGrant.objects.in_force().values_list("user_id", "branch_id", "role"):
        people[branch_id, role].add(user_id)
    return people
