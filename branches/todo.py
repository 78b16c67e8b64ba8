"""What somebody still owes: one shape for the home page, the reminders and the committee's overview."""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from branches.models import Branch

# Days to the deadline on which a reminder goes out; negative is after it.
REMINDER_DAYS = (7, 3, 1, 0, -1)
# The term of a branch and the validity of a plaque are spoken of long before.
LONG_REMINDER_DAYS = (90, 30, 7, 0)


@dataclass(frozen=True)
class Todo:
    """One open obligation. `branch` and `roles` say who owes it, or `user_id` when it is one person's by these roles."""

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
    # Where its campaign is not said by `about`; a schedule of its own; where the committee above looks into it.
    campaign_id: int | None = None
    days: tuple[int, ...] = ()
    overview: str = "/"

    @property
    def campaign(self) -> int | None:
        """The key of the campaign it belongs to, whose schedule and wording count."""
        if self.campaign_id is None and self.about.startswith("campaign:"):
            return int(self.about.split(":")[1])
        return self.campaign_id

    @property
    def topic(self) -> str:
        return f"campaign:{self.campaign}" if self.campaign else ""

    @property
    def duty(self) -> str:
        """The first word of the kind: what sort of obligation it is."""
        return self.kind.split(".")[0]

    @property
    def matter(self) -> str:
        """The same for as long as the same debtor owes the same thing: by it a reminder learns that it was done."""
        return matter_of(self.kind, self.about, self.url, branch=self.branch, user_id=self.user_id)

    @property
    def days_left(self) -> int | None:
        """Whole calendar days in Asia/Shanghai: 0 on the last day itself, negative when overdue."""
        return days_until(self.due) if self.due else None

    @property
    def overdue(self) -> bool:
        return self.due is not None and self.due < timezone.now()


def closing_at(day: datetime.date) -> datetime.datetime:
    """The first instant after the day, in Shanghai."""
    midnight = datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min)
    return timezone.make_aware(midnight, timezone.get_default_timezone())


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


def matter_of(kind: str, about: str, url: str, *, branch: Branch | None = None, user_id: int | None = None) -> str:
    debtor = f"u{user_id}" if user_id else f"b{branch.pk if branch else ''}"
    return f"{kind}:{debtor}:{about}:{url}"
