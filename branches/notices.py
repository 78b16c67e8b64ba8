"""Notices: written with the change they tell of, shown in the app; what goes out beyond it is the outbox's work."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from branches import channels
from branches.models import Branch, Delivery, Notice, RoleGrant, User

# The first word of a notice's kind, as people read it.
KINDS = {
    "remind": "催办提醒",
    "application": "申报进展",
    "plan": "计划报备",
    "campaign": "活动启动",
    "rubric": "标准与方案",
    "stage": "延期",
    "assignment": "评审分工",
    "conflict": "回避",
    "rectification": "自查整改",
    "veto": "一票否决",
    "branch": "换届",
}
CHUNK = 500


def holders(branch: Branch, *roles: str) -> list[User]:
    """The active people who hold one of the roles on the branch itself: not those who reach it from above."""
    return holders_in([branch], *roles)


def holders_in(branches: Iterable[Branch], *roles: str) -> list[User]:
    """The same for several branches at once, each person once, with the grants by which they are told (`held`)."""
    grants = RoleGrant.objects.in_force().filter(
        branch__in=[branch.pk for branch in branches], role__in=roles, user__is_active=True
    )
    people: dict[int, User] = {}
    for grant in grants.select_related("user").order_by("user__police_no", "pk"):
        user = people.setdefault(grant.user_id, grant.user)
        user.held = [*getattr(user, "held", []), grant.pk]
    return list(people.values())


def post(
    recipients: Iterable[User],
    kind: str,
    *,
    about: str,
    title: str,
    body: str = "",
    url: str = "",
    due_on: datetime.date | None = None,
    topic: str = "",
) -> None:
    """Write one notice per recipient; a second one of the same (about, kind, person, day) is dropped by the database."""
    people = {user.pk: user for user in recipients}.values()
    deliver(
        [draft(user, kind, about=about, title=title, body=body, url=url, due_on=due_on, topic=topic) for user in people]
    )


def draft(
    user: User,
    kind: str,
    *,
    about: str,
    title: str,
    body: str = "",
    url: str = "",
    due_on: datetime.date | None = None,
    sender: User | None = None,
    topic: str = "",
    grants: Sequence[int] = (),
    matters: Sequence[str] = (),
    deadline: datetime.datetime | None = None,
    send_after: datetime.datetime | None = None,
) -> Notice:
    """An unsaved notice for one person; nothing goes out before `send_after`."""
    notice = Notice(
        recipient=user,
        sender=sender,
        kind=kind,
        about=about,
        topic=topic,
        due_on=due_on or timezone.localdate(),
        title=" ".join(title.splitlines())[:200],  # a subject line holds no line break
        body=body,
        url=url,
        grants=list(grants or getattr(user, "held", ())),
        matters=list(matters),
        deadline=deadline,
    )
    notice.send_after = send_after
    return notice


def deliver(notices: list[Notice]) -> None:
    """Write them, and what goes out of each; those already written for the same (about, kind, person, day) are dropped.

    Three statements per five hundred: which ones the database took is asked back by their own numbers, since it does
    not say which it dropped.
    """
    for start in range(0, len(notices), CHUNK):
        chunk = {notice.uid: notice for notice in notices[start : start + CHUNK]}
        with transaction.atomic(savepoint=False):
            Notice.objects.bulk_create(chunk.values(), ignore_conflicts=True)
            written = Notice.objects.filter(uid__in=chunk).order_by("pk").values_list("uid", "pk")
            Delivery.objects.bulk_create([each for uid, pk in written for each in _deliveries(pk, chunk[uid])])


def _deliveries(pk: int, notice: Notice) -> list[Delivery]:
    user, now = notice.recipient, timezone.now()
    daily = user.notice_pace == User.Pace.DAILY
    earliest = max(getattr(notice, "send_after", None) or now, now)
    return [
        Delivery(
            notice_id=pk, channel=code, digest=daily, not_before=next_digest(earliest) if daily else earliest
        )
        for code in channels.reaching(user)
    ]  # fmt: skip


def next_digest(after: datetime.datetime) -> datetime.datetime:
    """The next hour of the daily digest, never the one that is just being sent."""
    local = timezone.localtime(after)
    moment = timezone.make_aware(
        datetime.datetime.combine(local.date(), settings.DIGEST_AT), timezone.get_default_timezone()
    )
    return moment if moment >= after + datetime.timedelta(minutes=1) else moment + datetime.timedelta(days=1)


@dataclass(frozen=True)
class Nudge:
    """One matter a branch is urged about by hand; `matters` are the keys of what it then still owes."""

    branch: Branch
    about: str
    title: str
    body: str
    url: str
    topic: str = ""
    matters: tuple[str, ...] = field(default=())


class Nudged(NamedTuple):
    """What became of each matter: somebody was told, it was said today already, nobody holds the roles."""

    told: list[Nudge]
    already: list[Nudge]
    nobody: list[Nudge]


def nudge(kind: str, nudges: list[Nudge], roles: Iterable[str], *, by: User | None = None) -> Nudged:
    """Urge those who hold the roles on each branch, every matter once a day, in a fixed number of queries."""
    today = timezone.localdate()
    asked = [each.about for each in nudges]
    said = set(Notice.objects.filter(kind=kind, about__in=asked, due_on=today).values_list("about", flat=True))
    people: dict[int, dict[int, User]] = defaultdict(dict)
    held: dict[tuple[int, int], list[int]] = defaultdict(list)
    grants = RoleGrant.objects.in_force().filter(
        branch__in=[each.branch.pk for each in nudges], role__in=list(roles), user__is_active=True
    )
    for grant in grants.select_related("user"):
        people[grant.branch_id][grant.user_id] = grant.user
        held[grant.branch_id, grant.user_id].append(grant.pk)
    found = Nudged([], [], [])
    for each in nudges:
        place = found.already if each.about in said else found.told if people[each.branch.pk] else found.nobody
        place.append(each)
    deliver(
        [
            draft(
                user, kind, about=each.about, title=each.title, body=each.body, url=each.url, topic=each.topic,
                sender=by,
                matters=each.matters, grants=held[each.branch.pk, user.pk],
            )
            for each in found.told
            for user in people[each.branch.pk].values()
        ]
    )  # fmt: skip
    return found


def overtake(about: Iterable[str]) -> int:
    """What has not gone out yet of these matters is not sent any more: the state it tells of has changed since."""
    waiting = Delivery.objects.filter(notice__about__in=list(about), state=Delivery.State.PENDING)
    return cancel(waiting, "情况已变化，不再发送。")


def cancel(deliveries, reason: str) -> int:
    return deliveries.filter(state=Delivery.State.PENDING).update(
        state=Delivery.State.CANCELLED, error=reason, holder=None, held_until=None
    )


def settle(owed: set[str], *, running: set[str], computed_at: datetime.datetime, grace: datetime.timedelta) -> int:
    """Close the reminders of what nobody owes any more and cancel what has not gone out of them.

    `owed`: every matter owed at `computed_at`; reminders written since then are left alone. A reminder of a campaign
    that is not running any more (`running` has the topics) is only cancelled, and so is one whose deadline passed longer
    than `grace` ago: neither was done.
    """
    open_ones = Notice.objects.reminders().filter(settled_at=None, created_at__lt=computed_at)
    recent = open_ones.filter(created_at__gt=computed_at - datetime.timedelta(days=120))
    done, over = [], []
    rows = recent.values_list("pk", "topic", "matters", "deadline").iterator(chunk_size=2000)
    for pk, topic, matters, deadline in rows:
        if not matters:
            continue
        if topic and topic not in running:
            over.append(pk)
        elif owed.isdisjoint(matters) and (deadline is None or computed_at < deadline + grace):
            done.append(pk)
    for chunk in _chunks(over):
        cancel(Delivery.objects.filter(notice__in=chunk), "活动已不在进行中，不再发送。")
    for chunk in _chunks(done):
        with transaction.atomic():
            Notice.objects.filter(pk__in=chunk, settled_at=None).update(settled_at=computed_at)
            cancel(Delivery.objects.filter(notice__in=chunk), "事项已办结，不再发送。")
    return len(done)


def silence(topic: str) -> int:
    """No reminder of this campaign goes out any more; what people see in the app stays."""
    waiting = Delivery.objects.filter(notice__in=Notice.objects.reminders().filter(topic=topic))
    return cancel(waiting, "该活动的催办提醒已停用。")


def _chunks(pks: list[int]) -> Iterable[list[int]]:
    return (pks[start : start + CHUNK] for start in range(0, len(pks), CHUNK))
