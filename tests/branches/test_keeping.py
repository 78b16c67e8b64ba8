"""An expired login loses nothing: what was being sent waits for the same person; the browser learns what was taken."""

import pytest
from django.urls import reverse

from branches import keeping
from tests.factories import PASSWORD

LOGIN, CARRIED = "/login/", "/login/carried/"
GRANT = {"role": "clerk", "reason": "接替前任", "csrfmiddlewaretoken": "x", "old_password": "geheim"}


def grow_idle(client):
    session = client.session
    session["seen"] = 0
    session.save()


def log_in(client, user, **extra):
    return client.post(LOGIN, {"username": user.police_no, "password": PASSWORD, **extra})


@pytest.fixture
def expired(client, login, cast):
    """The security officer was idle too long, then pressed a button on the page of a new grant."""
    login(client, cast.security_admin)
    grow_idle(client)
    return client.post("/grants/new/", GRANT, headers={"Referer": "http://testserver/grants/new/?user=1"})


def test_expired_post_leads_to_the_login_and_back_to_the_form(expired):
    assert (expired.status_code, expired["Location"]) == (302, "/login/?next=/grants/new/%3Fuser%3D1")


def test_login_page_says_that_the_text_is_kept(client, expired):
    assert "您填写的内容已经保留" in client.get(LOGIN).content.decode()


def test_same_person_gets_the_fields_again_without_passwords(client, expired, cast):
    assert log_in(client, cast.security_admin)["Location"] == CARRIED
    page = client.get(CARRIED)
    assert page.context["fields"] == [["role", "clerk"], ["reason", "接替前任"]]
    assert page.context["path"] == "/grants/new/"
    assert "接替前任" in page.content.decode()
    assert page.context["user"] == cast.security_admin


def test_another_person_gets_nothing(client, expired, cast):
    assert log_in(client, cast.clerk)["Location"] == "/"
    assert client.get(CARRIED)["Location"] == "/"


def test_what_was_carried_goes_when_it_is_sent_on(client, expired, cast):
    log_in(client, cast.security_admin)
    client.post("/grants/new/", GRANT)
    assert keeping.SESSION_KEY not in client.session


def test_what_was_carried_can_be_let_go(client, expired, cast):
    log_in(client, cast.security_admin)
    answer = client.post(CARRIED)
    assert answer["Location"] == "http://testserver/grants/new/?user=1"
    assert keeping.SESSION_KEY not in client.session


def test_an_unknown_session_carries_nothing(client, db):
    client.post("/grants/new/", GRANT)
    assert keeping.SESSION_KEY not in client.session


def test_too_much_is_not_carried(client, login, cast):
    login(client, cast.security_admin)
    grow_idle(client)
    client.post("/grants/new/", {"reason": "字" * (keeping.MOST_CHARACTERS + 1)})
    assert keeping.SESSION_KEY not in client.session


def test_a_fetch_is_told_and_carries_nothing(client, login, cast):
    login(client, cast.security_admin)
    grow_idle(client)
    answer = client.post("/grants/new/", GRANT, headers={"X-Requested-With": "fetch"})
    assert (answer.status_code, keeping.SESSION_KEY in client.session) == (401, False)


# What the browser is told


def test_a_form_that_was_taken_is_named(client, login, cast):
    login(client, cast.clerk)
    answer = client.post("/notices/read/", {"kept": "abcdefgh12"})
    assert answer.cookies["kept-abcdefgh12"].value == "1"


def test_a_form_shown_again_is_not_named(client, login, cast):
    login(client, cast.clerk)
    answer = client.post("/password/", {"kept": "abcdefgh12"})
    assert (answer.status_code, "kept-abcdefgh12" in answer.cookies) == (200, False)


def test_a_refusal_is_not_named(client, login, cast, application):
    login(client, cast.secretary)
    answer = client.post(reverse("applications:file_plan", args=[application.pk]), {"kept": "abcdefgh12"})
    assert (answer.status_code, "kept-abcdefgh12" in answer.cookies) == (302, False)


@pytest.mark.parametrize("mark", ["", "short", "x=1; path=/", "ABCDEFGH12"])
def test_a_mark_that_is_none_is_left_alone(client, login, cast, mark):
    login(client, cast.clerk)
    answer = client.post("/notices/read/", {"kept": mark})
    assert [name for name in answer.cookies if name.startswith("kept")] == []
