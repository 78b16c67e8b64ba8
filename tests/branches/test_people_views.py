import pytest

from branches.models import RoleGrant, User
from tests.factories import PASSWORD

NEW = {"police_no": "900001", "name": "民警甲", "password": "yun-shan-2026", "email": "", "phone": "", "speciality": ""}


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.system_admin)


def test_people_of_others_is_403(client_of, cast):
    codes = {key: client_of(user).get("/people/").status_code for key, user in cast.everybody.items()}
    assert {key for key, code in codes.items() if code == 200} == {"system_admin"}
    assert set(codes.values()) == {200, 403}


@pytest.mark.parametrize("rows", [1, 3])
def test_people_query_count(admin, cast, bureau, rows, django_assert_num_queries):
    for number in range(rows):
        User.objects.create_user(f"77000{number}", name=f"甲乙{number}", unit=bureau.a1)
    admin.get("/people/")  # the first page of a session also notes when it was seen
    # session, user, grants, units of the filter, count, rows, unread notices
    with django_assert_num_queries(7):
        page = admin.get("/people/?q=甲乙").context["page_obj"]
    assert len(page.object_list) == rows


def test_people_filters_by_unit_and_state(admin, cast, bureau):
    User.objects.filter(pk=cast.clerk.pk).update(is_active=False)
    found = admin.get(f"/people/?unit={bureau.county_a.pk}&state=inactive").context["page_obj"].object_list
    assert list(found) == [cast.clerk]


def test_people_outside_the_scope_are_404(admin, cast, bureau):
    RoleGrant.objects.filter(user=cast.system_admin).update(branch=bureau.county_b)
    assert admin.get(f"/people/{cast.clerk.pk}/").status_code == 404
    assert admin.get(f"/people/{cast.secretary_b1.pk}/").status_code == 200


def test_person_new_can_log_in_and_holds_nothing(admin, client, bureau):
    assert admin.post("/people/new/", NEW | {"unit": bureau.a1.pk})["Location"] == "/people/"
    assert User.objects.get(police_no="900001").roles == frozenset()
    assert client.post("/login/", {"username": "900001", "password": NEW["password"]}).status_code == 302


@pytest.mark.parametrize(
    ("change", "field"),
    [({"police_no": "100001"}, "police_no"), ({"password": "short"}, "password"), ({"police_no": "甲"}, "police_no")],
)
def test_person_new_refusals_keep_what_was_typed(admin, cast, bureau, change, field):
    answer = admin.post("/people/new/", NEW | {"unit": bureau.a1.pk} | change)
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors), form["name"].value()) == (200, [field], "民警甲")


def test_person_is_changed(admin, cast, bureau):
    answer = admin.post(f"/people/{cast.clerk.pk}/", {"name": "新名", "unit": bureau.a2.pk, "email": "", "phone": "1"})
    assert answer["Location"] == "/people/"
    changed = User.objects.get(pk=cast.clerk.pk)
    assert (changed.name, changed.unit, changed.phone) == ("新名", bureau.a2, "1")


def test_person_active_switches_off_and_ends_the_session(admin, client_of, cast):
    theirs = client_of(cast.clerk)
    admin.post(f"/people/{cast.clerk.pk}/active/", {"active": "0"})
    assert User.objects.get(pk=cast.clerk.pk).is_active is False
    assert theirs.get("/").status_code == 302


def test_person_active_own_account_is_refused_in_words(admin, cast):
    answer = admin.post(f"/people/{cast.system_admin.pk}/active/", {"active": "0"}, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "不能停用自己的账号，请由另一位系统管理员办理。"
    ]


def test_person_password_is_reset(admin, cast):
    admin.post(f"/people/{cast.clerk.pk}/password/", {"new_password": "xin-mi-ma-2026", "repeated": "xin-mi-ma-2026"})
    assert User.objects.get(pk=cast.clerk.pk).check_password("xin-mi-ma-2026")


def test_person_password_weak_is_refused(admin, cast):
    answer = admin.post(f"/people/{cast.clerk.pk}/password/", {"new_password": "short", "repeated": "short"})
    assert (answer.status_code, list(answer.context["new_password"].errors)) == (200, ["new_password"])
    assert User.objects.get(pk=cast.clerk.pk).check_password(PASSWORD)
