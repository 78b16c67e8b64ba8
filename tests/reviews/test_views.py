"""Every page of reviewing: it opens, its queries do not grow with its rows, and nothing sealed is in it."""

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Application
from reviews.models import Conflict, PresentationSlot, PublicNotice, ResultRow
from reviews.services import results

# What the frame of a page asks: session, user, grants, the unread notices.
FRAME = 4
MANAGED = ["panels", "panel_new", "results"]


def of(name, **kwargs):
    return reverse(f"reviews:{name}", kwargs=kwargs)


def queries_of(client_of, user, url, django_assert_num_queries, number):
    client = client_of(user)
    client.get(url)  # the session notes when it was seen, the process reads the rubric: once
    with django_assert_num_queries(number):
        answer = client.get(url)
    assert answer.status_code == 200
    return answer


@pytest.fixture
def three(scored, applications):
    """Called with a number: so many candidates, each with one visit scored by two and a draft by the third."""

    def make(number):
        found = []
        for code in ("A-1", "A-2", "B-1")[:number]:
            candidate = scored.candidate(applications[code])
            scored.visit(candidate, "80", "90", None)
            found.append(candidate)
        return found

    return make


@pytest.mark.parametrize("rows", [1, 3])
def test_queue_queries(client_of, scored, three, django_assert_num_queries, rows):
    three(rows)
    user = scored.people["visit"][2]
    answer = queries_of(client_of, user, of("queue"), django_assert_num_queries, FRAME + 7)
    assert len(answer.context["page_obj"]) == rows
    assert f"0 / {rows}" in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_panels_queries(client_of, scored, three, applications, cast, django_assert_num_queries, rows):
    three(1)
    scored.present(applications["A-1"], "80")
    if rows == 3:
        for name in ("第二组", "第三组"):
            panel = scored.panels["visit"]
            panel.pk, panel.name = None, name
            panel.save()
    answer = queries_of(client_of, cast.campaign_admin, of("panels"), django_assert_num_queries, FRAME + 2)
    assert len(answer.context["page_obj"]) == rows + 1


@pytest.mark.parametrize("rows", [1, 3])
def test_panel_queries(client_of, scored, three, cast, django_assert_num_queries, rows):
    three(rows)
    url = of("panel", pk=scored.panels["visit"].pk)
    answer = queries_of(client_of, cast.campaign_admin, url, django_assert_num_queries, FRAME + 8)
    assert len(answer.context["page_obj"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_session_queries(client_of, scored, applications, cast, django_assert_num_queries, rows):
    for code in ("A-1", "A-2", "B-1")[:rows]:
        scored.present(scored.candidate(applications[code]), "80")
    url = of("session", pk=scored.panels["presentation"].session.pk)
    answer = queries_of(client_of, cast.campaign_admin, url, django_assert_num_queries, FRAME + 3)
    assert len(answer.context["rows"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_results_queries(client_of, scored, applications, cast, django_assert_num_queries, rows):
    scored.whole(applications["A-1"], "80", "80", "80")
    for _ in range(rows):
        results.freeze_results(scored.track, by=cast.campaign_admin)
    answer = queries_of(client_of, cast.campaign_admin, of("results"), django_assert_num_queries, FRAME + 9)
    assert len(answer.context["standing"]["sets"]) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_result_queries(client_of, scored, applications, cast, django_assert_num_queries, rows):
    for number, code in enumerate(("A-1", "A-2", "B-1")[:rows]):
        scored.whole(applications[code], str(80 + number), "80", "80")
    results.freeze_results(scored.track, by=cast.campaign_admin)
    second = results.freeze_results(scored.track, by=cast.campaign_admin)
    url = of("result", pk=second.pk)
    answer = queries_of(client_of, cast.campaign_admin, url, django_assert_num_queries, FRAME + 10)
    assert (len(answer.context["page_obj"]), answer.context["moved"]) == (rows, 0)


@pytest.mark.parametrize("rows", [1, 3])
def test_result_row_queries(client_of, scored, applications, cast, django_assert_num_queries, rows):
    candidate = scored.whole(applications["A-1"], "80", "80", "80")
    for _ in range(rows - 1):
        scored.visit(candidate, "81", "82")
    row = results.freeze_results(scored.track, by=cast.campaign_admin).rows.get()
    queries_of(client_of, cast.campaign_admin, of("result_row", pk=row.pk), django_assert_num_queries, FRAME + 2)


@pytest.mark.parametrize("rows", [1, 3])
def test_awards_and_notice_queries(client_of, scored, applications, cast, road, django_assert_num_queries, rows):
    type(scored.track).objects.filter(pk=scored.track.pk).update(quota=rows)
    for number, code in enumerate(("A-1", "A-2", "B-1")[:rows]):
        scored.whole(applications[code], str(80 + number), "80", "80")
    road.decide(scored.track)
    notice = road.publish(scored.track, over=True)
    road.name(scored.track)
    url = of("public_notice", pk=notice.pk)
    answer = queries_of(client_of, cast.outsider, url, django_assert_num_queries, FRAME + 2)
    assert len(answer.context["names"]) == rows
    answer = queries_of(client_of, cast.outsider, of("awards"), django_assert_num_queries, FRAME + 5)
    assert len(answer.context["page_obj"]) == rows
    printed = client_of(cast.outsider).get(of("awards"), {"print": 1, "track": scored.track.pk}).content.decode()
    assert printed.count("试用-00") == rows


# Who may


@pytest.mark.parametrize("name", MANAGED)
@pytest.mark.parametrize(
    "who", ["secretary", "committee_head", "inspector", "assessor", "expert", "auditor", "outsider"]
)
def test_management_is_for_the_city_office(client_of, cast, tiny_track, name, who):
    assert client_of(getattr(cast, who)).get(of(name)).status_code == 403
    assert client_of(cast.campaign_admin).get(of(name)).status_code == 200


def test_results_say_who_waits_for_a_panel(client_of, scored, applications, cast):
    scored.whole(applications["A-1"], "80", "80", "80")
    client, page = client_of(cast.campaign_admin), reverse("reviews:results") + f"?track={scored.track.pk}"
    assert "分给考核组后才进入考评" not in client.get(page).text
    scored.track.applications.filter(status="in_review").update(status="recommended")
    assert "分给考核组后才进入考评" in client.get(page).text


@pytest.mark.parametrize("who", ["secretary", "committee_head", "assessor", "expert", "outsider"])
def test_results_exist_for_the_city_office_alone(client_of, cast, field, scored, who):
    result = results.freeze_results(scored.track, by=cast.campaign_admin)
    client = client_of(getattr(cast, who))
    assert client.get(of("result", pk=result.pk)).status_code == 404
    assert client.get(of("result_row", pk=result.rows.first().pk)).status_code == 403
    assert client.post(of("decide", pk=result.pk)).status_code == 404
    for name in ("freeze", "fill_vacancies", "publish", "approval", "name"):
        assert client.post(of(name, track_pk=scored.track.pk)).status_code == 403


def test_panel_is_hidden_from_strangers_and_closed_to_its_members(client_of, cast, scored, three):
    three(1)
    url = of("panel", pk=scored.panels["visit"].pk)
    assert client_of(cast.assessor).get(url).status_code == 404
    assert client_of(scored.people["visit"][0]).get(url).status_code == 403


def test_actions_refuse_get(client_of, cast, field, scored):
    client = client_of(cast.campaign_admin)
    for url in (of("freeze", track_pk=scored.track.pk), of("name", track_pk=scored.track.pk), of("draw", pk=1)):
        assert client.get(url).status_code == 405


# Sealing


SECRET = "73.37"


def seen_by(client_of, user, *urls):
    client = client_of(user)
    return "".join(client.get(url).content.decode() for url in urls)


def test_scores_on_stage_are_in_no_answer_before_closing(client_of, cast, scored, applications):
    candidate = scored.candidate(applications["A-1"])
    sheet = scored.present(candidate, SECRET, "66.61", closed=False)[0]
    session = scored.panels["presentation"].session
    admin = seen_by(
        client_of, cast.campaign_admin, of("session", pk=session.pk), of("session", pk=session.pk) + "?part=board",
        of("results") + f"?track={scored.track.pk}&preview=1", of("panel", pk=session.panel_id), of("sheet", pk=sheet.pk),
    )  # fmt: skip
    other = seen_by(
        client_of, scored.people["presentation"][1], of("session", pk=session.pk), of("queue"), of("sheet", pk=sheet.pk)
    )
    assert (SECRET in admin, "66.61" in admin, SECRET in other) == (False, False, False)
    assert client_of(cast.campaign_admin).get(of("sheet", pk=sheet.pk)).status_code == 403
    PresentationSlot.objects.update(closed_at=timezone.now())
    board = seen_by(client_of, cast.campaign_admin, of("session", pk=session.pk))
    assert (SECRET in board, "69.99" in board) == (True, True)
    assert client_of(cast.campaign_admin).get(of("sheet", pk=sheet.pk)).status_code == 200
    member = seen_by(client_of, scored.people["presentation"][1], of("session", pk=session.pk))
    assert (SECRET in member, "69.99" in member) == (False, False)


def test_a_draft_is_nobodys_but_its_reviewers(client_of, cast, scored, three):
    three(1)
    draft = scored.people["visit"][2].reviews.get()
    assert client_of(cast.campaign_admin).get(of("sheet", pk=draft.pk)).status_code == 403
    assert client_of(scored.people["visit"][0]).get(of("sheet", pk=draft.pk)).status_code == 404
    assert client_of(cast.secretary).get(of("sheet", pk=draft.pk)).status_code == 404
    assert client_of(draft.reviewer).get(of("sheet", pk=draft.pk)).status_code == 200


def test_branch_sees_neither_score_nor_outcome_before_the_notice(client_of, cast, field, scored, road):
    road.decide(scored.track)
    page = seen_by(client_of, cast.secretary, reverse("applications:detail", args=[field["A-1"].pk]), of("awards"), "/")
    assert ("拟命名" in page, "候补" in page, "未入选" in page, "考评中" in page) == (False, False, False, True)


def test_notice_shows_names_without_scores_or_places(client_of, cast, field, scored, road):
    road.decide(scored.track)
    notice = road.publish(scored.track)
    page = seen_by(client_of, cast.outsider, of("public_notice", pk=notice.pk))
    assert ("甲县城关所党支部" in page, "甲县东关所党支部" in page, "乙县城关所党支部" in page) == (True, True, False)
    assert ("90" in page.split("paper-names")[1].split("</ol>")[0], "名次" in page) == (False, False)


def test_a_conflict_closes_queue_and_sheet(client_of, scored, three):
    candidate = three(1)[0]
    draft = scored.people["visit"][2].reviews.get()
    client = client_of(draft.reviewer)
    answer = client.post(of("declare_conflict", pk=draft.assignment_id), {"remark": "曾任该支部书记"})
    assert (answer.status_code, Conflict.objects.count()) == (302, 1)
    page = client.get(of("queue")).content.decode()
    assert ("已回避" in page, "开始评分" in page, "继续" in page) == (True, False, False)
    assert client.get(of("sheet", pk=draft.pk)).status_code == 404
    assert client.post(of("start_sheet", pk=draft.assignment_id), {"visit": draft.visit_id}).status_code == 404
    assert client.get(reverse("applications:detail", args=[candidate.pk])).status_code == 404


# The road in the browser


def test_every_step_from_freezing_to_naming(client_of, cast, field, scored):
    client = client_of(cast.campaign_admin)
    track = scored.track.pk
    assert "资料不全 <strong>0</strong>" in client.get(of("results"), {"track": track, "preview": 1}).content.decode()
    page = client.post(of("freeze", track_pk=track), follow=True)
    assert page.context["result"].number == 1
    client.post(of("decide", pk=page.context["result"].pk))
    today = timezone.localdate().isoformat()
    refused = client.post(
        of("publish", track_pk=track), {"opens_on": today, "closes_on": today, "body": "公示正文不丢"}
    )
    assert (refused.status_code, "公示正文不丢" in refused.content.decode()) == (422, True)
    later = (timezone.localdate() + timezone.timedelta(days=20)).isoformat()
    page = client.post(
        of("publish", track_pk=track), {"opens_on": today, "closes_on": later, "body": "公示"}, follow=True
    )
    assert page.status_code == 200
    approval = {"approved_by": "市局党委", "number": "党发〔2026〕30号", "approved_on": today}
    refused = client.post(of("approval", track_pk=track), approval)
    assert (refused.status_code, "期满后方可报批" in refused.content.decode()) == (422, True)
    day = timezone.timedelta(days=1)
    PublicNotice.objects.update(opens_on=timezone.localdate() - 9 * day, closes_on=timezone.localdate() - day)
    client.post(of("approval", track_pk=track), approval)
    client.post(of("name", track_pk=track))
    named = Application.objects.filter(track=track, status="named").values_list("award__plaque_number", flat=True)
    assert sorted(named) == ["试用-001", "试用-002"]
    assert client.get(of("results"), {"track": track}).status_code == 200


def test_result_shows_what_differs_from_the_set_before(client_of, cast, field, scored):
    results.freeze_results(scored.track, by=cast.campaign_admin)
    scored.visit(field["JG-1"], "100")  # (70 + 100) / 2 = 85: 0.3 × 70 + 0.4 × 85 + 0.3 × 70 = 76, before 75
    second = results.freeze_results(scored.track, by=cast.campaign_admin)
    answer = client_of(cast.campaign_admin).get(of("result", pk=second.pk), {"moved": 1})
    moved = [(r.application.branch.code, r.was_rank, r.rank, r.was_final, r.final) for r in answer.context["page_obj"]]
    assert moved == [("JG-1", 5, 4, 70, 76), ("B-2", 4, 5, 75, 75)]


def test_drill_down_marks_the_dropped_scores(client_of, cast, scored, applications):
    candidate = scored.candidate(applications["A-1"])
    scored.visit(candidate, "70", "80", "81", "83", "100")
    results.freeze_results(scored.track, by=cast.campaign_admin)
    answer = client_of(cast.campaign_admin).get(of("result_row", pk=ResultRow.objects.get().pk))
    marks = answer.context["components"][1]["events"][0]["scores"]
    assert [(mark["score"], mark["dropped"]) for mark in marks] == [
        ("70.00", True), ("80.00", False), ("81.00", False), ("83.00", False), ("100.00", True),
    ]  # fmt: skip
    assert answer.content.decode().count("<s>") == 2
