"""A rubric with every kind and oddity on the scoring desk."""

import re

import pytest
from django.urls import reverse

from reviews.models import Review
from reviews.services import scoring_desk
from standards import answers
from tests import factories

FETCH = {"X-Requested-With": "fetch"}


@pytest.fixture
def review(road, wide_application, cast):
    application = road.to(wide_application, "recommended")
    panel = road.assign(application.track, "visit", [application])
    visit = scoring_desk.schedule_visit(
        panel, application, kind="dynamic", visited_on=application.created_at.date(), note="", by=cast.campaign_admin
    )
    return scoring_desk.start_review(panel.assignments.get(user=cast.assessor), visit=visit)


@pytest.fixture
def leaves(review):
    return {leaf.code: leaf for leaf in scoring_desk.leaves_of(review)}


@pytest.fixture
def client(client_of, cast):
    return client_of(cast.assessor)


def fields(leaf, answer):
    return {**answers.shown(leaf, answer), f"c{leaf.pk}-remark": ""}


def test_every_kind_is_scored_and_handed_in(client, review, leaves):
    given = factories.wide_answers(review.component.scoring_rubric)
    data = {}
    for code, leaf in leaves.items():
        data |= fields(leaf, given.get(code, {}))
    assert client.post(reverse("reviews:sheet", args=[review.pk]), data).status_code == 302
    page = client.get(reverse("reviews:sheet", args=[review.pk]))
    text = re.sub(r"\s+", "", re.sub(r"<[^>]*>", "", page.content.decode()))
    for words in (
        "合计90.8/100分", "A1组织生活满分30分·得25.3分", "只取最高一项·得12分", "已得星★", "差2.2分得星☆",
        "V2一般违纪已发生：最高评为“良好”", "发生则最高评为“良好”",
    ):  # fmt: skip
        assert words in text, words
    assert client.post(reverse("reviews:finish", args=[review.pk]), data).status_code == 302
    done = Review.objects.get(pk=review.pk)
    assert (str(done.total), done.status, done.detail["won"], done.detail["caps"]) == (
        "90.80", "final", ["C"], ["良好"],
    )  # fmt: skip


def test_a_save_brings_groups_stars_and_warnings(client, review, leaves):
    leaf = leaves["V1"]
    url = reverse("reviews:save_score", args=[review.pk, leaf.pk])
    answer = client.post(url, fields(leaf, {"met": False}), headers=FETCH).json()
    assert (answer["missing"], answer["warnings"]) == (13, ["V1 严重违纪已发生：取消资格"])
    assert len(answer["groups"]) == 6


def test_a_sheet_is_not_final_while_a_veto_is_open(client, review, leaves):
    given = factories.wide_answers(review.component.scoring_rubric)
    data = {}
    for code, leaf in leaves.items():
        data |= fields(leaf, {} if code == "V1" else given.get(code, {}))
    refused = client.post(reverse("reviews:finish", args=[review.pk]), data)
    assert (refused.status_code, Review.objects.get(pk=review.pk).status) == (422, "draft")
    assert "还有1项没有打分" in refused.content.decode()


@pytest.mark.parametrize(
    ("code", "typed", "message"),
    [
        ("A11", "9.33", "须是 0.1 的整数倍。"),
        ("A13", "11", "“缺席”最多计 10 人次。"),
        ("A3", "九成", "“满意率”请填写实际数值，例如 90。"),
    ],
)
def test_each_kind_says_what_is_wrong_at_its_field(client, review, leaves, code, typed, message):
    leaf = leaves[code]
    first, *rest = answers.shown(leaf, {})
    data = {first: typed, **dict.fromkeys(rest, "1"), f"c{leaf.pk}-remark": ""}
    refused = client.post(reverse("reviews:save_score", args=[review.pk, leaf.pk]), data, headers=FETCH)
    assert (refused.status_code, refused.content.decode()) == (422, f"{leaf.title}：{message}")
    page = client.post(reverse("reviews:sheet", args=[review.pk]), data).content.decode()
    assert f'role="alert">{leaf.title}：{message}</p>' in page
    assert f'value="{typed}"' in page


def test_final_sheet_shows_its_answers_disabled(client, review, leaves, road):
    road.score(review)
    html = client.get(reverse("reviews:sheet", args=[review.pk])).content.decode()
    inputs = re.findall(r"<input[^>]*name=\"c\d+[^>]*>", html)
    assert len(inputs) == 26
    assert [each for each in inputs if " disabled" not in each] == []
    assert "data-step" not in html
