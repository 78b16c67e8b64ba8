"""What is known is recorded once and offered in the form; what somebody typed is never written over unseen."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from applications import prefill
from applications.forms import ApplicationForm
from applications.models import Application, PlanItem, Rectification
from applications.services import planning
from branches import ledger
from branches.models import User
from standards.models import FormField
from tests.applications.test_form import typed

HONOURS = "2026年6月　先进基层党组织　市局党委"


@pytest.fixture
def asked(tiny_application):
    """The form asks for what is known, each under its own source."""
    for order, source in enumerate(FormField.Source.values[1:], 10):
        FormField.objects.create(
            track=tiny_application.track, key=source, label=f"栏目{source}", kind="text", source=source, order=order
        )
    return tiny_application


def honour(application, by, days=100, name="先进基层党组织"):
    return ledger.record_honour(
        application.branch, name=name, level="city", holder="collective", recipient="", issuer="市局党委",
        document_number="", awarded_on=timezone.localdate() - datetime.timedelta(days=days), by=by,
    )  # fmt: skip


def fresh(application):
    return Application.objects.for_work().get(pk=application.pk)


def texts(application):
    return {key: [offer.text for offer in found] for key, found in prefill.offers(fresh(application)).items()}


def form_url(application):
    return reverse("applications:form", args=[application.pk])


def test_nothing_known_offers_nothing(asked):
    assert texts(asked) == {}


def test_every_source_says_what_it_knows(asked, cast):
    entry = honour(asked, cast.clerk)
    honour(asked, cast.clerk, days=5 * 366, name="五年前的荣誉")
    PlanItem.objects.create(
        application=asked, order=1, measure="开展主题党日", indicator="次数", baseline="8", target="12", actual="10",
        responsible="支委B", due_on=timezone.localdate(),
    )  # fmt: skip
    PlanItem.objects.create(
        application=asked, order=2, measure="走访", responsible="支委B", due_on=timezone.localdate()
    )
    for state, gap in (("open", "台账不全"), ("done", "学习不够")):
        Rectification.objects.create(
            application=asked, state=state, gap=gap, measure="补学", outcome="已补学2次", created_by=cast.clerk,
            done_on=timezone.localdate(),
        )  # fmt: skip
    meeting = next(task for task in asked.tasks if task.kind == "members_meeting")
    planning.record_task(
        asked, meeting, by=cast.clerk, held_on=timezone.localdate(), host="书记", expected=12, present=11, body="部署"
    )
    User.objects.filter(pk=cast.secretary.pk).update(phone="0000-1")
    assert texts(asked) == {
        "honours": [entry.words],
        "measures": ["1．开展主题党日（次数：基数8，目标12，实际10）\n2．走访"],
        "rectified": ["1．学习不够；补学；已补学2次"],
        "expected": ["12"],
        "present": ["11"],
        "phone": ["0000-1"],
    }
    User.objects.filter(pk=cast.clerk.pk).update(phone="0000-2")
    assert texts(asked)["phone"] == ["0000-2"]


def test_a_field_nobody_saved_opens_with_the_fact_and_says_from_where(asked, cast, client_of):
    entry = honour(asked, cast.clerk)
    page = client_of(cast.clerk).get(form_url(asked))
    row = next(row for row in page.context["rows"] if row.key == "honours")
    assert (row.field.value(), row.filled_from) == (entry.words, "荣誉台账")
    assert "已从荣誉台账带入" in page.content.decode()
    assert fresh(asked).form_data == {}  # shown, not saved


def test_measures_are_offered_and_fill_nothing_by_themselves(asked, cast):
    PlanItem.objects.create(
        application=asked, order=1, measure="走访", responsible="支委B", due_on=timezone.localdate()
    )
    form = ApplicationForm(application=fresh(asked), offers=prefill.offers(fresh(asked)))
    row = next(row for row in form.rows if row.key == "measures")
    assert (row.field.value(), [offer.text for offer in row.offers]) == ("", ["1．走访"])


def test_a_field_that_was_emptied_stays_empty(asked, cast, client_of):
    honour(asked, cast.clerk)
    client_of(cast.clerk).post(form_url(asked), typed(honours=""))
    row = next(row for row in client_of(cast.clerk).get(form_url(asked)).context["rows"] if row.key == "honours")
    assert (row.field.value(), row.filled_from, len(row.offers)) == ("", "", 1)


@pytest.mark.parametrize(
    ("button", "written", "stored"),
    [
        ("take", "自己写的", "{}"),
        ("append", "自己写的", "自己写的\n{}"),
        ("take", "", "{}"),
    ],
)
def test_bringing_in_again_replaces_or_goes_behind(asked, cast, client_of, button, written, stored):
    entry = honour(asked, cast.clerk)
    client = client_of(cast.clerk)
    client.post(form_url(asked), typed(honours=written))
    page = client.get(form_url(asked)).content.decode()
    assert (written in page, entry.words in page) == (True, True)  # whoever presses sees both
    sent = typed(seen={"theme": "党建引领", "honours": written}, honours=written)
    answer = client.post(form_url(asked), {**sent, button: "honours:source"})
    assert answer["Location"] == f"{form_url(asked)}#field-honours"
    assert fresh(asked).form_data["honours"] == stored.format(entry.words)


def test_bringing_in_what_nobody_offers_only_saves(asked, cast, client_of):
    for value in ("honours:source", "theme:nowhere", "nonsense", ":"):
        client_of(cast.clerk).post(form_url(asked), {**typed(seen=fresh(asked).form_data), "take": value})
    assert fresh(asked).form_data == {"theme": "党建引领", "work": ""}


def test_all_blanks_are_filled_at_once_and_nothing_else(asked, cast, client_of):
    entry = honour(asked, cast.clerk)
    PlanItem.objects.create(
        application=asked, order=1, measure="走访", responsible="支委B", due_on=timezone.localdate()
    )
    client = client_of(cast.clerk)
    client.post(form_url(asked), typed(honours="", measures=""))
    assert "空着的2栏都带入" in client.get(form_url(asked)).content.decode()
    client.post(form_url(asked), {**typed(seen=fresh(asked).form_data, honours="", measures=""), "fill_blanks": "1"})
    stored = fresh(asked).form_data
    assert (stored["theme"], stored["honours"], stored["measures"]) == ("党建引领", entry.words, "1．走访")


def test_last_round_is_offered_for_the_same_field(asked, cast, client_of, road, s2_track):
    old = road.to(Application.objects.for_work().get(track=s2_track, branch=asked.branch), "submitted")
    found = prefill.offers(fresh(asked))
    assert [offer.text for offer in found["theme"]] == [old.form_data["theme"]]
    assert "上一轮填写的内容" in found["theme"][0].label
    client_of(cast.clerk).post(form_url(asked), {**typed(theme=""), "take": "theme:previous"})
    assert fresh(asked).form_data["theme"] == old.form_data["theme"]


@pytest.mark.parametrize("rows", [1, 3])
def test_form_query_count(asked, cast, client_of, rows, django_assert_num_queries):
    for number in range(rows):
        honour(asked, cast.clerk, name=f"荣誉{number}")
        PlanItem.objects.create(
            application=asked, order=number, measure="走访", responsible="支委B", due_on=timezone.localdate()
        )
    client = client_of(cast.clerk)
    client.get(form_url(asked))
    with django_assert_num_queries(18):
        client.get(form_url(asked))
