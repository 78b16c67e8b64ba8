"""The pages of 整改: the form, done with proofs, the second person, the ledger narrowed and on paper."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from applications.models import Application, Rectification
from applications.services import rectifying
from standards.models import Track
from tests import factories, uploads

WORDS = {"gap": "党课少一次", "cause": "没有计划", "measure": "列入月计划", "responsible": "支委B"}


@pytest.fixture
def application(tiny_application):
    Track.objects.filter(pk=tiny_application.track_id).update(problem_tags=["两张皮", "弱化"])
    return Application.objects.for_work().get(pk=tiny_application.pk)


@pytest.fixture
def entry(application, cast):
    return rectifying.open_rectification(application, **WORDS, due_on=factories.days(3), tags=["弱化"], by=cast.clerk)


@pytest.fixture
def client(client_of, cast):
    return client_of(cast.clerk)


def page(name, *args):
    return reverse(f"applications:{name}", args=args)


def form_of(entry, **given):
    return {**WORDS, "due_on": "", "criterion": "", "tags": ["弱化"], "version": entry.version, **given}


def test_an_entry_needs_its_gap_alone(client, application):
    url = page("rectify", application.pk)
    assert "请填写差距。" in client.post(url, {"gap": "", "measure": "写好的措施"}).text
    assert "写好的措施" in client.post(url, {"gap": "", "measure": "写好的措施"}).text
    criterion = application.track.rubric.leaves_for("")[0]
    answer = client.post(url, {"gap": "党课少一次", "criterion": criterion.pk, "tags": ["弱化"]})
    made = Rectification.objects.get()
    assert (answer.url, made.criterion, made.source, made.tag_names) == (
        made.get_absolute_url(),
        criterion,
        "other",
        ["弱化"],
    )


def test_a_link_names_the_criterion(client, application):
    criterion = application.track.rubric.leaves_for("")[0]
    text = client.get(page("rectify", application.pk), {"criterion": criterion.pk}).text
    assert f'<option value="{criterion.pk}" selected>' in text


def test_editing_and_the_second_of_two_pages(client, entry):
    url = entry.get_absolute_url()
    assert client.post(url, form_of(entry, cause="改过的原因")).url == url
    refused = client.post(url, form_of(entry, cause="另一页的原因"))
    assert "本次没有修改" in refused.text
    assert "另一页的原因" in refused.text
    entry.refresh_from_db()
    assert (entry.cause, entry.version) == ("改过的原因", 2)
    # Pressed once more, it means what it says.
    assert f'name="version" value="{entry.version}"' in refused.text
    client.post(url, form_of(entry, cause="另一页的原因"))
    entry.refresh_from_db()
    assert entry.cause == "另一页的原因"


def test_done_with_a_file_of_the_page(client, entry):
    photo = SimpleUploadedFile("照片.jpg", uploads.photo(), content_type="image/jpeg")
    data = form_of(entry, due_on=factories.days(3), done_on=factories.days(0), outcome="已补开", evidence_files=photo)
    client.post(page("finish_rectification", entry.pk), data)
    entry.refresh_from_db()
    assert (entry.state, [proof.name for proof in entry.proofs.all()]) == ("done", ["照片.jpg"])


def test_done_saves_what_the_page_holds_and_both_or_neither(client, application, cast):
    bare = rectifying.open_rectification(application, gap="只有差距", by=cast.clerk)
    url, given = page("finish_rectification", bare.pk), {"done_on": factories.days(0), "outcome": "写好的完成情况"}
    answer = client.post(url, form_of(bare, **given))
    assert "还没有填写时限" in answer.text
    assert "写好的完成情况" in answer.text
    assert "没有计划" in answer.text
    bare.refresh_from_db()
    assert (bare.state, bare.cause, bare.version) == ("open", "", 1)
    assert "请填写完成情况。" in client.post(url, form_of(bare, **{**given, "outcome": ""})).text
    client.post(url, form_of(bare, **given, due_on=factories.days(1)))
    bare.refresh_from_db()
    assert (bare.state, bare.cause, bare.outcome) == ("done", "没有计划", "写好的完成情况")


def test_saving_keeps_the_outcome_for_later(client, entry):
    client.post(entry.get_absolute_url(), form_of(entry, due_on=factories.days(3), outcome="补开了一半"))
    entry.refresh_from_db()
    assert (entry.state, entry.outcome) == ("open", "补开了一半")
    assert "补开了一半" in client.get(entry.get_absolute_url()).text


@pytest.fixture
def finished(entry, cast):
    return rectifying.finish_rectification(entry, done_on=factories.days(0), outcome="已补开", version=1, by=cast.clerk)


def test_the_second_person_closes_it(client_of, cast, finished):
    client = client_of(cast.secretary)
    assert "整改到位，销号" in client.get(finished.get_absolute_url()).text
    client.post(page("review_rectification", finished.pk), {"version": 2, "remark": "属实"})
    finished.refresh_from_db()
    assert (finished.state, finished.reviewed_by) == ("reviewed", cast.secretary)
    again = client.post(page("review_rectification", finished.pk), {"version": 2})
    assert "复核销号" in again.text


def test_the_committee_sends_it_back(client_of, cast, finished):
    client, url = client_of(cast.committee_clerk), page("review_rectification", finished.pk)
    assert "请写明哪里没有整改到位" in client.post(url, {"version": 2, "back": "1"}).text
    client.post(url, {"version": 2, "back": "1", "remark": "还缺签到"})
    finished.refresh_from_db()
    assert (finished.state, finished.review_remark) == ("open", "还缺签到")
    assert "退回继续整改：还缺签到" in client_of(cast.clerk).get(finished.get_absolute_url()).text


def test_who_did_it_is_told_to_ask_another(client_of, cast, entry):
    rectifying.finish_rectification(entry, done_on=factories.days(0), outcome="已补开", version=1, by=cast.secretary)
    client = client_of(cast.secretary)
    assert "须由另一个人复核" in client.get(entry.get_absolute_url()).text
    assert client.post(page("review_rectification", entry.pk), {"version": 2}).status_code == 403


def test_deleting_leads_to_the_ledger(client, application, entry):
    url = page("delete_rectification", entry.pk)
    assert client.post(url, {"version": 1}).url == f"{page('self_checks', application.pk)}#ledger"
    assert client.post(url, {"version": 1}).status_code == 404


@pytest.fixture
def several(application, cast):
    made = {}
    for name, tags, due in (
        ("逾期的", ["弱化"], -1),
        ("不急的", ["两张皮"], 9),
        ("没有时限的", [], None),
        ("完成的", ["弱化"], 2),
    ):
        made[name] = rectifying.open_rectification(
            application, **{**WORDS, "gap": name}, tags=tags, due_on=factories.days(due) if due else None, by=cast.clerk
        )
    rectifying.finish_rectification(made["完成的"], done_on=factories.days(0), outcome="好了", version=1, by=cast.clerk)
    return made


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ({}, ["逾期的", "不急的", "没有时限的", "完成的"]),
        ({"state": "done"}, ["完成的"]),
        ({"tag": "弱化"}, ["逾期的", "完成的"]),
        ({"overdue": "on"}, ["逾期的"]),
        ({"tag": "两张皮", "overdue": "on"}, []),
        ({"state": "nonsense"}, ["逾期的", "不急的", "没有时限的", "完成的"]),
    ],
)  # fmt: skip
def test_the_ledger_is_narrowed_on_the_page_and_on_paper(client, application, several, asked, shown):
    answer = client.get(page("self_checks", application.pk), asked)
    assert [entry.gap for entry in answer.context["page_obj"]] == shown
    assert [entry.gap for entry in client.get(page("ledger", application.pk), asked).context["entries"]] == shown


@pytest.mark.parametrize("rows", [1, 3])
def test_paper_and_entry_ask_the_same_for_any_number(client, application, cast, rows, django_assert_num_queries):
    for number in range(rows):
        entry = rectifying.open_rectification(application, gap=f"差距{number}", tags=["弱化", "两张皮"], by=cast.clerk)
    client.get(page("ledger", application.pk))
    with django_assert_num_queries(12):
        client.get(page("ledger", application.pk))
    with django_assert_num_queries(11):
        client.get(entry.get_absolute_url())
