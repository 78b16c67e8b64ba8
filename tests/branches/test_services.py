import datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from branches import services
from branches.models import AuditEntry, RoleGrant, User
from branches.roles import Role
from tests.factories import days

GOOD = "yun-shan-2026"


def refusal(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def actions():
    return list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))


# Accounts


def test_create_account_grants_nothing_and_is_logged(cast, bureau):
    account = services.create_account(
        police_no="900001", name="民警甲", unit=bureau.a1, password=GOOD, by=cast.system_admin
    )
    assert (account.roles, account.check_password(GOOD)) == (frozenset(), True)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.branch, entry.changes["police_no"]) == ("account.create", bureau.a1, "900001")
    assert GOOD not in str(entry.changes)


def test_create_account_twice_is_refused(cast, bureau):
    fields = {"police_no": cast.clerk.police_no, "name": "民警甲", "unit": bureau.a1, "password": GOOD}
    assert refusal(services.create_account, **fields, by=cast.system_admin) == "taken"
    assert actions() == []


def test_create_account_outside_the_scope_is_refused(cast, bureau):
    RoleGrant.objects.filter(user=cast.system_admin).update(branch=bureau.county_b)
    fields = {"police_no": "900001", "name": "民警甲", "unit": bureau.a1, "password": GOOD}
    assert refusal(services.create_account, **fields, by=cast.system_admin) == "outside"


def test_change_account_logs_only_what_changed(cast, bureau):
    services.change_account(cast.clerk, by=cast.system_admin, name=cast.clerk.name, unit=bureau.a2, phone="1")
    assert AuditEntry.objects.get().changes == {"unit": ["甲县城关所党支部", "甲县东关所党支部"], "phone": ["", "1"]}
    assert User.objects.get(pk=cast.clerk.pk).unit == bureau.a2


def test_change_account_without_change_is_not_logged(cast):
    services.change_account(cast.clerk, by=cast.system_admin, name=cast.clerk.name)
    assert actions() == []


def test_set_active_own_account_is_refused(cast):
    assert refusal(services.set_active, cast.system_admin, False, by=cast.system_admin) == "own_account"


def test_set_active_from_a_stale_page_is_refused(cast):
    services.set_active(User.objects.get(pk=cast.clerk.pk), False, by=cast.system_admin)
    assert refusal(services.set_active, cast.clerk, False, by=cast.system_admin) == "unchanged"
    assert actions() == ["account.deactivate"]


@pytest.mark.parametrize("password", ["short", "1234567890", "password1234"])
def test_change_password_weak_is_refused(cast, password):
    with pytest.raises(ValidationError):
        services.change_password(cast.clerk, password, by=cast.clerk)


# Grants


def test_grant_role_takes_effect_and_is_logged(cast, bureau):
    grant = services.grant_role(cast.outsider, role=Role.CLERK, branch=bureau.a2, by=cast.security_admin)
    assert User.objects.get(pk=cast.outsider.pk).roles == {Role.CLERK}
    assert (grant.granted_by, actions()) == (cast.security_admin, ["grant.give"])


def test_grant_role_to_oneself_is_refused(cast, bureau):
    asked = {"role": Role.CLERK, "branch": bureau.a1, "by": cast.security_admin}
    assert refusal(services.grant_role, cast.security_admin, **asked) == "own_account"


@pytest.mark.parametrize(
    ("who", "role"),
    [
        ("system_admin", Role.AUDITOR),
        ("system_admin", Role.SECURITY_ADMIN),
        ("auditor", Role.CLERK),
        ("secretary", Role.AUDITOR),
        ("expert", Role.SYSTEM_ADMIN),
    ],
)
def test_grant_role_keeps_the_three_offices_apart(cast, bureau, who, role):
    asked = {"role": role, "branch": bureau.city, "by": cast.security_admin}
    assert refusal(services.grant_role, getattr(cast, who), **asked) == "separated"


def test_grant_role_second_business_role_is_allowed(cast, bureau):
    services.grant_role(cast.assessor, role=Role.EXPERT, branch=bureau.city, by=cast.security_admin)
    assert User.objects.get(pk=cast.assessor.pk).roles == {Role.ASSESSOR, Role.EXPERT}


def test_grant_role_later_overlap_still_separated(cast, bureau):
    services.grant_role(
        cast.outsider, role=Role.CLERK, branch=bureau.a1, by=cast.security_admin, valid_from=days(5), valid_to=days(9)
    )
    asked = {"role": Role.AUDITOR, "branch": bureau.city, "by": cast.security_admin}
    assert refusal(services.grant_role, cast.outsider, **asked) == "separated"
    assert services.grant_role(cast.outsider, **asked, valid_from=days(10)).role == Role.AUDITOR


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"role": Role.CLERK}, "already"),
        ({"valid_to": -1}, "dates"),
        ({"valid_from": -1}, "dates"),
    ],
)
def test_grant_role_refusals(cast, bureau, change, code):
    asked = {"role": Role.SECRETARY, "branch": bureau.a1, "by": cast.security_admin}
    asked |= {key: days(value) if key.startswith("valid") else value for key, value in change.items()}
    assert refusal(services.grant_role, cast.clerk, **asked) == code


def test_grant_role_to_inactive_account_is_refused(cast, bureau):
    cast.outsider.is_active = False
    asked = {"role": Role.CLERK, "branch": bureau.a1, "by": cast.security_admin}
    assert refusal(services.grant_role, cast.outsider, **asked) == "inactive"


def test_grant_role_outside_the_scope_is_refused(cast, bureau):
    RoleGrant.objects.filter(user=cast.security_admin).update(branch=bureau.county_b)
    asked = {"role": Role.CLERK, "branch": bureau.a1, "by": cast.security_admin}
    assert refusal(services.grant_role, cast.outsider, **asked) == "outside"


def test_revoke_grant_ends_at_once_and_keeps_its_history(cast):
    grant = cast.clerk.role_grants.get()
    RoleGrant.objects.filter(pk=grant.pk).update(valid_from=days(-30))
    services.revoke_grant(grant, by=cast.security_admin)
    assert User.objects.get(pk=cast.clerk.pk).roles == frozenset()
    assert RoleGrant.objects.get(pk=grant.pk).valid_to == timezone.localdate() - datetime.timedelta(days=1)


def test_revoke_grant_that_began_today_removes_it(cast):
    services.revoke_grant(cast.clerk.role_grants.get(), by=cast.security_admin)
    assert (cast.clerk.role_grants.count(), actions()) == (0, ["grant.revoke"])


def test_revoke_grant_twice_is_refused(cast):
    grant = cast.clerk.role_grants.get()
    services.revoke_grant(grant, by=cast.security_admin)
    assert refusal(services.revoke_grant, grant, by=cast.security_admin) == "over"


def test_revoke_own_grant_is_refused(cast):
    grant = cast.security_admin.role_grants.get()
    assert refusal(services.revoke_grant, grant, by=cast.security_admin) == "own_account"
