"""Notices: written with the change they tell of, shown in the app, mailed by a worker at most once."""

import datetime
import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from branches.models import Branch, Notice, RoleGrant, User

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
}
logger = logging.getLogger(__name__)
STALE = datetime.timedelta(minutes=15)


def holders(branch: Branch, *roles: str) -> list[User]:
    """The active people who hold one of the roles on the branch itself: not those who reach it from above."""
    return holders_in([branch], *roles)


def holders_in(branches: Iterable[Branch], *roles: str) -> list[User]:
    """The same for several branches at once, each person once."""
    grants = RoleGrant.objects.in_force().filter(branch__in=[branch.pk for branch in branches], role__in=roles)
    return list(User.objects.filter(is_active=True, pk__in=grants.values("user")))


def post(
    recipients: Iterable[User],
    kind: str,
    *,
    about: str,
    title: str,
    body: str = "",
    url: str = "",
    due_on: datetime.date | None = None,
) -> None:
    """Write one notice per recipient; a second one of the same (about, kind, person, day) is dropped by the database."""
    people = {user.pk: user for user in recipients}.values()
    deliver([draft(user, kind, about=about, title=title, body=body, url=url, due_on=due_on) for user in people])


def draft(
    user: User, kind: str, *, about: str, title: str, body: str = "", url: str = "",
    due_on: datetime.date | None = None, sender: User | None = None,
) -> Notice:  # fmt: skip
    """An unsaved notice for one person; mailed too where there is an address."""
    return Notice(
        recipient=user,
        sender=sender,
        kind=kind,
        about=about,
        due_on=due_on or timezone.localdate(),
        title=title[:200],
        body=body,
        url=url,
        mail=Notice.Mail.PENDING if user.email else Notice.Mail.NONE,
    )


def deliver(notices: list[Notice]) -> None:
    """Write them in one statement; those already written for the same (about, kind, person, day) are dropped."""
    Notice.objects.bulk_create(notices, ignore_conflicts=True)


@dataclass(frozen=True)
class Nudge:
    """One matter a branch is urged about by hand."""

    branch: Branch
    about: str
    title: str
    body: str
    url: str


class Nudged(NamedTuple):
    """What became of each matter: somebody was told, it was said today already, nobody holds the roles."""

    told: list[Nudge]
    already: list[Nudge]
    nobody: list[Nudge]


def nudge(kind: str, nudges: list[Nudge], roles: Iterable[str], *, by: User | None = None) -> Nudged:
    """Urge those who hold the roles on each branch, every matter once a day. Three queries, however many there are."""
    today = timezone.localdate()
    asked = [each.about for each in nudges]
    said = set(Notice.objects.filter(kind=kind, about__in=asked, due_on=today).values_list("about", flat=True))
    people: dict[int, dict[int, User]] = defaultdict(dict)
    grants = RoleGrant.objects.in_force().filter(
        branch__in=[each.branch.pk for each in nudges], role__in=list(roles), user__is_active=True
    )
    for grant in grants.select_related("user"):
        people[grant.branch_id][grant.user_id] = grant.user
    found = Nudged([], [], [])
    for each in nudges:
        place = found.already if each.about in said else found.told if people[each.branch.pk] else found.nobody
        place.append(each)
    deliver(
        [
            draft(user, kind, about=each.about, title=each.title, body=each.body, url=each.url, sender=by)
            for each in found.told
            for user in people[each.branch.pk].values()
        ]
    )
    return found


def release_stale(now: datetime.datetime | None = None) -> int:
    """A claim whose worker died becomes a visible failure: it may or may not have been sent, so a person decides."""
    now = now or timezone.now()
    return Notice.objects.filter(mail=Notice.Mail.SENDING, claimed_at__lt=now - STALE).update(
        mail=Notice.Mail.FAILED, error="发送进程中断，无法确认是否送达；确认未收到后可重发。"
    )


def drain(limit: int = 500) -> int:
    """Send pending mails, each claimed by one conditional UPDATE first: at most once, never inside a transaction.

    With the mail server out of reach nothing is claimed: the mails wait for the next run instead of failing one by one.
    """
    waiting = Notice.objects.filter(mail=Notice.Mail.PENDING).order_by("pk").values_list("pk", flat=True)
    pks = list(waiting[:limit])
    if not pks:
        return 0
    connection = get_connection()
    try:
        connection.open()
    except OSError as error:  # smtplib's errors are OSErrors too
        logger.warning("mail server out of reach, %s notices wait: %s", len(pks), error)
        return 0
    try:
        return sum(_send_one(pk, connection) for pk in pks)
    finally:
        connection.close()


def _send_one(pk: int, connection: BaseEmailBackend) -> int:
    """Claim, send, note the outcome under the same claim; 1 when it went out."""
    claim = timezone.now()
    mine = Notice.objects.filter(pk=pk, mail=Notice.Mail.PENDING)
    if mine.update(mail=Notice.Mail.SENDING, claimed_at=claim) != 1:
        return 0  # another worker was faster
    notice = Notice.objects.select_related("recipient").get(pk=pk)
    outcome: dict[str, Any] = {"mail": Notice.Mail.SENT, "sent_at": timezone.now(), "error": ""}
    try:
        connection.send_messages([_message(notice)])
    except (OSError, ValueError) as error:  # ValueError: a header or an address that cannot be written
        outcome = {"mail": Notice.Mail.FAILED, "error": str(error)[:1000]}
    Notice.objects.filter(pk=pk, mail=Notice.Mail.SENDING, claimed_at=claim).update(**outcome)
    return int(outcome["mail"] == Notice.Mail.SENT)


def resend(notice: Notice) -> None:
    """Put a failed mail back into the outbox."""
    Notice.objects.filter(pk=notice.pk, mail=Notice.Mail.FAILED).update(mail=Notice.Mail.PENDING, error="")


def _message(notice: Notice) -> EmailMessage:
    body = notice.body or notice.title
    if notice.url:
        body += f"\n\n请登录处理：{settings.SITE_URL}{notice.url}"
    return EmailMessage(
        subject=f"【党支部创建】{notice.title}",
        body=f"{notice.recipient.name} 同志：\n\n{body}\n\n（系统自动发送，请勿回复）",
        to=[notice.recipient.email],
        headers={"X-Notice-Id": str(notice.pk)},
    )
