"""What stands beside each input of the self-assessment: last round, return remarks, the line, the radar."""

import pytest
from django.urls import reverse

from applications.last_round import LastRound, Said, last_round
from applications.models import Application, Assessment, CheckDecision, CheckItem, Reader
from applications.services import preparing
from tests import factories

FETCH = {"X-Requested-With": "fetch"}


def page_of(application):
    return reverse("applications:assessment", args=[application.pk])


def leaf(application, code="A1"):
    return next(c for c in application.track.rubric.leaves_for("派出所") if c.code == code)


def say(application, code, by, remark, **answer):
    criterion = leaf(application, code)
    preparing.save_answer(application, criterion, answer=answer, remark=remark, version=0, by=by)


@pytest.fixture
def later(tiny_application, cast):
    """The same branch's application of the round after, by the same standard; the line is 90 points."""
    track = factories.tiny_track(
        tiny_application.track.campaign, tiny_application.track.rubric, code="T2", order=1, self_line=90
    )
    application = Application.objects.create(branch=tiny_application.branch, track=track)
    return Application.objects.for_work().get(pk=application.pk)


@pytest.fixture
def before(tiny_application, cast):
    """Its round before: answered, returned with a remark, checked."""
    say(tiny_application, "A1", cast.clerk, "上轮写的", points="12.5")
    say(tiny_application, "A7", cast.clerk, "")
    CheckItem.objects.create(
        application=tiny_application, criterion=leaf(tiny_application), points=11, remark="内部看法",
        checked_by=cast.committee_clerk,
    )  # fmt: skip
    _return(tiny_application, cast, {"A1": "缺会议记录", "A5": "请附照片"})
    return tiny_application


def _return(application, cast, remarks):
    items = [{"code": code, "title": "", "remark": words, "self": "", "checked": ""} for code, words in remarks.items()]
    CheckDecision.objects.create(
        application=application, outcome="returned", reason="请修改", items=items, decided_by=cast.committee_clerk
    )
    Application.objects.filter(pk=application.pk).update(returns=1)


# Last round


def test_last_round_for_the_branch_is_its_own_words_and_those_written_for_it(before, later, cast):
    found = last_round(later, cast.secretary)
    assert found == LastRound(
        "试用称号", {"A1": Said("12.5", "上轮写的", "", "缺会议记录"), "A5": Said("", "", "", "请附照片")}
    )


def test_last_round_for_the_committee_has_its_own_scores_and_remarks(before, later, cast):
    assert last_round(later, cast.committee_clerk).said == {"A1": Said("12.5", "上轮写的", "11", "内部看法")}


def test_last_round_is_not_for_a_reader_of_this_round_only(before, later, cast):
    Reader.objects.create(application=later, user=cast.assessor)
    assert last_round(later, cast.assessor) == LastRound()


def test_last_round_is_the_latest_before_and_of_the_same_award_or_standard(before, later, cast, bureau):
    other = factories.tiny_track(before.track.campaign, factories.tiny_rubric("ELSE"), code="T3", order=3)
    third = factories.tiny_track(before.track.campaign, before.track.rubric, code="T4", order=4, round_label="第四轮")
    made = [Application.objects.create(branch=bureau.a1, track=track) for track in (other, third)]
    otherwise, latest = (Application.objects.for_work().get(pk=each.pk) for each in made)
    say(later, "A1", cast.clerk, "第二轮写的", points="5")
    assert last_round(before, cast.secretary) == last_round(otherwise, cast.secretary) == LastRound()
    assert last_round(latest, cast.secretary).said["A1"] == Said("5", "第二轮写的", "", "")


def test_page_shows_last_round_beside_its_criterion_with_a_way_to_take_it_over(before, later, client_of, cast):
    answer = client_of(cast.secretary).get(page_of(later)).content.decode()
    row = answer.split(f'id="c{leaf(later).pk}"')[1].split("</section>")[0]
    assert "上轮（试用称号） 自评12.5分" in row
    assert row.count(f'data-take="c{leaf(later).pk}-remark"') == 1
    assert ("上轮写的" in row, "党委意见：缺会议记录" in row, "内部看法" in answer) == (True, True, False)


@pytest.mark.parametrize("number", [1, 3])
def test_last_round_costs_one_query_more_however_much_was_said(
    before, later, client_of, cast, number, django_assert_num_queries
):
    for code in ("A2", "A3", "A4")[:number]:
        Assessment.objects.create(application=before, criterion=leaf(before, code), points=1, remark="说明")
    client = client_of(cast.secretary)
    client.get(page_of(later))
    with django_assert_num_queries(11):
        client.get(page_of(later))


# What came back


@pytest.mark.parametrize("remarks", [{"A1": "缺会议记录"}, {"A1": "缺会议记录", "A2": "请重评", "A5": "<b>附照片</b>"}])
def test_returned_draft_shows_what_to_mend_at_the_top_and_beside_it(
    tiny_application, client_of, cast, remarks, django_assert_num_queries
):
    _return(tiny_application, cast, remarks)
    client = client_of(cast.secretary)
    client.get(page_of(tiny_application))
    with django_assert_num_queries(11):
        answer = client.get(page_of(tiny_application))
    page = answer.content.decode()
    assert [row.criterion.code for row in answer.context["returned_rows"]] == list(remarks)
    assert f"退回意见涉及{len(remarks)}项" in page
    for code in remarks:
        assert f'<a href="#c{leaf(tiny_application, code).pk}">{code}' in page
    assert page.count("缺会议记录") == 2
    assert "<b>附照片" not in page


def test_return_remarks_go_with_the_return(tiny_application, client_of, cast):
    """Handed in again, or accepted since, there is nothing to mend."""
    _return(tiny_application, cast, {"A1": "缺会议记录"})
    CheckDecision.objects.create(
        application=tiny_application, outcome="accepted", reason="通过", decided_by=cast.committee_clerk
    )
    answer = client_of(cast.secretary).get(page_of(tiny_application))
    assert (answer.context["returned_rows"], "缺会议记录" in answer.content.decode()) == ([], False)


# The line and the radar


def test_line_and_radar_on_the_page_and_after_a_save(later, client_of, cast):
    client = client_of(cast.secretary)
    page = client.get(page_of(later))
    assert page.context["line"] == {
        "words": "还差90分达到自评达标线90分", "reached": False, "share": "0", "mark": "90",
    }  # fmt: skip
    assert [(axis.label, axis.value, axis.full) for axis in page.context["radar"].axes] == [
        ("基本项", "0", "100"), ("加分项", "0", "5"),
    ]  # fmt: skip
    name = f"c{leaf(later).pk}"
    url = reverse("applications:save_answer", args=[later.pk, leaf(later).pk])
    saved = client.post(url, {f"{name}-points": "29.5", f"{name}-version": 0}, headers=FETCH).json()
    assert saved["line"]["words"] == "还差60.5分达到自评达标线90分"
    assert saved["line"]["share"] == "29.5"


def test_page_without_a_line_shows_none(tiny_application, client_of, cast):
    page = client_of(cast.secretary).get(page_of(tiny_application))
    assert (page.context["line"], "line-meter" in page.content.decode()) == (None, False)


# Another person at the same machine, another hand on the same item


def test_save_from_a_page_somebody_else_opened_is_refused(tiny_application, client_of, cast):
    criterion = leaf(tiny_application)
    url = reverse("applications:save_answer", args=[tiny_application.pk, criterion.pk])
    data = {f"c{criterion.pk}-points": "3", f"c{criterion.pk}-version": 0}
    client = client_of(cast.clerk)
    answer = client.post(url, data, headers={**FETCH, "X-Page-Of": str(cast.secretary.pk)})
    assert (answer.status_code, Assessment.objects.count()) == (401, 0)
    assert answer.content.decode() == f"现在登录的是{cast.clerk.name}，不是打开本页的人，没有保存。"
    assert client.post(url, data, headers={**FETCH, "X-Page-Of": str(cast.clerk.pk)}).status_code == 200


def _conflict(application, client_of, cast, **chosen):
    """The clerk's plain page sends 20 points and a remark over what the secretary saved meanwhile, then once more."""
    say(application, "A1", cast.secretary, "书记写的", points="10")
    top, k = application.track.rubric.dimensions[0], leaf(application).pk
    data = {"dimension": top.pk, f"c{k}-version": 0, f"c{k}-points": "20", f"c{k}-remark": "经办人写的"}
    client = client_of(cast.clerk)
    row = client.post(page_of(application), data).context["failed"][k]
    again = {**data, f"c{k}-version": row.version, **{f"c{k}-take-{name}": side for name, side in chosen.items()}}
    assert client.post(page_of(application), again).status_code == 302
    saved = Assessment.objects.get(criterion=k)
    return row, (saved.answer["points"], saved.remark)


@pytest.mark.parametrize(
    ("chosen", "kept"),
    [
        ({}, ("20", "经办人写的")),
        ({"answer": "mine", "remark": "theirs"}, ("20", "书记写的")),
        ({"answer": "theirs", "remark": "mine"}, ("10", "经办人写的")),
        ({"answer": "theirs", "remark": "theirs"}, ("10", "书记写的")),
    ],
)
def test_conflict_without_a_script_is_settled_field_by_field(tiny_application, client_of, cast, chosen, kept):
    row, saved = _conflict(tiny_application, client_of, cast, **chosen)
    assert row.theirs == [("answer", "作答", "10分"), ("remark", "说明", "书记写的")]
    assert saved == kept
