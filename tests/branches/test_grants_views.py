import pytest

from branches.models import RoleGrant
from branches.roles import Role
from tests.factories import days


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.security_admin)


def ask(cast, bureau, **change):
    return {
        "police_no": cast.outsider.police_no, "role": Role.CLERK, "branch": bureau.a2.pk, "valid_from": days(0), **change
    }  # fmt: skip


def test_grants_of_others_is_403(client_of, cast):
    codes = {key: client_of(user).get("/grants/").status_code for key, user in cast.everybody.items()}
    assert {key for key, code in codes.items() if code == 200} == {"security_admin"}
    assert set(codes.values()) == {200, 403}


@pytest.mark.parametrize("rows", [1, 3])
def test_grants_query_count(admin, cast, bureau, rows, django_assert_num_queries):
    for node in [bureau.a1, bureau.a2, bureau.a3][:rows]:
        RoleGrant.objects.create(user=cast.outsider, role=Role.CLERK, branch=node)
    admin.get("/grants/")  # the first page of a session also notes when it was seen
    # session, user, grants, count, rows, unread notices
    with django_assert_num_queries(6):
        page = admin.get(f"/grants/?q={cast.outsider.police_no}").context["page_obj"]
    assert len(page.object_list) == rows


def test_grants_filters_by_role_and_state(admin, cast):
    RoleGrant.objects.filter(user=cast.clerk).update(valid_from=days(-9), valid_to=days(-1))
    numbers = {
        state: len(admin.get(f"/grants/?role=clerk&state={state}").context["page_obj"].object_list)
        for state in ("", "over", "all")
    }
    assert numbers == {"": 0, "over": 1, "all": 1}


def test_grant_new_gives_the_role(admin, cast, bureau):
    assert admin.post("/grants/new/", ask(cast, bureau))["Location"] == "/grants/"
    assert cast.outsider.role_grants.get().branch == bureau.a2


def test_grant_new_refusal_keeps_what_was_typed(admin, cast, bureau):
    answer = admin.post("/grants/new/", ask(cast, bureau, police_no=cast.auditor.police_no))
    form = answer.context["form"]
    assert (answer.status_code, form.errors.as_data()["__all__"][0].code) == (200, "separated")
    assert form["police_no"].value() == cast.auditor.police_no


def test_grant_new_for_an_unknown_number_is_refused(admin, cast, bureau):
    answer = admin.post("/grants/new/", ask(cast, bureau, police_no="999999"))
    assert answer.context["form"].errors.as_data()["police_no"][0].code == "unknown"


def test_grant_revoke_takes_it_back(admin, cast):
    grant = cast.clerk.role_grants.get()
    assert admin.post(f"/grants/{grant.pk}/revoke/")["Location"] == "/grants/"
    assert cast.clerk.role_grants.count() == 0


def test_grant_revoke_outside_the_scope_is_404(admin, cast, bureau):
    RoleGrant.objects.filter(user=cast.security_admin).update(branch=bureau.county_b)
    assert admin.post(f"/grants/{cast.clerk.role_grants.get().pk}/revoke/").status_code == 404


def test_grant_revoke_own_is_refused_in_words(admin, cast):
    answer = admin.post(f"/grants/{cast.security_admin.role_grants.get().pk}/revoke/", follow=True)
    assert [str(message) for message in answer.context["messages"]] == [
        "不能收回自己的授权，请由另一位安全管理员办理。"
    ]
