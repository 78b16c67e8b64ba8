"""荣誉台账: kept by the branch, read by its superiors, every change in the log, nothing lost to a stale page."""

import datetime

import pytest
from django.core.exceptions import ValidationError

from branches import ledger
from branches.models import AuditEntry, Honour

SAID = {
    "name": "先进基层党组织", "level": "city", "holder": "collective", "recipient": "", "issuer": "市局党委",
    "document_number": "市公党〔2026〕8号", "awarded_on": datetime.date(2026, 6, 28),
}  # fmt: skip
TYPED = {**SAID, "awarded_on": "2026-06-28"}


@pytest.fixture
def entry(bureau, cast):
    return ledger.record_honour(bureau.a1, by=cast.clerk, **SAID)


def refused(act, *args, **kwargs):
    with pytest.raises(ValidationError) as refusal:
        act(*args, **kwargs)
    return refusal.value.code


def test_record_logs_what_was_entered(entry, bureau, cast):
    logged = AuditEntry.objects.get(action="honour.record")
    assert (logged.branch, logged.actor, logged.changes["issuer"]) == (bureau.a1, cast.clerk, "市局党委")


def test_record_twice_is_refused_in_words(entry, bureau, cast):
    assert refused(ledger.record_honour, bureau.a1, by=cast.clerk, **SAID) == "already"
    assert Honour.objects.count() == 1


def test_change_logs_only_what_changed(entry, cast):
    ledger.change_honour(entry, by=cast.secretary, seen=entry.mark, **{**SAID, "issuer": "县委"})
    assert AuditEntry.objects.get(action="honour.change").changes == {"issuer": ["市局党委", "县委"]}
    ledger.change_honour(entry, by=cast.secretary, seen=Honour.objects.get().mark, **{**SAID, "issuer": "县委"})
    assert AuditEntry.objects.filter(action="honour.change").count() == 1


def test_change_and_delete_from_a_stale_page_are_refused(entry, cast):
    seen = entry.mark
    ledger.change_honour(entry, by=cast.secretary, seen=seen, **{**SAID, "level": "provincial"})
    assert refused(ledger.change_honour, entry, by=cast.clerk, seen=seen, **SAID) == "stale"
    assert refused(ledger.delete_honour, entry, by=cast.clerk, seen=seen) == "stale"
    ledger.delete_honour(entry, by=cast.clerk, seen=Honour.objects.get().mark)
    assert refused(ledger.delete_honour, Honour(pk=entry.pk), by=cast.clerk, seen=seen) == "stale"
    assert AuditEntry.objects.get(action="honour.delete").changes["name"] == "先进基层党组织"


def test_words_name_the_person(entry):
    assert entry.words == "2026年6月　先进基层党组织　市局党委"
    assert Honour(**{**SAID, "holder": "personal", "recipient": "民警甲"}).words.endswith("　民警甲")


# Pages


@pytest.mark.parametrize(
    ("who", "seen", "keeps"),
    [("clerk", 1, True), ("secretary_a2", 0, True), ("committee_clerk", 1, False), ("inspector", 1, False),
     ("other_head", 0, False), ("campaign_admin", 1, False)],
)  # fmt: skip
def test_list_shows_what_is_in_scope(client_of, cast, entry, who, seen, keeps):
    page = client_of(getattr(cast, who)).get("/honours/")
    assert (len(page.context["page_obj"].object_list), page.context["keeps"]) == (seen, keeps)
    assert ("登记荣誉" in page.content.decode()) is keeps


@pytest.mark.parametrize("who", ["assessor", "expert", "system_admin", "auditor", "outsider"])
def test_list_is_no_matter_of_others(client_of, cast, who):
    assert client_of(getattr(cast, who)).get("/honours/").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_list_query_count(client_of, cast, bureau, rows, django_assert_num_queries):
    for number in range(rows):
        ledger.record_honour(bureau.a1, by=cast.clerk, **{**SAID, "name": f"荣誉{number}"})
    client = client_of(cast.committee_clerk)
    client.get("/honours/")
    # session, user, grants, units of the filter, count, rows, unread notices
    with django_assert_num_queries(7):
        client.get("/honours/")


def test_list_filters(client_of, cast, bureau, entry):
    client = client_of(cast.committee_clerk)
    for query, count in (("q=先进", 1), ("level=city", 1), ("level=county", 0), (f"branch={bureau.a2.pk}", 0)):
        assert len(client.get(f"/honours/?{query}").context["page_obj"].object_list) == count


def test_new_knows_the_branch(client_of, cast, bureau):
    client = client_of(cast.clerk)
    assert client.get("/honours/new/").context["form"]["branch"].initial == bureau.a1
    answer = client.post("/honours/new/", {**TYPED, "branch": bureau.a1.pk})
    assert (answer["Location"], Honour.objects.get().branch) == ("/honours/", bureau.a1)
    again = client.post("/honours/new/", {**TYPED, "branch": bureau.a1.pk})
    assert (again.status_code, "已经登记过" in again.content.decode()) == (200, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"name": ""}, "name"), ({"awarded_on": "2999-01-01"}, "awarded_on"), ({"holder": "personal"}, "recipient"),
     ({"branch": "0"}, "branch")],
)  # fmt: skip
def test_new_refusals_keep_what_was_typed(client_of, cast, bureau, change, field):
    answer = client_of(cast.clerk).post("/honours/new/", {**TYPED, "branch": bureau.a1.pk, **change})
    form = answer.context["form"]
    assert (list(form.errors), form["issuer"].value(), Honour.objects.count()) == ([field], "市局党委", 0)


def test_new_for_a_branch_of_others_is_refused(client_of, cast, bureau):
    answer = client_of(cast.clerk).post("/honours/new/", {**TYPED, "branch": bureau.a2.pk})
    assert (list(answer.context["form"].errors), Honour.objects.count()) == (["branch"], 0)


def test_change_by_page_and_by_a_stale_page(client_of, cast, entry):
    client = client_of(cast.clerk)
    url = f"/honours/{entry.pk}/"
    mark = client.get(url).context["mark"]
    assert client.post(url, {**TYPED, "issuer": "县委", "mark": mark})["Location"] == "/honours/"
    stale = client.post(url, {**TYPED, "issuer": "省厅", "mark": mark})
    assert (stale.status_code, stale.context["form"]["issuer"].value()) == (200, "省厅")
    assert "刚刚被他人改为：2026年6月　先进基层党组织　县委" in stale.content.decode()
    client.post(url, {**TYPED, "issuer": "省厅", "mark": stale.context["form"]["mark"].value()})
    assert Honour.objects.get().issuer == "省厅"


def test_delete_by_page(client_of, cast, entry):
    client, url = client_of(cast.clerk), f"/honours/{entry.pk}/delete/"
    assert client.get(url).status_code == 405
    assert client_of(cast.committee_clerk).post(url, {"mark": entry.mark}).status_code == 403
    assert client_of(cast.secretary_a2).post(url, {"mark": entry.mark}).status_code == 404
    client.post(url, {"mark": entry.mark})
    assert Honour.objects.count() == 0
    assert client.post(url, {"mark": entry.mark}).status_code == 404
