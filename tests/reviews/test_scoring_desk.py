from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from reviews.models import Assignment, PresentationSlot, Review
from reviews.services import panels, scoring_desk
from standards.models import Criterion
from tests.road import answer_for

FETCH = {"headers": {"X-Requested-With": "fetch"}}


def of(name, **kwargs):
    return reverse(f"reviews:{name}", kwargs=kwargs)


def code_of(refusal):
    return refusal.value.error_list[0].code


@pytest.fixture
def draft(scored, applications):
    """An empty sheet for one visit to branch a1, of 100 points and a bonus of 5."""
    candidate = scored.candidate(applications["A-1"])
    return scored.visit(candidate, None)[0]


def leaf(review, code):
    return next(leaf for leaf in scoring_desk.leaves_of(review) if leaf.code == code)


def save(review, code, answer, remark="", version=0):
    return scoring_desk.save_score(
        review, leaf(review, code), answer=answer, remark=remark, version=version, by=review.reviewer
    )


def fields(review, share="1"):
    """The whole sheet as the page posts it."""
    data = {}
    for item in scoring_desk.leaves_of(review):
        answer = answer_for(item, share)
        data[f"c{item.pk}-remark"] = ""
        if "points" in answer:
            data[f"c{item.pk}-points"] = answer["points"]
        if "level" in answer:
            data[f"c{item.pk}-level"] = answer["level"]
        if "met" in answer:
            data[f"c{item.pk}-met"] = "yes" if answer["met"] else "no"
        data |= {f"c{item.pk}-t{rule}": str(times) for rule, times in answer.get("times", {}).items()}
    return data


# Services


def test_saving_keeps_the_running_total(draft):
    assert save(draft, "A1", {"points": "25.5"}).points == Decimal("25.50")
    rule = leaf(draft, "A4").rules.first()
    save(draft, "A4", {"times": {str(rule.pk): "3"}}, "少开三次会")
    draft.refresh_from_db()
    assert draft.total == Decimal("44.00")  # 25.5 + (20 - 3 × 0.5)


def test_foreign_criterion_is_refused(draft, plans):
    with pytest.raises(ValidationError) as refusal:
        stranger = Criterion.objects.filter(rubric=plans.R1, kind="points").first()
        scoring_desk.save_score(draft, stranger, answer={"points": "1"}, remark="", version=0, by=draft.reviewer)
    assert code_of(refusal) == "foreign_criterion"


@pytest.mark.parametrize("seen", [0, 2])
def test_a_page_that_never_saw_the_other_pages_score_writes_nothing(draft, seen):
    """Two pages had opened the same item, blank or scored: the first save counts, the second is told."""
    for version in range(seen + 1):
        assert save(draft, "A1", {"points": "20"}, "好", version=version).version == version + 1
    with pytest.raises(ValidationError) as refusal:
        save(draft, "A1", {"points": "30"}, version=seen)
    assert code_of(refusal) == "stale"
    assert refusal.value.messages == [
        f"“{leaf(draft, 'A1').title}”刚被您自己在另一个页面或设备上改过，请核对后再保存；您填写的内容还在。"
    ]
    score = draft.scores.get()
    draft.refresh_from_db()
    assert (score.points, score.remark, score.version, draft.total) == (20, "好", seen + 1, 20)


def test_saving_costs_a_constant_number_of_queries(draft, django_assert_num_queries):
    save(draft, "A5", {"met": True})  # reads the standard, once for all
    for version in (0, 1):
        with django_assert_num_queries(12):
            save(draft, "A1", {"points": "20"}, version=version)


@pytest.mark.parametrize(("points", "code"), [("31", "out_of_range"), ("1.3", "off_step"), ("好", "not_a_number")])
def test_bad_answers_are_refused(draft, points, code):
    with pytest.raises(ValidationError) as refusal:
        save(draft, "A1", {"points": points})
    assert (code_of(refusal), draft.scores.count()) == (code, 0)


def test_finishing_needs_every_item(draft):
    save(draft, "A1", {"points": "25"})
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.finish_review(draft, comment="", by=draft.reviewer)
    assert code_of(refusal) == "incomplete"


def test_final_is_final(draft, road):
    stale = Review.objects.get(pk=draft.pk)
    road.score(draft)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.finish_review(stale, comment="", by=stale.reviewer)
    assert code_of(refusal) == "final"
    with pytest.raises(ValidationError) as refusal:
        save(stale, "A1", {"points": "1"})
    assert code_of(refusal) == "final"


def test_scoring_stops_when_the_branch_has_left_the_review(draft, road):
    road.veto(draft.application)
    with pytest.raises(ValidationError) as refusal:
        save(draft, "A1", {"points": "1"})
    assert code_of(refusal) == "not_in_review"


def test_scoring_stops_with_a_conflict(draft):
    panels.declare_conflict(draft.assignment, remark="曾任书记", by=draft.reviewer)
    with pytest.raises(ValidationError) as refusal:
        save(draft, "A1", {"points": "1"})
    assert code_of(refusal) == "conflict_of_interest"


def test_starting_twice_gives_one_sheet(scored, draft):
    again = scoring_desk.start_review(draft.assignment, visit=draft.visit)
    assert (again.pk, Review.objects.count()) == (draft.pk, 1)


def test_sheet_starts_only_for_an_event_of_the_panel(scored, draft, applications):
    slot = scored.slot(draft.application)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.start_review(draft.assignment, slot=slot)
    assert code_of(refusal) == "no_event"


def test_presentation_is_scored_between_opening_and_closing(scored, applications, cast):
    candidate = scored.candidate(applications["A-1"])
    slot = scored.slot(candidate, opened=False, closed=False)
    panel, (expert,) = scored.reviewers("presentation", 1)
    assignment = Assignment.objects.create(panel=panel, user=expert, application=candidate)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.start_review(assignment, slot=slot)
    assert code_of(refusal) == "slot_closed"
    review = scoring_desk.start_review(assignment, slot=scoring_desk.open_slot(slot, by=cast.campaign_admin))
    save(review, "A1", {"points": "20"})
    scoring_desk.close_slot(slot, by=cast.campaign_admin)
    for act in (
        lambda: save(review, "A1", {"points": "21"}),
        lambda: scoring_desk.finish_review(review, comment="", by=expert),
        lambda: scoring_desk.save_comment(review, comment="晚了", by=expert),
    ):
        with pytest.raises(ValidationError) as refusal:
            act()
        assert code_of(refusal) == "slot_closed"


# The page


@pytest.mark.parametrize("answered", [1, 3])
def test_sheet_queries_do_not_grow(client_of, draft, django_assert_num_queries, answered):
    for code, answer in list({"A1": {"points": "25"}, "A5": {"met": True}, "A3": {"times": {}}}.items())[:answered]:
        save(draft, code, answer)
    client = client_of(draft.reviewer)
    client.get(of("sheet", pk=draft.pk))
    with django_assert_num_queries(11):
        assert client.get(of("sheet", pk=draft.pk)).status_code == 200


def test_one_item_is_saved_by_fetch(client_of, draft):
    item = leaf(draft, "A1")
    url = of("save_score", pk=draft.pk, criterion_pk=item.pk)
    answer = client_of(draft.reviewer).post(url, {f"c{item.pk}-points": "25", f"c{item.pk}-remark": "好"}, **FETCH)
    assert {key: answer.json()[key] for key in ("points", "total", "missing")} == {
        "points": "25",
        "total": "25",
        "missing": 5,
    }
    refused = client_of(draft.reviewer).post(url, {f"c{item.pk}-points": "99"}, **FETCH)
    assert (refused.status_code, refused.content.decode()) == (422, "打分：应在 0 至 30 分之间。")


def typed(item, points, version, remark=""):
    return {f"c{item.pk}-points": points, f"c{item.pk}-remark": remark, f"c{item.pk}-version": version}


def test_the_second_page_hears_what_the_first_one_saved(client_of, draft):
    item, client = leaf(draft, "A1"), client_of(draft.reviewer)
    url = of("save_score", pk=draft.pk, criterion_pk=item.pk)
    assert client.post(url, typed(item, "25", 0, "好"), **FETCH).json()["version"] == 1
    refused = client.post(url, typed(item, "9", 0), **FETCH)
    assert refused.status_code == 409
    assert refused.json()["theirs"] == {
        "version": 1,
        "fields": {f"c{item.pk}-points": "25", f"c{item.pk}-remark": "好"},
        "earned": "25",
        "by": "您自己在另一个页面或设备上",
    }
    # The first answer was lost on its way back and the same is sent again; then the own word is chosen.
    assert client.post(url, typed(item, "25", 0, "好"), **FETCH).json()["version"] == 1
    assert client.post(url, typed(item, "9", 1), **FETCH).json()["version"] == 2
    assert draft.scores.get().points == 9


@pytest.mark.parametrize("name", ["sheet", "finish"])
def test_a_whole_page_out_of_date_stays_as_typed_and_counts_when_sent_once_more(client_of, draft, name):
    item, client = leaf(draft, "A1"), client_of(draft.reviewer)
    data = {**fields(draft), **typed(item, "9", 0, "这里写的")}
    save(draft, "A1", {"points": "25"}, "那边写的")
    page = client.post(of(name, pk=draft.pk), data)
    words = page.content.decode()
    draft.refresh_from_db()
    assert (page.status_code, draft.status, draft.scores.get(criterion=item).points) == (422, "draft", 25)
    assert "现在保存的是：25分，说明：那边写的；再次保存即以您填的为准。" in words
    assert ('value="9"' in words, ">这里写的</textarea>" in words) == (True, True)
    assert f'name="c{item.pk}-version" value="1"' in words
    data[f"c{item.pk}-version"] = "1"
    assert client.post(of(name, pk=draft.pk), data).status_code == 302
    assert draft.scores.get(criterion=item).points == 9


def test_an_item_wrong_in_itself_keeps_the_version_it_was_opened_with(client_of, draft):
    item = leaf(draft, "A1")
    save(draft, "A1", {"points": "25"})
    page = client_of(draft.reviewer).post(of("sheet", pk=draft.pk), typed(item, "99", 0))
    assert f'name="c{item.pk}-version" value="0"' in page.content.decode()


def test_only_the_reviewer_writes(client_of, draft, cast):
    item = leaf(draft, "A1")
    for user, status in ((cast.campaign_admin, 403), (cast.assessor, 404), (cast.secretary, 404)):
        client = client_of(user)
        assert client.post(of("save_score", pk=draft.pk, criterion_pk=item.pk), {}).status_code == status
        assert client.post(of("finish", pk=draft.pk), {}).status_code == status
        assert client.post(of("sheet", pk=draft.pk), {}).status_code == status
    assert draft.scores.count() == 0


def test_save_all_without_javascript_keeps_what_is_refused(client_of, draft):
    data = fields(draft)
    item = leaf(draft, "A1")
    data |= {f"c{item.pk}-points": "99", f"c{item.pk}-remark": "这句话不能丢", "comment": "总评"}
    answer = client_of(draft.reviewer).post(of("sheet", pk=draft.pk), data)
    page = answer.content.decode()
    assert (answer.status_code, 'value="99"' in page, "这句话不能丢" in page, "应在 0 至 30 分之间" in page) == (
        422,
        True,
        True,
        True,
    )
    assert draft.scores.count() == 5
    data[f"c{item.pk}-points"] = "29"
    assert client_of(draft.reviewer).post(of("sheet", pk=draft.pk), data).status_code == 302
    draft.refresh_from_db()
    assert (draft.comment, draft.is_final, draft.scores.filter(points__isnull=False).count()) == ("总评", False, 6)


def test_finish_saves_the_page_and_goes_to_the_next(client_of, scored, draft, applications):
    other = scored.candidate(applications["A-2"])
    following = scored.visit(other, None)[0]
    client = client_of(draft.reviewer)
    answer = client.post(of("finish", pk=draft.pk), {**fields(draft), "comment": "扎实", "next": "1"})
    draft.refresh_from_db()
    assert (draft.status, draft.total, draft.comment) == (
        "final",
        Decimal("104.00"),
        "扎实",
    )  # 100 + 2 × 2 of the bonus
    assert answer.url == of("sheet", pk=following.pk)
    page = client.get(of("sheet", pk=draft.pk)).content.decode()
    assert ("已提交，不能再改" in page, "data-finish" in page) == (True, False)


def test_finish_of_an_incomplete_sheet_keeps_everything(client_of, draft):
    data = fields(draft)
    del data[f"c{leaf(draft, 'A1').pk}-points"]
    answer = client_of(draft.reviewer).post(of("finish", pk=draft.pk), {**data, "comment": "未完的评语"})
    assert (answer.status_code, "还有1项没有打分" in answer.content.decode()) == (422, True)
    assert ("未完的评语" in answer.content.decode(), draft.scores.filter(points__isnull=False).count()) == (True, 5)


def test_start_button_opens_the_sheet(client_of, scored, draft):
    scored.visit(draft.application)
    visit = scored.panels["visit"].visits.last()
    answer = client_of(draft.reviewer).post(of("start_sheet", pk=draft.assignment_id), {"visit": visit.pk})
    assert Review.objects.get(visit=visit).pk == int(answer.url.rstrip("/").split("/")[-1])


def test_polling_reloads_the_page_when_the_slot_closes(client_of, scored, applications):
    review = scored.present(scored.candidate(applications["A-1"]), None, closed=False)[0]
    client = client_of(review.reviewer)
    url = of("sheet", pk=review.pk)
    assert client.get(url, {"state": "open"}).headers.get("HX-Refresh") is None
    PresentationSlot.objects.update(closed_at=timezone.now())
    assert client.get(url, {"state": "open"}).headers["HX-Refresh"] == "true"
    assert "已收评，不能再打分" in client.get(url).content.decode()
