import pytest
from django.urls import reverse

from branches.models import AuditEntry, User
from tests.factories import PASSWORD

LOGIN = "/login/"


def log_in(client, user, password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": user.police_no, "password": password, **extra})


def test_login_goes_on_to_the_page_asked_for(client, cast):
    answer = log_in(client, cast.clerk, next="/campaigns/")
    assert (answer.status_code, answer["Location"]) == (302, "/campaigns/")
    assert AuditEntry.objects.get().action == "session.login"


def test_login_never_leads_to_another_site(client, cast):
    assert log_in(client, cast.clerk, next="https://elsewhere.test/")["Location"] == "/"


def test_login_with_a_wrong_password_says_so(client, cast):
    answer = log_in(client, cast.clerk, "wrong")
    assert answer.status_code == 200
    assert "警号或密码不正确" in answer.content.decode()


def test_login_locks_after_five_failures(client, cast):
    codes = [log_in(client, cast.clerk, "wrong").status_code for _ in range(5)]
    locked = log_in(client, cast.clerk)
    assert (codes, locked.status_code) == ([200, 200, 200, 200, 429], 429)
    assert "登录已暂时锁定" in locked.content.decode()


@pytest.mark.parametrize("change", [{"is_active": False}, {"valid_until": "2020-01-01"}])
def test_login_of_a_closed_account_is_refused(client, cast, change):
    User.objects.filter(pk=cast.clerk.pk).update(**change)
    assert log_in(client, cast.clerk).status_code == 200


def test_login_when_already_in_goes_home(client, cast, login):
    login(client, cast.clerk)
    assert client.get(LOGIN)["Location"] == "/"


def test_logout_by_get_is_refused(client, cast, login):
    login(client, cast.clerk)
    assert client.get("/logout/").status_code == 405


def test_logout_ends_the_session(client, cast, login):
    login(client, cast.clerk)
    assert client.post("/logout/")["Location"] == LOGIN
    assert client.get("/")["Location"] == "/login/?next=/"


def test_fetch_without_a_session_gets_401(client, db):
    assert client.get("/", headers={"HX-Request": "true"}).status_code == 401


def change(client, old, new, repeated=None):
    return client.post(
        reverse("branches:password"), {"old_password": old, "new_password": new, "repeated": repeated or new}
    )


def test_password_is_changed_and_the_session_kept(client, cast, login):
    login(client, cast.clerk)
    assert change(client, PASSWORD, "xin-mi-ma-2026")["Location"] == "/"
    assert User.objects.get(pk=cast.clerk.pk).check_password("xin-mi-ma-2026")
    assert client.get("/notices/").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "repeated", "field"),
    [
        ("wrong", "xin-mi-ma-2026", None, "old_password"),
        (PASSWORD, "short", None, "new_password"),
        (PASSWORD, "xin-mi-ma-2026", "other", "repeated"),
    ],
)
def test_password_refusals_stand_at_their_field(client, cast, login, old, new, repeated, field):
    login(client, cast.clerk)
    answer = change(client, old, new, repeated)
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, [field])
