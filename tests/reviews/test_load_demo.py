import io
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from applications.models import Application, CheckItem, Recommendation, RecommendationList, Snapshot, VetoRecord
from applications.services import checking, preparing
from branches import audit
from branches.models import Branch, Delivery, Notice, User
from branches.roles import Role
from reviews.demo import loader
from reviews.demo.strongest import STAGES
from reviews.models import Award, PresentationSlot, PublicNotice, ResultSet, Review, Score
from reviews.services import results, scoring_desk
from standards.deadlines import is_open
from standards.models import Track

SMALL = 24
# On PostgreSQL the smoke run loads the demo for real; twenty loads more would tell nothing new.
pytestmark = pytest.mark.demo


def load(**options):
    loader.load(**{"stage": "dynamic", "seed": 7, "size": SMALL, **options})


def statuses():
    return Counter(Application.objects.filter(track__campaign__code="S2").values_list("status", flat=True))


def facts():
    """Everything a person would compare, without keys and clock."""
    rows = Application.objects.order_by("branch__code", "track__code")
    return (
        list(rows.values_list("branch__code", "track__code", "status", "self_score", "check_score", "form_data")),
        list(
            Review.objects.order_by(
                "application__branch__code", "reviewer__police_no", "visit__number", "pk"
            ).values_list("application__branch__code", "reviewer__police_no", "status", "total")
        ),
        list(Recommendation.objects.order_by("list__committee__code", "rank").values_list("application__branch__code")),
        list(Award.objects.order_by("plaque_number").values_list("plaque_number", "application__branch__code")),
        list(User.objects.order_by("police_no").values_list("police_no", "name")),
    )


@contextmanager
def undone():
    """A block whose writes are taken back, so that the demo can be loaded twice into the same empty database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


EXPECTED = {
    "preparing": {"preparing"},
    "applying": {"preparing", "submitted", "checked"},
    "recommending": {"checked", "recommended"},
    "dynamic": {"in_review"},
    "presenting": {"in_review"},
    "result": {"published"},
    "named": {"named"},
}
# What today's calendar must have open at the stage.
OPEN = dict(zip(STAGES, ["mobilise", "apply", "recommend", "dynamic", "present", "publish", "name"], strict=True))


@pytest.mark.parametrize("stage", STAGES)
def test_stage_is_reached(db, stage):
    load(stage=stage)
    got = statuses()
    assert EXPECTED[stage] - set(got) == set()
    assert sum(got.values()) == SMALL
    assert is_open(Track.objects.get(code="T3-2023").stages.get(kind=OPEN[stage]))
    assert audit.verify()[1] == ""


def test_default_size_has_the_whole_bureau(db):
    load(size=None, stage="result")
    kinds = Counter(Branch.objects.values_list("kind", flat=True))
    assert kinds == {"committee": 11, "branch": 125}
    assert Branch.objects.filter(nominates_itself=True).count() == 15
    assert RecommendationList.objects.filter(confirmed_at__isnull=False).count() == 9
    assert statuses()["published"] == 20
    assert statuses()["reserve"] == 3


def test_same_seed_gives_the_same_demo_and_another_seed_another(db):
    for stage, seeds, alike in (("presenting", (7, 7), True), ("applying", (7, 8), False)):
        seen = []
        for seed in seeds:
            with undone():
                load(stage=stage, seed=seed)
                seen.append(facts())
        assert (seen[0] == seen[1]) is alike


def test_stored_totals_are_what_the_services_compute(db):
    load(stage="presenting")
    for application in Application.objects.select_related("branch", "track__rubric"):
        if application.assessments.exists():
            assert application.self_score == preparing.self_score(application).total
            assert application.self_complete == preparing.self_score(application).final
        if application.check_score is not None:
            assert application.check_score == checking.check_score(application).total
    for review in Review.objects.select_related("application__branch", "component__rubric", "component__track__rubric"):
        sheet = scoring_desk.sheet_score(review)
        assert (review.total, review.is_final) == (sheet.total, sheet.final)


def test_bulk_road_leaves_what_the_services_leave(db, monkeypatch):
    seen = []
    for limit in (300, 6):
        monkeypatch.setattr("reviews.demo.bulk.ONE_BY_ONE", limit)
        with undone():
            load()
            rows = Application.objects.filter(track__code="T3-2023").order_by("branch__code")
            seen.append(
                [
                    list(rows.values_list("branch__code", "status", "self_score", "check_score", "submissions")),
                    [
                        s.content["assessment"]["total"]
                        for s in Snapshot.objects.order_by("application__track", "application__branch__code")
                    ],
                    Counter(Notice.objects.values_list("kind", flat=True)),
                    CheckItem.objects.count(),
                ]
            )
            assert audit.verify()[1] == ""
    assert seen[0] == seen[1]


def test_dynamic_stage_has_something_on_every_desk_and_sends_no_mail(db):
    load()
    assert set(Review.objects.values_list("status", flat=True)) == {"draft", "final"}
    assert Score.objects.filter(points__gt=Decimal(0)).exists()
    assert set(VetoRecord.objects.values_list("state", flat=True)) == {"confirmed", "dismissed", "proposed"}
    assert Application.objects.filter(status="submitted", track__code="T1-2021").exists()
    assert not Delivery.objects.filter(state__in=["pending", "sending"]).exists()


def test_presenting_stage_has_one_branch_on_the_stage(db):
    load(stage="presenting")
    slots = PresentationSlot.objects.all()
    assert sum(slot.is_open for slot in slots) == 1
    assert slots.filter(closed_at__isnull=False).exists()
    assert slots.filter(opened_at=None).exists()


def test_named_stage_can_be_replayed_and_has_plaques(db):
    load(stage="named")
    assert [results.replay(result) for result in ResultSet.objects.all()] == [[]] * ResultSet.objects.count()
    named = Application.objects.filter(status="named").count()
    assert Award.objects.count() == named > 0
    assert PublicNotice.objects.filter(track__code="T3-2023").count() == 1


def test_command_refuses_a_filled_database_and_if_empty_does_nothing(bureau):
    before = Branch.objects.count()
    call_command("load_demo", "--if-empty")
    assert Branch.objects.count() == before
    with pytest.raises(CommandError, match="空库"):
        call_command("load_demo")


def test_logins_name_one_person_per_role_with_a_password_that_works(db):
    load()
    out = io.StringIO()
    call_command("demo_logins", stdout=out)
    rows = [line.split() for line in out.getvalue().splitlines()[1:]]
    assert [row[0] for row in rows].count("纪检督察") == 2
    assert {row[0] for row in rows} == {role.label for role in Role}
    assert {row[3] for row in rows} == {"chuangjian-2026"}
    assert User.objects.filter(police_no__in=[row[1] for row in rows]).count() == len(rows)


def test_logins_without_a_demo_say_so(db):
    out = io.StringIO()
    call_command("demo_logins", stdout=out)
    assert out.getvalue().startswith("没有演示账号")
