import pytest
from django.urls import reverse

from branches.models import Delivery, Notice
from branches.reminding import Wording
from reviews import obligations
from standards import reminders
from standards.models import ReminderPlan
from standards.services import reminders as services
from tests.factories import days

LOG = "/reviews/reminders/"


@pytest.fixture
def campaign(tiny_track):
    return tiny_track.campaign


@pytest.fixture
def reminded(tiny_track, campaign):
    """The stage of 申报 ends today: every branch is reminded of it."""
    tiny_track.stages.filter(kind="apply").update(closes_on=days(0))
    # On whatever day of the week the tests run.
    ReminderPlan.objects.create(campaign=campaign, workdays_only=False)
    reminders.run(obligations.everything())
    return Notice.objects.filter(kind="remind.submit")


def plan_url(campaign):
    return reverse("reviews:reminder_plan", args=[campaign.pk])


def posted(campaign, **fields):
    given = {"before": "7、3", "on_day": "on", "after": "2", "escalate_after": "4", "send_at": "09:15"}
    given["version"] = services.plan_of(campaign).version
    return {**given, **fields}


# What went out and what came of it


def test_the_log_says_who_was_told_what_and_what_came_of_it(client_of, cast, reminded, road, tiny_application):
    Notice.objects.filter(recipient=cast.clerk).update(read_at="2026-01-05T00:00:00Z")
    road.to(tiny_application, "submitted")
    reminders.run(obligations.everything())
    page = client_of(cast.campaign_admin).get(f"{LOG}?duty=submit&q={cast.clerk.police_no}")
    (row,) = page.context["page_obj"].object_list
    text = page.content.decode()
    assert (row.recipient, row.read_at is None, row.settled_at is None) == (cast.clerk, False, False)
    assert page.context["counts"] == {"told": 1, "done": 1, "read": 1}
    assert "已办结" in text and "已取消" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 2), ("outcome=trouble", 1), ("outcome=sent", 1), ("outcome=done", 0), ("outcome=open", 2), ("q=城关", 2),
        ("outcome=unread", 2), ("duty=check", 0), ("topic=campaign:999", 2), ("since=2199-01-01", 0), ("outcome=x", 2),
    ],
)  # fmt: skip
def test_the_log_is_filtered(client_of, cast, reminded, query, found):
    mine = Notice.objects.filter(kind="remind.submit", recipient__in=[cast.clerk, cast.secretary])
    Notice.objects.exclude(pk__in=mine.values("pk")).delete()
    Delivery.objects.filter(notice__recipient=cast.clerk).update(state="failed")
    Delivery.objects.filter(notice__recipient=cast.secretary).update(state="sent")
    page = client_of(cast.campaign_admin).get(f"{LOG}?{query}")
    assert page.context["counts"]["told"] == found


@pytest.mark.parametrize("number", [1, 3])
def test_the_log_asks_the_same_queries_for_any_number(client_of, cast, reminded, number, django_assert_num_queries):
    kept = list(Notice.objects.reminders().values_list("pk", flat=True)[:number])
    Notice.objects.exclude(pk__in=kept).delete()
    client = client_of(cast.campaign_admin)
    client.get(LOG)
    with django_assert_num_queries(11):
        page = client.get(LOG)
    assert len(page.context["page_obj"].object_list) == number


def test_one_is_sent_again_or_all_of_the_filter(client_of, cast, reminded):
    client = client_of(cast.campaign_admin)
    Delivery.objects.update(state="failed")
    one = Delivery.objects.first()
    client.post("/reviews/reminders/resend/", {"delivery": one.pk})
    assert list(Delivery.objects.filter(state="pending")) == [one]
    total = Delivery.objects.filter(state="failed", notice__in=reminded).count()
    client.post("/reviews/reminders/resend/?duty=submit", {"all": "1"})
    assert Delivery.objects.filter(state="pending", notice__in=reminded).count() >= total
    assert Delivery.objects.filter(state="failed").exclude(notice__in=reminded).exists()


@pytest.mark.parametrize("given", [{}, {"delivery": "x"}, {"delivery": "9" * 30}])
def test_resending_nothing_is_answered_in_words(client_of, cast, reminded, given):
    answer = client_of(cast.campaign_admin).post("/reviews/reminders/resend/", given, follow=True)
    assert "没有可重发的" in answer.content.decode()


# Days and words


def test_the_plan_is_shown_and_saved(client_of, cast, campaign):
    client, url = client_of(cast.campaign_admin), plan_url(campaign)
    assert client.get(url).context["form"]["before"].value() == "7、3、1"
    given = posted(campaign, **{"title-submit": "请{事项}", "body-submit": "{明细}"})
    assert client.post(url, given)["Location"] == url
    plan = ReminderPlan.objects.get()
    assert (plan.days, plan.escalate_after, plan.workdays_only, str(plan.send_at)) == (
        [7, 3, 0, -2],
        4,
        False,
        "09:15:00",
    )
    assert services.wordings_of(plan) == {"submit": Wording("请{事项}", "{明细}")}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"before": "一周"}, "请只写天数"),
        ({"before": "0"}, "请只写天数"),
        ({"before": "99"}, "提醒日须在截止前60天"),
        ({"title-check": "请{办理}", "body-check": "{明细}"}, "不认识占位符{办理}"),
        ({"title-check": "请{事项", "body-check": "{明细}"}, "花括号没有成对"),
        ({"title-check": "请{事项}", "body-check": ""}, "内容是空的"),
        ({"version": "7"}, "刚由他人改过"),
        ({"send_at": "25:00"}, "站外最早几点发送"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client_of, cast, campaign, fields, said):
    given = posted(campaign, **fields, **{"title-score": "我写的标题", "body-score": "{明细}"})
    for act in ({}, {"preview": "1"}):
        if "version" in fields and act:
            continue
        text = client_of(cast.campaign_admin).post(plan_url(campaign), {**given, **act}).content.decode()
        assert said in text and "我写的标题" in text
    assert ReminderPlan.objects.count() == 0


def test_preview_shows_what_is_really_owed_and_saves_nothing(client_of, cast, campaign, tiny_track):
    given = posted(campaign, preview="1", **{"title-submit": "{支部}：{事项}", "body-submit": "{明细}"})
    page = client_of(cast.campaign_admin).post(plan_url(campaign), given)
    shown = {duty: preview for duty, _, _, _, preview in page.context["duties"]}
    assert (shown["submit"].title, shown["submit"].real) == ("政治部：完成自评并提交申报", True)
    assert (shown["approval"].real, shown["escalated"].real) == (False, True)
    assert ReminderPlan.objects.count() == 0


def test_the_calendar_names_the_days_to_come(client_of, cast, campaign, tiny_track):
    tiny_track.stages.update(closes_on=None)
    tiny_track.stages.filter(kind="apply").update(closes_on=days(10))
    ReminderPlan.objects.create(campaign=campaign, workdays_only=False, days=[7, 0, -1], escalate_after=3)
    (line,) = client_of(cast.campaign_admin).get(plan_url(campaign)).context["coming"]
    assert (line.days, line.escalated_on) == ([days(3), days(10), days(11)], days(13))


@pytest.mark.parametrize("number", [1, 3])
def test_the_plan_asks_the_same_queries_for_any_number(client_of, cast, campaign, number, django_assert_num_queries):
    wordings = {duty: Wording("请{事项}", "{明细}") for duty in list(services.DUTIES)[:number]}
    ReminderPlan.objects.create(campaign=campaign)
    plan = services.plan_of(campaign)
    for duty, each in wordings.items():
        plan.wordings.create(duty=duty, title=each.title, body=each.body)
    client = client_of(cast.campaign_admin)
    client.get(plan_url(campaign))
    with django_assert_num_queries(9):
        client.get(plan_url(campaign))


def test_one_press_switches_a_campaign_off_and_on(client_of, cast, campaign, reminded):
    client, url = client_of(cast.campaign_admin), reverse("reviews:reminder_switch", args=[campaign.pk])
    assert "已停用" in client.post(url, {"on": "0"}, follow=True).content.decode()
    assert not Delivery.objects.filter(state="pending", notice__in=reminded).exists()
    assert "无需重复" in client.post(url, {"on": "0"}, follow=True).content.decode()
    assert client.post(url, {"on": "1"}, follow=True).status_code == 200
    assert ReminderPlan.objects.get().enabled is True
    assert client.get(url).status_code == 405


def test_nobody_else_sees_any_of_it(client_of, cast, campaign):
    for user in (cast.committee_head, cast.secretary, cast.expert, cast.system_admin):
        codes = {client_of(user).get(url).status_code for url in (LOG, plan_url(campaign))}
        assert codes == {403}
