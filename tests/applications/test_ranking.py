"""The ranked recommendation: service, constraints, page."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Recommendation, RecommendationList
from applications.services import checking, extending, inspecting, recommending
from applications.states import Status
from branches.models import AuditEntry, Notice
from standards.models import Stage, Track
from tests import factories
from tests.road import fresh

RANKINGS = reverse("applications:rankings")


@pytest.fixture
def checked(applications, road):
    """A-1, A-2, A-3 checked, in this order."""
    return [road.to(applications[code], "checked") for code in ("A-1", "A-2", "A-3")]


@pytest.fixture
def ranking(tiny_track, bureau):
    return recommending.list_for(tiny_track, bureau.county_a)


def save(ranking, ordered, by, version=None, **reasons):
    version = ranking.version if version is None else version
    return recommending.save_ranking(ranking, ordered, reasons=reasons, version=version, by=by)


def order_of(ranking):
    return list(ranking.places.values_list("application__branch__code", flat=True))


# The service


def test_save_replaces_the_list_and_counts_the_version(ranking, checked, cast):
    save(ranking, checked, cast.committee_clerk)
    save(ranking, checked[::-1][:2], cast.committee_clerk)
    assert (order_of(ranking), ranking.version) == (["A-3", "A-2"], 2)
    assert AuditEntry.objects.filter(action="recommendation.save").count() == 2


def test_save_refuses_a_stale_version(ranking, checked, cast):
    save(ranking, checked[:1], cast.committee_clerk)
    with pytest.raises(ValidationError) as refusal:
        save(ranking, checked, cast.committee_head, version=0)
    assert (refusal.value.code, order_of(ranking)) == ("stale", ["A-1"])


def test_save_refuses_one_twice_and_strangers(ranking, checked, cast, applications, road):
    with pytest.raises(ValidationError) as refusal:
        save(ranking, [checked[0], checked[0]], cast.committee_clerk)
    assert refusal.value.code == "duplicate"
    for stranger in (road.to(applications["B-1"], "checked"), road.to(applications["JG-1"], "checked")):
        with pytest.raises(ValidationError) as refusal:
            save(ranking, [stranger], cast.committee_clerk)
        assert refusal.value.code == "not_candidate"


def test_a_sixth_recommendation_is_refused_by_service_and_database(s2_track, bureau, cast, road):
    assert s2_track.recommend_max == 5
    branches = [
        factories.BranchFactory(parent=bureau.county_a, code=f"A-1{n}", line="派出所", solid_grade="达标")
        for n in range(6)
    ]
    six = [factories.ApplicationFactory(branch=each, track=s2_track, status=Status.CHECKED) for each in branches]
    ranking = recommending.list_for(s2_track, bureau.county_a)
    with pytest.raises(ValidationError) as refusal:
        save(ranking, six, cast.committee_clerk)
    assert refusal.value.code == "too_many"
    save(ranking, six[:5], cast.committee_clerk)
    for rank in (6, 5, 0):  # beyond the limit, taken, before the first
        with pytest.raises(IntegrityError), transaction.atomic():
            Recommendation.objects.create(list=ranking, application=six[5], rank=rank, limit=5)
    assert Recommendation.objects.count() == 5


def test_one_application_stands_on_one_list_only(ranking, checked, cast, bureau, tiny_track):
    save(ranking, checked[:1], cast.committee_clerk)
    other = recommending.list_for(tiny_track, bureau.county_b)
    with pytest.raises(IntegrityError), transaction.atomic():
        Recommendation.objects.create(list=other, application=checked[0], rank=1, limit=3)


def test_confirm_moves_all_and_locks(ranking, checked, cast):
    save(ranking, checked, cast.committee_clerk)
    recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    assert {fresh(each).status for each in checked} == {Status.RECOMMENDED}
    assert Notice.objects.filter(kind="application.recommend").count() == 4
    with pytest.raises(ValidationError) as refusal:
        save(ranking, checked[:1], cast.committee_head)
    assert (refusal.value.code, order_of(ranking)) == ("confirmed", ["A-1", "A-2", "A-3"])


def test_confirm_by_a_second_head_says_who_was_faster(ranking, checked, cast):
    save(ranking, checked, cast.committee_clerk)
    first, second = (RecommendationList.objects.get(pk=ranking.pk) for _ in range(2))
    recommending.confirm_ranking(first, version=1, by=cast.committee_head)
    written = AuditEntry.objects.count(), Notice.objects.count()
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(second, version=1, by=cast.committee_head)
    assert refusal.value.code == "confirmed"
    assert cast.committee_head.name in refusal.value.message
    assert (AuditEntry.objects.count(), Notice.objects.count()) == written


def test_confirm_refuses_a_list_that_changed_since_it_was_read(ranking, checked, cast):
    save(ranking, checked, cast.committee_clerk)
    save(ranking, checked[::-1], cast.committee_clerk)
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    assert (refusal.value.code, fresh(checked[0]).status) == ("stale", Status.CHECKED)


def test_confirm_needs_the_head_and_at_least_one(ranking, checked, cast):
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=0, by=cast.committee_head)
    assert refusal.value.code == "wrong_number"
    ranking.refresh_from_db()
    save(ranking, checked, cast.committee_clerk)
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=1, by=cast.committee_clerk)
    assert refusal.value.code == "not_allowed"
    assert RecommendationList.objects.get(pk=ranking.pk).confirmed_at is None


def test_confirm_names_the_branch_that_was_vetoed_meanwhile(ranking, checked, cast, road):
    save(ranking, checked, cast.committee_clerk)
    road.veto(checked[1])
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    assert refusal.value.code == "conflict"
    assert refusal.value.message.startswith("第2名甲县东关所：")
    assert {fresh(each).status for each in (checked[0], checked[2])} == {Status.CHECKED}


def test_after_the_stage_only_an_extension_of_the_committee_helps(ranking, checked, cast, bureau):
    save(ranking, checked, cast.committee_clerk)
    stage = Stage.objects.get(track=ranking.track, kind="recommend")
    Stage.objects.filter(pk=stage.pk).update(closes_on=factories.days(-1))

    def confirm():
        again = RecommendationList.objects.get(pk=ranking.pk)
        return recommending.confirm_ranking(again, version=1, by=cast.committee_head)

    with pytest.raises(ValidationError) as refusal:
        confirm()
    assert refusal.value.code == "closed"
    stage.refresh_from_db()
    extending.extend_for(checked[0], stage, until=factories.days(2), reason="汛期", by=cast.campaign_admin)
    confirm()
    assert fresh(checked[0]).status == Status.RECOMMENDED


def test_acceptance_tracks_do_not_rank(tiny_rubric, bureau, cast):
    campaign = factories.CampaignFactory(status="open")
    track = factories.tiny_track(campaign, tiny_rubric, mode=Track.Mode.ACCEPTANCE)
    with pytest.raises(ValidationError) as refusal:
        save(recommending.list_for(track, bureau.county_a), [], cast.committee_clerk)
    assert refusal.value.code == "wrong_road"


# The pages


def url(name, track, committee):
    return reverse(f"applications:{name}", args=[track.pk, committee.pk])


def data_for(ordered, version=0, **more):
    return {"version": version, "application": [each.pk for each in ordered], **more}


def test_chooser_lists_the_committees_in_scope(client_of, cast, bureau, tiny_track):
    assert [c for c, _ in client_of(cast.committee_head).get(RANKINGS).context["rows"]] == [bureau.county_a]
    rows = client_of(cast.campaign_admin).get(RANKINGS).context["rows"]
    assert [committee for committee, _ in rows] == [bureau.county_a, bureau.county_b]
    assert client_of(cast.inspector).get(RANKINGS).status_code == 403


def test_opening_the_page_writes_nothing(client_of, cast, bureau, tiny_track, checked):
    page = client_of(cast.committee_clerk).get(url("ranking", tiny_track, bureau.county_a))
    assert {each.branch.code for each, _ in page.context["candidates"]} == {"A-1", "A-2", "A-3"}
    assert RecommendationList.objects.count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_ranking_page_query_count(client_of, cast, bureau, tiny_track, checked, rows, django_assert_num_queries):
    ranking = recommending.list_for(tiny_track, bureau.county_a)
    save(ranking, checked[:rows], cast.committee_clerk)
    client = client_of(cast.committee_head)
    address = url("ranking", tiny_track, bureau.county_a)
    client.get(address)
    with django_assert_num_queries(12):
        assert len(client.get(address).context["shown"]) == rows


def test_page_saves_order_and_reasons(client_of, cast, bureau, tiny_track, checked):
    order = [checked[2], checked[0]]
    client_of(cast.committee_clerk).post(
        url("save_ranking", tiny_track, bureau.county_a), data_for(order, **{f"reason-{order[0].pk}": "实绩突出"})
    )
    assert list(Recommendation.objects.values_list("rank", "application", "reason")) == [
        (1, order[0].pk, "实绩突出"), (2, order[1].pk, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("move", "expected"),
    [("up-1", [1, 0]), ("up-0", [0, 1]), ("down-0", [1, 0]), ("out-0", [1]), ("in-2", [0, 1, 2]), ("in-0", [0, 1])],
)
def test_buttons_move_without_a_script_and_save_nothing(client_of, cast, bureau, tiny_track, checked, move, expected):
    what, number = move.split("-")
    data = data_for(checked[:2], move=f"{what}-{checked[int(number)].pk}", **{f"reason-{checked[1].pk}": "务实"})
    page = client_of(cast.committee_clerk).post(url("save_ranking", tiny_track, bureau.county_a), data)
    assert [application for application, _ in page.context["shown"]] == [checked[n] for n in expected]
    assert "务实" in page.content.decode()
    assert Recommendation.objects.count() == 0


def test_a_refused_save_keeps_the_order_on_the_page(client_of, cast, bureau, tiny_track, checked, ranking):
    save(ranking, checked[:1], cast.committee_head)
    page = client_of(cast.committee_clerk).post(
        url("save_ranking", tiny_track, bureau.county_a), data_for([checked[1], checked[0]], version=0)
    )
    assert page.status_code == 422
    assert [application for application, _ in page.context["shown"]] == [checked[1], checked[0]]
    body = page.content.decode()
    assert f"名单刚被{cast.committee_head.name}于" in body
    assert "再次保存即以您的为准" in body
    assert order_of(ranking) == ["A-1"]


def test_saving_is_for_the_committee(client_of, cast, bureau, tiny_track, checked):
    address = url("save_ranking", tiny_track, bureau.county_a)
    assert client_of(cast.campaign_admin).post(address, data_for(checked)).status_code == 403
    assert client_of(cast.other_head).post(address, data_for(checked)).status_code == 404
    assert client_of(cast.secretary).post(address, data_for(checked)).status_code == 404


def test_an_application_out_of_scope_is_not_found(client_of, cast, bureau, tiny_track, checked, applications):
    address = url("save_ranking", tiny_track, bureau.county_a)
    assert client_of(cast.committee_clerk).post(address, data_for([applications["B-1"]])).status_code == 404


def test_head_confirms_the_version_on_the_screen(client_of, cast, bureau, tiny_track, checked, ranking):
    save(ranking, checked[:2], cast.committee_clerk)
    address = url("confirm_ranking", tiny_track, bureau.county_a)
    assert client_of(cast.committee_clerk).post(address, {"version": 1}).status_code == 403
    client = client_of(cast.committee_head)
    page = client.get(url("ranking", tiny_track, bureau.county_a)).content.decode()
    assert "这2个支部的状态变为“已推荐”" in page
    page = client.post(address, {"version": 1}, follow=True)
    assert "推荐汇总表" in page.content.decode()
    assert Application.objects.filter(status=Status.RECOMMENDED).count() == 2


def test_late_confirmation_is_told_why(client_of, cast, bureau, tiny_track, checked, ranking):
    save(ranking, checked[:2], cast.committee_clerk)
    page = client_of(cast.committee_head).post(
        url("confirm_ranking", tiny_track, bureau.county_a), {"version": 0}, follow=True
    )
    (said,) = [str(message) for message in page.context["messages"]]
    assert said.startswith(f"名单刚被{cast.committee_clerk.name}于")


def test_confirming_a_list_never_begun_is_refused(client_of, cast, bureau, tiny_track):
    page = client_of(cast.committee_head).post(
        url("confirm_ranking", tiny_track, bureau.county_a), {"version": 0}, follow=True
    )
    assert [str(m) for m in page.context["messages"]] == ["名单还是空的，请先排序并保存。"]


def test_a_reason_survives_moving_out_and_back_in(client_of, cast, bureau, tiny_track, checked):
    client, address = client_of(cast.committee_clerk), url("save_ranking", tiny_track, bureau.county_a)
    key = f"reason-{checked[0].pk}"
    page = client.post(address, data_for(checked[:1], move=f"out-{checked[0].pk}", **{key: "务实"}))
    assert f'name="{key}" value="务实"' in page.content.decode()
    page = client.post(address, data_for([], move=f"in-{checked[0].pk}", **{key: "务实"}))
    assert page.context["shown"] == [(checked[0], "务实")]


# What the database itself refuses, and limits that change


def test_the_database_refuses_an_empty_confirmation(ranking, cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        RecommendationList.objects.filter(pk=ranking.pk).update(
            confirmed_at=timezone.now(), confirmed_by=cast.committee_head
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        RecommendationList.objects.filter(pk=ranking.pk).update(confirmed_at=timezone.now(), confirmed_number=0)


def test_a_limit_lowered_meanwhile_counts(ranking, checked, cast):
    """The track as it is now, not as the page or the saved rows knew it."""
    save(ranking, checked, cast.committee_clerk)
    Track.objects.filter(pk=ranking.track_id).update(recommend_max=2)
    with pytest.raises(ValidationError) as refusal:
        save(ranking, checked, cast.committee_clerk)
    assert refusal.value.code == "too_many"
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    assert (refusal.value.code, refusal.value.message) == ("wrong_number", "须推荐1至2个，现在有3个。")
    save(ranking, checked[:2], cast.committee_clerk)
    assert set(ranking.places.values_list("limit", flat=True)) == {2}


def test_a_gap_in_the_ranks_is_not_confirmed(ranking, checked, cast):
    save(ranking, checked[:2], cast.committee_clerk)
    Recommendation.objects.filter(list=ranking, rank=2).update(rank=3)
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    assert refusal.value.code == "wrong_number"


def test_confirming_notes_how_many_and_who_handed_up(ranking, checked, cast):
    save(ranking, checked, cast.committee_clerk)
    recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    ranking.refresh_from_db()
    assert ranking.confirmed_number == 3
    assert {fresh(each).handed_up_by for each in checked} == {cast.committee_head}
    assert {fresh(each).handed_up_at for each in checked} == {ranking.confirmed_at}


def test_a_rank_on_the_progress_page_is_provisional_until_confirmed(client_of, ranking, checked, cast):
    save(ranking, checked[:1], cast.committee_clerk)
    client, address = client_of(cast.committee_head), reverse("applications:progress")
    assert "拟第1名" in client.get(address).content.decode()
    recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    page = client.get(address).content.decode()
    assert "第1名" in page and "拟第1名" not in page


def test_saving_names_who_was_vetoed(ranking, checked, cast, road):
    road.veto(checked[1])
    with pytest.raises(ValidationError) as refusal:
        save(ranking, [fresh(each) for each in checked], cast.committee_clerk)
    assert refusal.value.message == "甲县东关所已被一票否决，请移出后再保存。"


# The script's way of saving, and what stands on the page


def fetched(client, address, data):
    return client.post(address, data, headers={"X-Requested-With": "fetch"})


def test_the_script_saves_and_is_told_what_the_head_would_confirm(client_of, cast, bureau, tiny_track, checked):
    client, address = client_of(cast.committee_head), url("save_ranking", tiny_track, bureau.county_a)
    answer = fetched(client, address, data_for(checked[:2], **{f"reason-{checked[0].pk}": "实绩突出"}))
    said = answer.json()
    assert (answer.status_code, said["version"], order_of(RecommendationList.objects.get())) == (200, 1, ["A-1", "A-2"])
    assert 'name="version" value="1"' in said["confirm"]
    assert "甲县东关所</a>还没有写推荐理由" in said["confirm"]


def test_the_script_is_shown_what_another_saved(client_of, cast, bureau, tiny_track, checked, ranking):
    save(ranking, checked[:1], cast.committee_head)
    client, address = client_of(cast.committee_clerk), url("save_ranking", tiny_track, bureau.county_a)
    answer = fetched(client, address, data_for([checked[1]]))
    said = answer.json()
    assert (answer.status_code, said["version"], order_of(ranking)) == (409, 1, ["A-1"])
    assert "1. 甲县城关所" in said["theirs"]
    assert fetched(client, address, data_for([checked[1]], version=1)).status_code == 200
    assert order_of(ranking) == ["A-2"]


def test_the_script_is_told_why_not(client_of, cast, bureau, tiny_track, checked):
    Stage.objects.filter(track=tiny_track, kind="recommend").update(closes_on=factories.days(-1))
    answer = fetched(
        client_of(cast.committee_clerk), url("save_ranking", tiny_track, bureau.county_a), data_for(checked[:1])
    )
    assert answer.status_code == 422
    assert "截止" in answer.json()["text"]


def test_after_the_deadline_the_page_can_only_be_read(client_of, cast, bureau, tiny_track, checked, ranking):
    save(ranking, checked[:2], cast.committee_clerk)
    Stage.objects.filter(track=tiny_track, kind="recommend").update(closes_on=factories.days(-1))
    page = client_of(cast.committee_head).get(url("ranking", tiny_track, bureau.county_a)).content.decode()
    assert "名单只能查看，不能再改" in page
    for control in ('name="move"', 'name="reason-', "保存名单", "data-needs-saved", "ranking.js"):
        assert control not in page


def test_an_extension_of_the_committee_opens_the_page_again(client_of, cast, bureau, tiny_track, checked):
    stage = Stage.objects.get(track=tiny_track, kind="recommend")
    Stage.objects.filter(pk=stage.pk).update(closes_on=factories.days(-1))
    stage.refresh_from_db()
    extending.extend_for(checked[0], stage, until=factories.days(2), reason="汛期", by=cast.campaign_admin)
    page = client_of(cast.committee_clerk).get(url("ranking", tiny_track, bureau.county_a)).content.decode()
    assert "本单位的排序推荐已延期" in page
    assert "保存名单" in page


def test_a_vetoed_one_stays_on_the_list_until_it_is_taken_off(
    client_of, cast, bureau, tiny_track, checked, ranking, road
):
    save(ranking, checked, cast.committee_clerk)
    road.veto(checked[1])
    client, address = client_of(cast.committee_head), url("save_ranking", tiny_track, bureau.county_a)
    page = client.get(url("ranking", tiny_track, bureau.county_a)).content.decode()
    assert "第2名甲县东关所已被一票否决，请移出。" in page
    assert "data-needs-saved" not in page
    page = client.post(address, data_for(checked, version=1, move=f"up-{checked[0].pk}"))
    assert [application for application, _ in page.context["shown"]] == checked
    client.post(address, data_for([checked[0], checked[2]], version=1))
    page = client.get(url("ranking", tiny_track, bureau.county_a)).content.decode()
    assert "data-needs-saved" in page


def test_a_missing_word_of_the_inspectors_is_said_before_confirming(
    client_of, cast, bureau, tiny_track, checked, ranking
):
    Track.objects.filter(pk=tiny_track.pk).update(clearance_points=["recommend"])
    save(ranking, checked[:2], cast.committee_clerk)
    inspecting.clear(checked[0], point="recommend", remark="", by=cast.inspector)
    page = client_of(cast.committee_head).get(url("ranking", tiny_track, bureau.county_a))
    (text,) = page.context["obstacles"]
    assert text.startswith("第2名甲县东关所尚无纪检督察“推荐前”的无问题意见")


# 推荐汇总表


SUMMARY = reverse("applications:recommended")


def test_sheet_of_one_committee(client_of, cast, bureau, tiny_track, checked, ranking, road):
    address = url("ranking_sheet", tiny_track, bureau.county_a)
    save(ranking, checked[:2], cast.committee_clerk)
    client = client_of(cast.committee_clerk)
    assert "（草稿）" in client.get(address).content.decode()
    recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    page = client.get(address).content.decode()
    assert "（草稿）" not in page
    for words in ("“试用称号”推荐汇总表", "甲县分局党委", f"{cast.committee_head.name}于", "推荐单位（盖章）"):
        assert words in page
    assert client_of(cast.other_head).get(address).status_code == 404


def test_a_list_never_begun_has_no_sheet(client_of, cast, bureau, tiny_track):
    assert client_of(cast.committee_head).get(url("ranking_sheet", tiny_track, bureau.county_a)).status_code == 404


def test_summary_lists_every_committee_and_self_nominations_apart(
    client_of, cast, bureau, tiny_track, checked, ranking, applications, road
):  # fmt: skip
    save(ranking, checked[:2], cast.committee_clerk)
    recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    nominated, waiting = (road.to(applications[code], "checked") for code in ("JG-1", "JG-2"))
    checking.nominate_application(nominated, by=cast.headquarters_head)
    context = client_of(cast.campaign_admin).get(SUMMARY).context
    assert [(each.committee, each.confirmed, len(each.places)) for each in context["lists"]] == [
        (bureau.county_a, True, 2), (bureau.county_b, False, 0),
    ]  # fmt: skip
    (group,) = context["groups"]
    assert group.committee == bureau.headquarters
    assert [(each, each.handed_up_by) for each in group.applications] == [
        (nominated, cast.headquarters_head), (waiting, None),
    ]  # fmt: skip
    mine = client_of(cast.committee_head).get(SUMMARY).context
    assert ([each.committee for each in mine["lists"]], mine["groups"]) == ([bureau.county_a], [])


def test_summary_of_an_acceptance_track_lists_what_was_forwarded(client_of, cast, tiny_track, applications, road):
    Track.objects.filter(pk=tiny_track.pk).update(mode=Track.Mode.ACCEPTANCE, recommend_max=None, quota=None)
    first, second = (road.to(fresh(applications[code]), "checked") for code in ("A-1", "B-1"))
    checking.forward_application(fresh(first), by=cast.committee_head)
    context = client_of(cast.campaign_admin).get(SUMMARY).context
    assert context["lists"] == []
    assert [[(a.branch.code, a.handed_up_by) for a in group.applications] for group in context["groups"]] == [
        [("A-1", cast.committee_head)], [("B-1", None)],
    ]  # fmt: skip
    assert context["handed"] == 1


@pytest.mark.parametrize("rows", [1, 3])
def test_summary_query_count(client_of, cast, tiny_track, checked, ranking, rows, django_assert_num_queries):
    save(ranking, checked[:rows], cast.committee_clerk)
    client = client_of(cast.campaign_admin)
    client.get(SUMMARY)
    with django_assert_num_queries(14):
        assert len(client.get(SUMMARY).context["lists"][0].places) == rows
