import datetime
import smtplib
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.utils import timezone

from branches import channels, notices, outbox
from branches.channels import Busy, Doubtful, Refused, Unreachable
from branches.models import AuditEntry, Delivery, Notice, RoleGrant, User
from tests.factories import days

State = Delivery.State


def post(*users, about="campaign:1", **fields):
    notices.post(users, fields.pop("kind", "remind.submit"), about=about, title="请提交申报", **fields)


def minutes(number):
    return timezone.now() + datetime.timedelta(minutes=number)


def states():
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


class Wire:
    """Does what it is told with each message in turn."""

    def __init__(self, *outcomes, meanwhile=None):
        self.outcomes, self.sent, self.opened, self.meanwhile = list(outcomes), [], 0, meanwhile

    def open(self):
        self.opened += 1

    def close(self):
        pass

    def send(self, message):
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if self.meanwhile:
            self.meanwhile()
        if outcome:
            raise outcome
        self.sent.append(message)


@pytest.fixture
def wire(monkeypatch):
    def make(*outcomes, **how):
        made = Wire(*outcomes, **how)
        monkeypatch.setattr(channels, "wire_for", lambda code: made)
        return made

    return make


def test_drain_sends_each_once(cast):
    post(cast.clerk, body="请于今日提交", url="/applications/1/")
    assert (outbox.drain(), outbox.drain()) == (1, 0)
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("【党支部创建】请提交申报", [cast.clerk.email])
    assert message.body.count("/applications/1/") == 1
    assert message.extra_headers["Message-ID"] == f"<{Notice.objects.get().uid}@127.0.0.1>"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.sent_at is None, delivery.holder) == (State.SENT, False, None)


def test_drain_leaves_what_another_worker_took(cast, wire):
    post(cast.clerk, cast.secretary)
    first, second = Delivery.objects.order_by("pk")
    made = wire(meanwhile=lambda: Delivery.objects.filter(pk=second.pk).update(state=State.SENDING))
    assert outbox.drain() == 1
    assert ([m.recipient for m in made.sent], states()) == ([cast.clerk], [State.SENT, State.SENDING])


def test_drain_passes_over_what_is_set_aside(cast, wire):
    post(cast.clerk)
    made = wire()
    Delivery.objects.update(holder="12345678123456781234567812345678", held_until=minutes(1))
    assert (outbox.drain(), made.sent) == (0, [])
    # The worker that held it is dead; or the clock was set back and the hold lies far ahead.
    for until in (minutes(-1), minutes(60)):
        Delivery.objects.update(state=State.PENDING, held_until=until)
        assert outbox.drain() == 1


@pytest.mark.parametrize(
    ("outcome", "first", "opened"),
    [
        (Refused("550 无此人"), State.FAILED, 1),
        (Doubtful("断开"), State.DOUBT, 2),
        (Busy("451 稍后"), State.PENDING, 2),
    ],
)
def test_drain_notes_the_outcome_and_goes_on(cast, wire, outcome, first, opened):
    post(cast.clerk, cast.secretary)
    made = wire(outcome)
    assert outbox.drain() == 1
    assert (states(), made.opened) == ([first, State.SENT], opened)
    assert str(outcome) in Delivery.objects.order_by("pk").first().error


def test_busy_is_tried_later_and_not_for_ever(cast, wire):
    post(cast.clerk)
    wire(*[Busy("451 稍后")] * 9)
    waits = []
    for _ in range(5):
        before = timezone.now()
        outbox.drain()
        delivery = Delivery.objects.get()
        if delivery.state == State.PENDING:
            waits.append(round((delivery.not_before - before).total_seconds() / 60))
            Delivery.objects.update(not_before=before)
    assert (waits, states()) == ([2, 10, 30, 120], [State.FAILED])


def test_nothing_is_claimed_while_the_other_side_is_out_of_reach(cast, monkeypatch, wire):
    post(cast.clerk, cast.secretary)
    made = wire()
    monkeypatch.setattr(made, "open", lambda: (_ for _ in ()).throw(Unreachable("没有回应")))
    assert outbox.drain() == 0
    assert set(Delivery.objects.values_list("state", "attempts", "holder")) == {(State.PENDING, 0, None)}


def test_out_of_reach_half_way_leaves_the_rest_for_the_next_run(cast, monkeypatch, wire):
    post(cast.clerk, cast.secretary)
    made = wire(Doubtful("断开"))
    opens = iter([None, Unreachable("没有回应")])
    monkeypatch.setattr(made, "open", lambda: (_ for _ in ()).throw(e) if (e := next(opens)) else None)
    assert outbox.drain() == 0
    assert list(Delivery.objects.order_by("pk").values_list("state", "holder")) == [
        (State.DOUBT, None), (State.PENDING, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "sent"),
    [
        (lambda user: None, 1),
        (lambda user: RoleGrant.objects.filter(user=user).update(valid_from=days(-9), valid_to=days(-1)), 0),
        (lambda user: RoleGrant.objects.filter(user=user).delete(), 0),
        (lambda user: User.objects.filter(pk=user.pk).update(is_active=False), 0),
        (lambda user: User.objects.filter(pk=user.pk).update(valid_until=days(-1)), 0),
    ],
)
def test_nobody_out_of_scope_by_now_is_told(cast, bureau, change, sent):
    post(*notices.holders(bureau.a1, "secretary"))
    change(cast.secretary)
    assert (outbox.drain(), len(mail.outbox)) == (sent, sent)
    assert states() == [State.SENT if sent else State.CANCELLED]


def test_another_post_does_not_let_one_hear_of_the_old_ones_matters(cast, bureau):
    post(*notices.holders(bureau.a1, "secretary"))
    RoleGrant.objects.filter(user=cast.secretary).delete()
    RoleGrant.objects.create(user=cast.secretary, role="secretary", branch=bureau.b1)
    assert (outbox.drain(), states()) == (0, [State.CANCELLED])


def test_resend_puts_back_what_failed_or_is_in_doubt_only(cast):
    for number, state in enumerate(State.values):
        post(cast.clerk, about=f"campaign:{number}")
        Delivery.objects.filter(notice__about=f"campaign:{number}").update(state=state, error="连接中断", attempts=3)
    assert outbox.resend(Delivery.objects.all(), by=cast.campaign_admin) == 2
    assert states() == ["pending", "sending", "sent", "pending", "pending", "cancelled"]
    assert AuditEntry.objects.filter(action="notice.resend").count() == 2
    assert outbox.drain() == 3


def test_resend_twice_says_that_somebody_was_faster(cast):
    post(cast.clerk)
    Delivery.objects.update(state=State.FAILED)
    outbox.resend(Delivery.objects.all(), by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        outbox.resend(Delivery.objects.all(), by=cast.campaign_admin)
    assert refusal.value.code == "nothing"


@pytest.mark.parametrize(
    ("at", "after"), [(-14, State.SENDING), (-16, State.DOUBT), (16, State.DOUBT), (14, State.SENDING)]
)
def test_release_stale_claims_of_dead_workers_and_of_a_clock_set_back(cast, at, after):
    post(cast.clerk)
    Delivery.objects.update(state=State.SENDING, claimed_at=minutes(at))
    outbox.release_stale()
    assert states() == [after]
    assert bool(Delivery.objects.get().error) == (after == State.DOUBT)


def test_a_worker_that_was_alive_after_all_overrules_the_doubt(cast, wire):
    post(cast.clerk)
    wire(meanwhile=lambda: Delivery.objects.update(state=State.DOUBT, error="中断"))
    assert outbox.drain() == 1
    assert list(Delivery.objects.values_list("state", "error")) == [(State.SENT, "")]


def test_a_worker_whose_delivery_was_sent_again_by_hand_notes_nothing(cast, wire):
    post(cast.clerk)

    def resent():
        Delivery.objects.update(state=State.DOUBT)
        outbox.resend(Delivery.objects.all(), by=cast.campaign_admin)
        Delivery.objects.update(not_before=minutes(9))

    wire(meanwhile=resent)
    outbox.drain()
    assert states() == [State.PENDING]


@pytest.mark.parametrize(
    ("span", "at", "quiet"),
    [
        (("20:00", "08:00"), "19:59", False), (("20:00", "08:00"), "20:00", True), (("20:00", "08:00"), "03:00", True),
        (("20:00", "08:00"), "08:00", False), (("12:00", "14:00"), "13:00", True), (("12:00", "14:00"), "15:00", False),
        (None, "03:00", False),
    ],
)  # fmt: skip
def test_quiet_hours(settings, span, at, quiet):
    settings.QUIET_HOURS = span and tuple(datetime.time.fromisoformat(each) for each in span)
    moment = datetime.datetime.combine(datetime.date(2026, 9, 1), datetime.time.fromisoformat(at))
    assert outbox.is_quiet(timezone.make_aware(moment)) is quiet


def test_nothing_goes_out_in_quiet_hours(cast, settings, wire):
    settings.QUIET_HOURS = (datetime.time(0), datetime.time(23, 59, 59, 999999))
    post(cast.clerk)
    assert (outbox.drain(), states()) == (0, [State.PENDING])


def test_digest_is_one_message_a_day(cast, wire):
    cast.clerk.notice_pace = User.Pace.DAILY
    cast.clerk.save()
    for number in range(3):
        post(cast.clerk, about=f"campaign:{number}", url=f"/x/{number}/")
    post(cast.secretary)
    made = wire()
    assert (outbox.drain(), made.sent[0].recipient) == (1, cast.secretary)
    Delivery.objects.filter(digest=True).update(not_before=minutes(-1))
    assert outbox.drain() == 1
    digest = made.sent[1]
    assert (digest.subject, digest.recipient, len(digest.notice_pks)) == ("今日通知汇总（3条）", cast.clerk, 3)
    assert [digest.body.count(f"/x/{number}/") for number in range(3)] == [1, 1, 1]
    assert set(states()) == {State.SENT}


def test_digest_gathers_what_another_worker_had_set_aside(cast, wire, monkeypatch):
    cast.clerk.notice_pace = User.Pace.DAILY
    cast.clerk.save()
    for number in range(4):
        post(cast.clerk, about=f"campaign:{number}")
    Delivery.objects.update(not_before=minutes(-1))
    monkeypatch.setattr(outbox, "CHUNK", 1)
    made = wire()
    assert outbox.drain() == 1
    assert len(made.sent[0].notice_pks) == 4


def test_digest_leaves_out_what_is_no_longer_true(cast, wire):
    cast.clerk.notice_pace = User.Pace.DAILY
    cast.clerk.save()
    for number in range(2):
        post(cast.clerk, about=f"campaign:{number}")
    Delivery.objects.update(not_before=minutes(-1))
    notices.overtake(["campaign:0"])
    made = wire()
    outbox.drain()
    assert (made.sent[0].subject, states()) == ("请提交申报", [State.CANCELLED, State.SENT])


# What the mail server says


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (smtplib.SMTPRecipientsRefused({"x@example.test": (550, b"unknown")}), Refused),
        (smtplib.SMTPRecipientsRefused({"x@example.test": (451, b"greylisted")}), Busy),
        (smtplib.SMTPDataError(552, b"too large"), Refused),
        (smtplib.SMTPSenderRefused(421, b"busy", "a@example.test"), Busy),
        (smtplib.SMTPServerDisconnected("断开"), Doubtful),
        (TimeoutError("超时"), Doubtful),
        (ValueError("标题含换行"), Refused),
    ],
)
def test_mail_errors_are_told_apart(cast, monkeypatch, said, meant):
    wire = channels.MailWire()
    monkeypatch.setattr(wire.connection, "send_messages", lambda messages: (_ for _ in ()).throw(said))
    with pytest.raises(Refused if issubclass(meant, Refused) else Doubtful) as caught:
        wire.send(SimpleNamespace(subject="x", body="x", key="k", notice_pks=(1,), recipient=cast.clerk))
    assert type(caught.value) is meant
