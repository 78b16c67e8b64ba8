"""The outbox: every delivery is claimed by one conditional UPDATE, sent outside the transaction, its outcome noted under
the same claim. At most once per notice and channel; where a worker died in between, that is said, and a person decides.

Workers set aside a hundred at a time so that several of them share the work; what a dead worker had set aside is
free again soon, and only the one it was just sending is in doubt.
"""

import datetime
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from branches import audit, channels
from branches.channels import Busy, Doubtful, Message, Refused, Unreachable, Wire
from branches.models import Delivery, RoleGrant, User
from branches.models.notices import REMINDERS
from branches.notices import cancel

logger = logging.getLogger(__name__)
State = Delivery.State
CHUNK = 100
HOLD = datetime.timedelta(seconds=30)
STALE = datetime.timedelta(minutes=15)
# How long after a “not now” it is tried again; after the last of them it has failed.
PATIENCE = tuple(datetime.timedelta(minutes=minutes) for minutes in (2, 10, 30, 120))
IN_DOUBT = "发送中断，无法确认对方是否收到；确认未收到后可重发。"
OUTSIDE = "收件人已不在任或账号已停用，不再发送。"


def is_quiet(now: datetime.datetime) -> bool:
    """Whether nothing goes out at this hour; the span may reach over midnight."""
    if settings.QUIET_HOURS is None:
        return False
    begins, ends = settings.QUIET_HOURS
    at = timezone.localtime(now).time()
    return begins <= at < ends if begins <= ends else at >= begins or at < ends


def reminders_wait() -> bool:
    """Whether a reminder is about to go out."""
    due = Delivery.objects.due(timezone.now())
    return not is_quiet(timezone.now()) and due.filter(notice__kind__startswith=REMINDERS).exists()


def release_stale(now: datetime.datetime | None = None) -> int:
    """A claim whose worker died becomes a visible doubt. So does one from the future: the clock was set back since.

    A worker that is alive after all still notes its outcome over the doubt.
    """
    now = now or timezone.now()
    stale = Q(claimed_at__lt=now - STALE) | Q(claimed_at__gt=now + STALE)
    return Delivery.objects.filter(stale, state=State.SENDING).update(state=State.DOUBT, error=IN_DOUBT)


def drain(seconds: float = 50) -> int:
    """Send what is due for so long at most; returns how many went out. Any number of workers may do so at once."""
    ends = time.monotonic() + seconds
    return sum(_drain_channel(code, ends) for code in channels.configured())


def _drain_channel(code: str, ends: float) -> int:
    """With the other side out of reach nothing is claimed: all waits for the next run instead of failing one by one."""
    sent, wire = 0, None
    try:
        while time.monotonic() < ends and not is_quiet(timezone.now()):
            batch = _set_aside(code)
            if not batch:
                break
            if wire is None:
                wire = channels.wire_for(code)
                wire.open()
            sent += _send_batch(batch, wire, ends)
    except Unreachable as error:
        logger.warning("%s out of reach, its notices wait: %s", code, error)
        _let_go(batch)
    finally:
        if wire is not None:
            wire.close()
    return sent


def _set_aside(code: str) -> list[Delivery]:
    """The next few that are due and nobody else's; the same for a hold from the future (the clock was set back)."""
    now, holder = timezone.now(), uuid.uuid4()
    free = Q(held_until=None) | Q(held_until__lt=now) | Q(held_until__gt=now + 2 * HOLD)
    due = Delivery.objects.due(now).filter(free, channel=code).order_by("not_before", "pk")
    with transaction.atomic():
        # Locked so that two workers do not wait for each other's choice: each passes over what the other is taking.
        pks = list(
            due.select_for_update(skip_locked=True, of=("self",), no_key=True).values_list("pk", flat=True)[:CHUNK]
        )
        if not pks:
            return []
        waiting = Delivery.objects.filter(free, pk__in=pks, state=State.PENDING)
        waiting.update(holder=holder, held_until=now + HOLD)
    mine = Delivery.objects.filter(pk__in=pks, holder=holder).order_by("not_before", "pk")
    return list(mine.select_related("notice__recipient"))


def _let_go(batch: Sequence[Delivery]) -> None:
    holders = {each.holder for each in batch}
    Delivery.objects.filter(pk__in=[each.pk for each in batch], state=State.PENDING, holder__in=holders).update(
        holder=None, held_until=None
    )


@dataclass(frozen=True)
class Outcome:
    """What became of one message, still to be noted."""

    claimed: list[Delivery]
    fields: dict[str, Any]
    broken: bool = False

    @property
    def went_out(self) -> bool:
        return self.fields["state"] == State.SENT


def _send_batch(batch: list[Delivery], wire: Wire, ends: float) -> int:
    """One commit per message: the outcome of the last one and the claim of the next, before that is sent."""
    sent, told, outcome = 0, set(), None
    in_force = _grants_of(batch)
    until = min(ends, time.monotonic() + HOLD.total_seconds() / 2)
    try:
        for number, delivery in enumerate(batch):
            if time.monotonic() > until:
                _let_go(batch[number:])
                break
            with transaction.atomic():
                _note(outcome)
                claimed = _take(delivery, in_force.get(delivery.notice.recipient_id, set()), told)
            outcome = _send(claimed, wire) if claimed else None
            sent += bool(outcome and outcome.went_out)
            if outcome and outcome.broken:
                _note(outcome)
                outcome = None
                wire.close()
                wire.open()
    finally:
        _note(outcome)
    return sent


def _take(delivery: Delivery, in_force: set[int], told: set[int]) -> list[Delivery]:
    """Claim what is to be sent as the next message; nothing when the person is out of scope or was served already."""
    recipient = delivery.notice.recipient
    if not _in_scope(delivery, in_force):
        cancel(Delivery.objects.filter(pk=delivery.pk), OUTSIDE)
        return []
    if not delivery.digest:
        return _claim_one(delivery)
    if recipient.pk in told:
        return []
    told.add(recipient.pk)
    return _claim_digest(delivery, in_force)


def _grants_of(batch: Iterable[Delivery]) -> dict[int, set[int]]:
    """The grants in force now of everybody in the batch: who they were when the notice was written does not count."""
    found: dict[int, set[int]] = {}
    people = {each.notice.recipient_id for each in batch}
    for user_id, pk in RoleGrant.objects.in_force().filter(user__in=people).values_list("user", "pk"):
        found.setdefault(user_id, set()).add(pk)
    return found


def _in_scope(delivery: Delivery, in_force: set[int]) -> bool:
    """Told by virtue of certain posts: one of them at least; told in person: any post at all."""
    user = delivery.notice.recipient
    if not user.is_active or (user.valid_until and user.valid_until < timezone.localdate()):
        return False
    return not in_force.isdisjoint(delivery.notice.grants) if delivery.notice.grants else bool(in_force)


def _claim_one(delivery: Delivery) -> list[Delivery]:
    """Take it for sending: only while it still waits and is set aside for us."""
    return _claim(Delivery.objects.filter(pk=delivery.pk, holder=delivery.holder), [delivery])


def _claim_digest(delivery: Delivery, in_force: set[int]) -> list[Delivery]:
    """Everything that is due for this person on this channel at once, whoever had set it aside: one message a day."""
    with transaction.atomic():
        # Locked so that two workers cannot each take a part of the same person's day.
        User.objects.select_for_update(no_key=True).get(pk=delivery.notice.recipient_id)
        due = Delivery.objects.due(timezone.now()).filter(
            notice__recipient=delivery.notice.recipient_id, channel=delivery.channel, digest=True
        )
        rows = list(due.select_related("notice__recipient").order_by("notice__created_at", "pk"))
        wanted = [each for each in rows if _in_scope(each, in_force)]
        return _claim(Delivery.objects.filter(pk__in=[each.pk for each in wanted]), wanted)


def _claim(rows, deliveries: list[Delivery]) -> list[Delivery]:
    claim = uuid.uuid4()
    taken = rows.filter(state=State.PENDING).update(
        state=State.SENDING, claim=claim, claimed_at=timezone.now(), attempts=F("attempts") + 1
    )
    if taken == 0:
        return []
    if taken < len(deliveries):
        kept = set(Delivery.objects.filter(claim=claim, state=State.SENDING).values_list("pk", flat=True))
        deliveries = [each for each in deliveries if each.pk in kept]
    for each in deliveries:
        each.claim, each.attempts = claim, each.attempts + 1
    return deliveries


def _send(claimed: list[Delivery], wire: Wire) -> Outcome:
    """Send what was claimed as one message."""
    try:
        wire.send(_message(claimed))
    except Busy as error:
        return Outcome(claimed, _later(claimed, str(error)), broken=True)  # it may have hung up with these words
    except Refused as error:
        return Outcome(claimed, {"state": State.FAILED, "error": str(error)[:1000]})
    except Doubtful as error:
        return Outcome(claimed, {"state": State.DOUBT, "error": f"{IN_DOUBT}（{error}）"[:1000]}, broken=True)
    return Outcome(claimed, {"state": State.SENT, "sent_at": timezone.now(), "error": ""})


def _note(outcome: Outcome | None) -> None:
    """Under our own claim only; a doubt about us raised meanwhile is overruled, for we know."""
    if outcome is None:
        return
    pks = [each.pk for each in outcome.claimed]
    ours = Delivery.objects.filter(pk__in=pks, claim=outcome.claimed[0].claim)
    ours.filter(state__in=(State.SENDING, State.DOUBT)).update(holder=None, held_until=None, **outcome.fields)


def _later(claimed: list[Delivery], error: str) -> dict[str, Any]:
    tried = max(each.attempts for each in claimed)
    if tried > len(PATIENCE):
        return {"state": State.FAILED, "error": f"对方多次表示稍后再试：{error}"[:1000]}
    return {"state": State.PENDING, "not_before": timezone.now() + PATIENCE[tried - 1], "error": error[:1000]}


def resend(deliveries, *, by: User) -> int:
    """Put what failed or is in doubt back into the outbox, each at once and by itself; code `nothing` when none was left."""
    with audit.recorded():
        chosen = list(deliveries.resendable().select_related("notice__recipient__unit"))
        again = Delivery.objects.filter(pk__in=[each.pk for each in chosen]).resendable()
        number = again.update(
            state=State.PENDING, digest=False, not_before=timezone.now(), attempts=0, error="", claim=None, holder=None,
            held_until=None,
        )  # fmt: skip
        if number == 0:
            raise ValidationError("没有可重发的：可能已由他人重发，请刷新页面查看。", code="nothing")
        for each in chosen:
            audit.record(
                "notice.resend", each.notice, by=by, branch=each.notice.recipient.unit,
                channel=channels.LABELS.get(each.channel, each.channel), recipient=str(each.notice.recipient),
            )  # fmt: skip
    return number


def _message(claimed: list[Delivery]) -> Message:
    first = claimed[0].notice
    told = [each.notice for each in claimed]
    texts = [_text(notice) for notice in told]
    many = len(told) > 1
    return Message(
        key=f"{first.uid}.{claimed[0].attempts}" if many else str(first.uid),
        notice_pks=tuple(notice.pk for notice in told),
        recipient=first.recipient,
        subject=f"今日通知汇总（{len(told)}条）" if many else first.title,
        body="\n\n".join(
            f"{n}. {notice.title}\n{text}" for n, (notice, text) in enumerate(zip(told, texts, strict=True), 1)
        )
        if many
        else texts[0],
    )


def _text(notice) -> str:
    body = notice.body or notice.title
    return f"{body}\n\n请登录处理：{settings.SITE_URL}{notice.url}" if notice.url else body
