import pytest

from branches import notices
from branches.models import RoleGrant
from branches.roles import Role


def home(client_of, user):
    return client_of(user).get("/").context


def test_home_of_somebody_without_any_role_is_calm(client_of, cast):
    answer = client_of(cast.outsider).get("/")
    assert (answer.context["todos"], "暂无待办" in answer.content.decode()) == ([], True)


def test_home_lists_what_the_branch_owes_soonest_first(client_of, cast, application):
    todos = home(client_of, cast.secretary)["todos"]
    assert {todo.branch for todo in todos} == {application.branch}
    assert [todo.due for todo in todos] == sorted(todo.due for todo in todos)


def test_home_shows_a_draft_loudly(client_of, cast, application):
    assert "草稿 · 未提交" in client_of(cast.clerk).get("/").content.decode()


def test_home_shows_the_receipt_once_submitted(client_of, cast, application, road):
    road.to(application, "submitted")
    application.refresh_from_db()
    assert f"已提交 · 回执号 {application.receipt_number}" in client_of(cast.clerk).get("/").content.decode()


def test_home_of_the_office_counts_by_status(client_of, cast, tiny_track):
    (track,) = home(client_of, cast.campaign_admin)["tracks"]
    assert (track, track.counts, track.total) == (tiny_track, [("preparing", "筹备中", 7)], 7)


def test_home_of_the_committee_has_its_checks(client_of, cast, tiny_application, road):
    road.to(tiny_application, "submitted")
    assert [todo.title for todo in home(client_of, cast.committee_head)["todos"]] == ["核查1个支部的申报"]
    assert home(client_of, cast.other_head)["todos"] == []


def test_home_shows_the_newest_unread_notices(client_of, cast):
    for number in range(6):
        notices.post([cast.outsider], "campaign.opened", about=f"track:{number}", title=f"通知{number}")
    shown = home(client_of, cast.outsider)["notices"]
    assert [notice.title for notice in shown] == ["通知5", "通知4", "通知3", "通知2", "通知1"]


@pytest.mark.parametrize("rows", [1, 3])
def test_home_query_count_does_not_grow(client_of, cast, bureau, tiny_track, rows, django_assert_num_queries):
    for node in (bureau.a2, bureau.a3)[: rows - 1]:
        RoleGrant.objects.create(user=cast.clerk, role=Role.CLERK, branch=node)
    client = client_of(cast.clerk)
    client.get("/")
    with django_assert_num_queries(HOME_QUERIES):
        context = client.get("/").context
    assert len(context["applications"]) == rows


HOME_QUERIES = 20
