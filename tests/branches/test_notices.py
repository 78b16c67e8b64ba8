import datetime
import smtplib

import pytest
from django.core import mail
from django.utils import timezone

from branches import notices
from branches.models import Notice
from branches.roles import Role
from tests.factories import days

Mail = Notice.Mail


def post(*users, kind="remind.submit", about="campaign:1", **fields):
    notices.post(users, kind, about=about, title="请提交申报", **fields)


def state(notice):
    notice.refresh_from_db()
    return notice.mail


def test_post_once_per_person_kind_and_day(cast):
    post(cast.clerk, cast.secretary, cast.clerk)
    post(cast.clerk)
    post(cast.clerk, kind="remind.plan")
    post(cast.clerk, about="campaign:2")
    post(cast.clerk, due_on=days(1))
    assert (cast.clerk.notices.count(), cast.secretary.notices.count()) == (4, 1)


def test_post_without_address_waits_for_no_mail(cast):
    cast.clerk.email = ""
    post(cast.clerk, cast.secretary)
    assert (cast.clerk.notices.get().mail, cast.secretary.notices.get().mail) == (Mail.NONE, Mail.PENDING)


def test_holders_are_those_of_the_node_itself(cast, bureau):
    assert notices.holders(bureau.a1, Role.SECRETARY, Role.CLERK) == [cast.secretary, cast.clerk]
    assert notices.holders(bureau.a1, Role.COMMITTEE_HEAD) == []


def test_drain_sends_each_once(cast):
    post(cast.clerk, body="请于今日提交", url="/applications/1/")
    assert (notices.drain(), notices.drain()) == (1, 0)
    (message,) = mail.outbox
    assert (message.subject, message.to) == ("【党支部创建】请提交申报", [cast.clerk.email])
    assert message.body.count("/applications/1/") == 1
    notice = Notice.objects.get()
    assert (notice.mail, notice.sent_at is None) == (Mail.SENT, False)


def test_drain_skips_what_another_worker_claimed(cast, monkeypatch):
    post(cast.clerk, cast.secretary)
    first, second = Notice.objects.order_by("pk")
    send = notices._message

    def claim_the_next_meanwhile(notice):
        Notice.objects.filter(pk=second.pk).update(mail=Mail.SENDING, claimed_at=timezone.now())
        return send(notice)

    monkeypatch.setattr(notices, "_message", claim_the_next_meanwhile)
    assert notices.drain() == 1
    assert ([m.to for m in mail.outbox], state(first), state(second)) == (
        [[first.recipient.email]],
        Mail.SENT,
        Mail.SENDING,
    )


def test_drain_keeps_the_error_and_goes_on(cast, monkeypatch):
    post(cast.clerk, cast.secretary)
    first, second = Notice.objects.order_by("pk")
    send = notices._message

    def refuse_the_first(notice):
        if notice.pk == first.pk:
            raise smtplib.SMTPServerDisconnected("连接中断")
        return send(notice)

    monkeypatch.setattr(notices, "_message", refuse_the_first)
    assert notices.drain() == 1
    assert (state(first), first.error, state(second)) == (Mail.FAILED, "连接中断", Mail.SENT)


def test_resend_puts_only_failed_mail_back(cast):
    post(cast.clerk)
    notice = Notice.objects.get()
    notices.resend(notice)
    assert state(notice) == Mail.PENDING
    Notice.objects.update(mail=Mail.SENT)
    notices.resend(notice)
    assert state(notice) == Mail.SENT
    Notice.objects.update(mail=Mail.FAILED, error="连接中断")
    notices.resend(notice)
    assert (state(notice), notice.error) == (Mail.PENDING, "")


@pytest.mark.parametrize(("minutes", "released", "after"), [(14, 0, Mail.SENDING), (16, 1, Mail.FAILED)])
def test_release_stale_claims(cast, minutes, released, after):
    post(cast.clerk)
    notice = Notice.objects.get()
    claimed = timezone.now() - datetime.timedelta(minutes=minutes)
    Notice.objects.update(mail=Mail.SENDING, claimed_at=claimed)
    assert notices.release_stale() == released
    assert (state(notice), bool(notice.error)) == (after, bool(released))
