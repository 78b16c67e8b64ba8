import pytest

from branches import notices


def post(user, number=1, kind="remind.submit", url=""):
    for turn in range(number):
        notices.post([user], kind, about=f"campaign:{turn}", title=f"提醒{turn}", url=url)


@pytest.mark.parametrize("rows", [1, 3])
def test_notices_query_count(client_of, cast, rows, django_assert_num_queries):
    post(cast.clerk, rows)
    client = client_of(cast.clerk)
    client.get("/notices/")  # the first page of a session also notes when it was seen
    # session, user, grants, count, rows, how they went out, unread notices
    with django_assert_num_queries(7):
        page = client.get("/notices/").context["page_obj"]
    assert len(page.object_list) == rows


def test_notices_of_others_are_not_shown(client_of, cast):
    post(cast.secretary)
    assert len(client_of(cast.clerk).get("/notices/?show=all").context["page_obj"].object_list) == 0


@pytest.mark.parametrize(
    ("query", "found"), [("", 2), ("kind=remind", 1), ("kind=application", 1), ("kind=veto", 0), ("kind=junk", 2)]
)
def test_notices_filter_by_kind(client_of, cast, query, found):
    post(cast.clerk)
    post(cast.clerk, kind="application.returned")
    assert len(client_of(cast.clerk).get(f"/notices/?{query}").context["page_obj"].object_list) == found


def test_notice_read_goes_to_its_page_once_read(client_of, cast):
    post(cast.clerk, url="/campaigns/")
    client, notice = client_of(cast.clerk), cast.clerk.notices.get()
    assert client.post(f"/notices/{notice.pk}/read/")["Location"] == "/campaigns/"
    notice.refresh_from_db()
    first = notice.read_at
    client.post(f"/notices/{notice.pk}/read/")
    notice.refresh_from_db()
    assert (first is None, notice.read_at) == (False, first)
    assert len(client.get("/notices/").context["page_obj"].object_list) == 0


def test_notice_read_never_leads_to_another_site(client_of, cast):
    post(cast.clerk, url="https://elsewhere.test/")
    answer = client_of(cast.clerk).post(f"/notices/{cast.clerk.notices.get().pk}/read/")
    assert answer["Location"] == "/notices/"


def test_notice_read_of_somebody_else_is_404(client_of, cast):
    post(cast.secretary)
    assert client_of(cast.clerk).post(f"/notices/{cast.secretary.notices.get().pk}/read/").status_code == 404


def test_notice_read_by_get_is_refused(client_of, cast):
    post(cast.clerk)
    assert client_of(cast.clerk).get(f"/notices/{cast.clerk.notices.get().pk}/read/").status_code == 405


def test_notices_read_marks_all_of_ones_own(client_of, cast):
    post(cast.clerk, 2)
    post(cast.secretary)
    client_of(cast.clerk).post("/notices/read/")
    assert (cast.clerk.notices.unread().count(), cast.secretary.notices.unread().count()) == (0, 1)
