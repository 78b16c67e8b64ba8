"""The cast and the road themselves: what every other test leans on."""

import pytest

from applications.models import Application
from applications.states import Status
from branches import audit
from branches.models import AuditEntry
from branches.roles import Role
from reviews.models import Award
from tests.factories import PASSWORD


def test_every_role_has_somebody(cast):
    assert {role for user in cast.everybody.values() for role in user.roles} == set(Role)
    assert cast.outsider.roles == frozenset()


def test_log_is_empty_at_the_start(plans, bureau, cast):
    assert AuditEntry.objects.count() == 0


def test_password_of_the_cast_is_known(cast):
    assert cast.secretary.check_password(PASSWORD)


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.RESERVE, Status.NOT_SELECTED)], ids=lambda s: s.value
)
def test_road_reaches(tiny_application, road, status):
    assert road.to(tiny_application, status).status == status
    assert audit.verify()[1] == ""


def test_quota_parts_selected_reserve_and_rest(applications, road):
    named = ["A-1", "A-2", "B-1", "JG-1"]
    for code in named:
        road.to(applications[code], "checked")
    road.hand_up(*(applications[code] for code in named))
    track = applications["A-1"].track
    for code, share in zip(named, ["0.9", "0.8", "0.7", "0.6"], strict=True):
        road.visit(applications[code], [share])
    road.present(track)
    road.decide(track)
    got = dict(Application.objects.filter(branch__code__in=named).values_list("branch__code", "status"))
    assert got == {"A-1": "selected", "A-2": "selected", "B-1": "reserve", "JG-1": "not_selected"}


def test_road_of_the_competition_plan_ends_in_a_plaque(application, road):
    road.to(application, "named")
    assert Award.objects.get().plaque_number.startswith("最强支部2023")


def test_road_of_the_acceptance_plan_ends_in_a_plaque(s1_application, road):
    road.to(s1_application, "named", share="1")
    assert Award.objects.get().plaque_number.startswith("四强2021")
