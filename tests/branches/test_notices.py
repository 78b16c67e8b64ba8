import datetime

import pytest
from django.utils import timezone

from branches import notices
from branches.models import Delivery, Notice, RoleGrant
from branches.roles import Role
from tests.factories import days

State = Delivery.State


def post(*users, kind="remind.submit", about="campaign:1", **fields):
    notices.post(users, kind, about=about, title="请提交申报", **fields)


def states():
    return list(Delivery.objects.order_by("pk").values_list("notice__recipient__police_no", "state"))


def test_post_once_per_person_kind_and_day(cast):
    post(cast.clerk, cast.secretary, cast.clerk)
    post(cast.clerk)
    post(cast.clerk, kind="remind.plan")
    post(cast.clerk, about="campaign:2")
    post(cast.clerk, due_on=days(1))
    assert (cast.clerk.notices.count(), cast.secretary.notices.count()) == (4, 1)
    assert Delivery.objects.count() == 5


def test_post_goes_out_by_every_channel_that_reaches_the_person(cast, settings):
    settings.NOTIFY_URLS = {"sms": "json://gateway/{phone}", "gateway": "json://gateway/{police_no}"}
    cast.clerk.email = ""
    cast.secretary.phone = "13800000000"
    post(cast.clerk, cast.secretary)
    assert [(d.notice.recipient, d.channel) for d in Delivery.objects.order_by("notice__recipient__police_no", "pk")] == [
        (cast.secretary, "mail"), (cast.secretary, "sms"), (cast.secretary, "gateway"), (cast.clerk, "gateway"),
    ]  # fmt: skip


def test_post_to_nobody_asks_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        notices.post([], "remind.submit", about="x", title="x")


@pytest.mark.parametrize("number", [1, 5])
def test_post_query_count(cast, number, django_assert_num_queries):
    people = list(cast.everybody.values())[:number]
    # notices, their numbers, deliveries
    with django_assert_num_queries(3):
        post(*people)


def test_holders_are_those_of_the_node_itself(cast, bureau):
    assert notices.holders(bureau.a1, Role.SECRETARY, Role.CLERK) == [cast.secretary, cast.clerk]
    assert notices.holders(bureau.a1, Role.COMMITTEE_HEAD) == []


def test_a_notice_remembers_by_which_grants_its_recipient_is_told(cast, bureau):
    post(*notices.holders(bureau.a1, Role.SECRETARY))
    grant = RoleGrant.objects.get(user=cast.secretary)
    assert cast.secretary.notices.get().grants == [grant.pk]


@pytest.mark.parametrize(
    ("at", "expected"), [("07:00", "08:30"), ("08:29", "08:30"), ("08:30", "+08:30"), ("21:00", "+08:30")]
)
def test_daily_digest_waits_for_its_hour(cast, at, expected):
    today = datetime.date(2026, 9, 1)
    moment = timezone.make_aware(datetime.datetime.combine(today, datetime.time.fromisoformat(at)))
    found = timezone.localtime(notices.next_digest(moment))
    assert found.date() == today + datetime.timedelta(days=expected.startswith("+"))
    assert f"{found:%H:%M}" == expected.lstrip("+")


def test_overtake_cancels_what_has_not_gone_out(cast):
    post(cast.clerk, about="application:7:1")
    post(cast.secretary, about="application:7:1")
    post(cast.secretary, about="application:70:1")
    Delivery.objects.filter(notice__recipient=cast.clerk).update(state=State.SENT)
    assert notices.overtake(["application:7:0", "application:7:1"]) == 1
    assert states() == [
        (cast.clerk.police_no, "sent"), (cast.secretary.police_no, "cancelled"), (cast.secretary.police_no, "pending"),
    ]  # fmt: skip


class TestSettle:
    """A reminder is closed once nothing it asks for is owed, and what has not gone out of it is cancelled."""

    GRACE = datetime.timedelta(days=13)

    def remind(self, cast, *matters, deadline=None, topic="campaign:1"):
        draft = notices.draft(
            cast.clerk,
            "remind.submit",
            about="campaign:1",
            title="请提交",
            matters=matters,
            deadline=deadline,
            topic=topic,
        )
        notices.deliver([draft])
        return draft

    def settle(self, *owed, running=("campaign:1",), later=1):
        moment = timezone.now() + datetime.timedelta(seconds=later)
        return notices.settle(set(owed), running=set(running), computed_at=moment, grace=self.GRACE)

    def outcome(self, cast):
        notice = cast.clerk.notices.get()
        return notice.settled_at is not None, notice.deliveries.get().state

    def test_done(self, cast):
        self.remind(cast, "a", "b")
        assert self.settle("c") == 1
        assert self.outcome(cast) == (True, "cancelled")
        assert cast.clerk.notices.unread().count() == 0

    def test_partly_done_stays(self, cast):
        self.remind(cast, "a", "b")
        assert self.settle("b") == 0
        assert self.outcome(cast) == (False, "pending")

    def test_written_after_the_list_was_made_stays(self, cast):
        self.remind(cast, "a")
        assert self.settle(later=-60) == 0

    def test_campaign_over_is_not_done_but_silent(self, cast):
        self.remind(cast, "a")
        assert self.settle(running=()) == 0
        assert self.outcome(cast) == (False, "cancelled")

    def test_forgotten_long_after_its_deadline_was_not_done(self, cast):
        self.remind(cast, "a", deadline=timezone.now() - datetime.timedelta(days=14))
        assert self.settle() == 0
        assert self.outcome(cast)[0] is False

    def test_sent_mail_stays_sent(self, cast):
        self.remind(cast, "a")
        Delivery.objects.update(state=State.SENT)
        self.settle()
        assert self.outcome(cast) == (True, "sent")

    def test_of_nothing_in_particular_stays_open(self, cast):
        self.remind(cast)
        assert self.settle() == 0


def test_silence_stops_the_reminders_of_one_campaign_only(cast):
    for topic, kind in (
        ("campaign:1", "remind.submit"),
        ("campaign:2", "remind.submit"),
        ("campaign:1", "stage.dates"),
    ):
        notices.post([cast.clerk], kind, about=f"{topic}{kind}", title="x", topic=topic)
    assert notices.silence("campaign:1") == 1
    assert [d.notice.topic for d in Delivery.objects.filter(state=State.CANCELLED)] == ["campaign:1"]
    assert Notice.objects.filter(deliveries__state=State.PENDING).count() == 2
