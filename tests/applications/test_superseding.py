"""Replacing the standard of a running track: what becomes of every answer, who is told, what is refused."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from applications.models import Application, Assessment, CheckItem, Citation, Evidence, Supersession
from applications.services import checking, preparing, superseding
from applications.services.effects import DROPPED, KEPT, PARTLY, RESCORED
from applications.states import Status
from branches.models import AuditEntry, Notice
from standards.models import Criterion, Extension, Publication, Rubric, ScoreRule, Stage, Track
from standards.services import rubrics as rubric_services
from standards.services import versions
from tests import factories
from tests.road import fresh

REASON = "按上级新要求修订。"


@pytest.fixture
def newer(tiny_track, cast):
    """`newer(change)`: the second version of the tiny rubric, changed by the function and published."""

    def make(change=lambda of: None) -> Rubric:
        draft = versions.copy_rubric(tiny_track.rubric, by=cast.campaign_admin)
        change(lambda code: Criterion.objects.get(rubric=draft, code=code))
        return rubric_services.publish_rubric(Rubric.objects.get(pk=draft.pk), by=cast.campaign_admin)

    return make


def reworked(of):
    """A1 30 → 25 and A6 (一票否决) gone, A2's levels other points, A3 another kind, A8 new."""
    for code, changes in {"A1": {"max_points": 25}, "A3": {"kind": "points"}}.items():
        Criterion.objects.filter(pk=of(code).pk).update(**changes)
    ScoreRule.objects.filter(criterion=of("A2"), label="较好").update(points=16)
    of("A7").delete()
    Criterion.objects.create(
        rubric=of("A").rubric, parent=of("A"), order=9, code="A8", title="新项", text="新项", max_points=5
    )


def answer(application, code, given, remark="已落实。"):
    leaf = next(leaf for leaf in application.track.rubric.leaves_for("") if leaf.code == code)
    by_label = {rule.label: str(rule.pk) for rule in leaf.rules.all()}
    if "level" in given:
        given = {"level": by_label[given["level"]]}
    if "times" in given:
        given = {"times": {by_label[label]: number for label, number in given["times"].items()}}
    return Assessment.objects.create(
        application=application, criterion=leaf, answer=given, remark=remark,
        points=preparing.score_answer(leaf, given),
    )  # fmt: skip


def replace(track, new, cast, *, due_on=None, reason=REASON):
    track = Track.objects.select_related("campaign", "rubric").get(pk=track.pk)
    seen = superseding.preview_supersession(track, new).digest
    return superseding.supersede_rubric(track, new, reason=reason, due_on=due_on, seen=seen, by=cast.campaign_admin)


def codes_of(refusal):
    return [error.code for error in refusal.value.error_list]


def now(application):
    """Code → (answer by label, points) as stored under the new version."""
    found = {}
    for row in application.assessments.select_related("criterion").prefetch_related("criterion__rules"):
        labels = {str(rule.pk): rule.label for rule in row.criterion.rules.all()}
        given = dict(row.answer)
        if "level" in given:
            given["level"] = labels[given["level"]]
        if "times" in given:
            given["times"] = {labels[key]: number for key, number in given["times"].items()}
        found[row.criterion.code] = (given, row.points)
    return found


def test_every_answer_moves_to_the_new_version(tiny_application, tiny_track, newer, cast):
    application = tiny_application
    answer(application, "A1", {"points": "20"})
    answer(application, "A2", {"level": "较好"})
    answer(application, "A3", {"times": {"每次": "2"}})
    answer(application, "A4", {"times": {"每少1次": "2", "每迟1次": ""}})
    answer(application, "A5", {"met": True})
    new = newer(reworked)
    replace(tiny_track, new, cast)
    application = fresh(application)
    assert application.track.rubric == new
    assert now(application) == {
        "A1": ({"points": "20"}, Decimal("20.00")),
        "A2": ({"level": "较好"}, Decimal("16.00")),
        "A4": ({"times": {"每少1次": "2", "每迟1次": ""}}, Decimal("19.00")),
        "A5": ({"met": True}, Decimal("10.00")),
    }
    assert (application.self_score, application.self_complete) == (Decimal("65.00"), False)
    top = new.dimensions[0]
    assert application.self_detail["dimensions"][top.code] == "65.00"
    assert not Assessment.objects.exclude(criterion__rubric=new).exists()


def test_record_keeps_what_no_longer_fits(tiny_application, tiny_track, newer, cast):
    answer(tiny_application, "A1", {"points": "30"})
    answer(tiny_application, "A3", {"times": {"每次": "2"}}, remark="两次获奖")
    answer(tiny_application, "A7", {}, remark="说明一下")
    old = tiny_track.rubric
    record = replace(tiny_track, newer(reworked), cast)
    assert (record.old, record.track, record.reason, record.returned) == (old, tiny_track, REASON, 0)
    kept = {each["code"]: (each["points"], each["remark"], each["why"]) for each in record.dropped}
    assert kept == {
        "A1": ("30.00", "已落实。", "应在 0 至 25 分之间。"),
        "A3": ("10.00", "两次获奖", "计分方式变了"),
        "A7": (None, "说明一下", "新版没有这一项"),
    }
    rows = {
        row["code"]: (row["fate"], row["numbers"].get(DROPPED, 0), row["numbers"].get("missing", 0))
        for row in record.effects
    }
    assert rows["A1"] == ("新版仍有", 1, 7)
    assert rows["A7"] == ("新版没有这一项", 1, 0)
    assert rows["A8"] == ("新增，须填写", 0, 7)
    assert fresh(tiny_application).assessments.count() == 0


def test_plan_tells_each_fate(tiny_application, tiny_track, newer, cast):
    answer(tiny_application, "A1", {"points": "20"})
    answer(tiny_application, "A2", {"level": "较好"})
    answer(tiny_application, "A3", {"times": {"每次": "2"}})
    answer(tiny_application, "A4", {"times": {"每少1次": "2", "每迟1次": ""}})

    def change(of):
        reworked(of)
        ScoreRule.objects.create(criterion=of("A4"), order=9, label="满意率", points=1, unit="%", threshold=90, per=10)

    plan = superseding.preview_supersession(tiny_track, newer(change))
    effect = next(each for each in plan.effects if each.application == tiny_application)
    assert {fate.code: fate.kind for fate in effect.fates} == {"A1": KEPT, "A2": RESCORED, "A3": DROPPED, "A4": PARTLY}
    assert effect.missing == ("A3", "A4", "A5", "A8", "B1")
    assert (plan.totals[KEPT], plan.totals[DROPPED]) == (1, 1)
    assert Assessment.objects.filter(criterion__rubric=tiny_track.rubric).count() == 4


def test_rules_are_found_by_label_then_by_place(tiny_application, tiny_track, newer, cast):
    answer(tiny_application, "A2", {"level": "差"})
    answer(tiny_application, "A4", {"times": {"每少1次": "4", "每迟1次": "2"}})

    def change(of):
        ScoreRule.objects.filter(criterion=of("A2"), label="差").update(label="不合格")
        ScoreRule.objects.filter(criterion=of("A4"), label="每迟1次").delete()

    record = replace(tiny_track, newer(change), cast)
    assert now(tiny_application) == {"A2": ({"level": "不合格"}, Decimal("0.00"))}
    assert [(each["code"], each["why"]) for each in record.dropped] == [("A4", "新版没有“每迟1次”这一条。")]


def test_citations_and_checks_move_along(tiny_application, tiny_track, newer, cast, road):
    application = road.to(tiny_application, "submitted")
    road.check(application)
    leaves = {leaf.code: leaf for leaf in tiny_track.rubric.leaves_for("")}
    evidence = Evidence.objects.create(
        branch=application.branch, sha256="f" * 64, name="照片.jpg", content_type="image/jpeg", size=9,
        uploaded_by=cast.secretary, file="evidence/x",
    )  # fmt: skip
    for code in ("A1", "A7"):
        Citation.objects.create(application=application, criterion=leaves[code], evidence=evidence)
    new = newer(reworked)
    record = replace(tiny_track, new, cast, due_on=factories.days(3))
    assert [each.criterion.code for each in application.citations.select_related("criterion")] == ["A1"]
    assert application.citations.get().criterion.rubric == new
    assert {(each["table"], each["code"]) for each in record.dropped} == {
        ("citation", "A7"), ("self", "A1"), ("check", "A1"), ("self", "A3"), ("check", "A3"),
    }  # fmt: skip
    assert not CheckItem.objects.exclude(criterion__rubric=new).exists()


def test_submitted_that_changes_goes_back_with_a_due_date(applications, tiny_track, newer, cast, road):
    first = road.to(applications["A-1"], "submitted")
    snapshot = first.snapshots.get()
    due_on = factories.days(9)
    record = replace(tiny_track, newer(reworked), cast, due_on=due_on)
    returned = fresh(first)
    assert (returned.status, returned.returns, record.returned) == (Status.PREPARING, 1, 1)
    decision = returned.check_decisions.get()
    assert (decision.outcome, decision.due_on, decision.decided_by) == ("returned", due_on, cast.campaign_admin)
    assert REASON in decision.reason
    assert Extension.objects.get().until == due_on
    assert Extension.objects.get().branch == first.branch
    assert returned.snapshots.get().hash == snapshot.hash
    assert Notice.objects.filter(kind="application.returned").count() == 2
    # Those still at work are told; both people of A-1 have their own notice, the other branches' secretaries theirs.
    assert Notice.objects.filter(kind="rubric.superseded").count() == 6


def test_submitted_that_stays_the_same_is_left_alone(tiny_application, tiny_track, newer, cast, road):
    application = road.to(tiny_application, "submitted")
    new = newer(lambda of: Criterion.objects.filter(pk=of("A1").pk).update(title="新名称"))
    record = replace(tiny_track, new, cast)
    application = fresh(application)
    assert (application.status, application.returns, record.returned, record.dropped) == (Status.SUBMITTED, 0, 0, [])
    assert set(application.assessments.values_list("criterion__rubric", flat=True)) == {new.pk}
    road.accept(application)


def test_publication_and_log_tell_of_it(tiny_application, tiny_track, newer, cast):
    answer(tiny_application, "A2", {"level": "较好"})
    new = newer(reworked)
    replace(tiny_track, new, cast)
    publication = Publication.objects.get(kind=Publication.Kind.CHANGE)
    assert publication.campaign == tiny_track.campaign
    entry = AuditEntry.objects.get(action="track.supersede")
    assert entry.actor == cast.campaign_admin
    assert entry.changes["effects"]["A2"] == {"fate": "新版仍有", RESCORED: 1, "missing": 6}
    assert entry.changes["reason"] == REASON
    one = AuditEntry.objects.get(action="application.supersede")
    assert one.branch_id == tiny_application.branch_id
    assert one.changes["answers"] == {"A2": ["15.00", "16.00"]}


def test_components_of_their_own_stay(tiny_track, newer, cast):
    other = factories.tiny_rubric("OTHER")
    tiny_track.components.filter(source="visit").update(rubric=other)
    replace(tiny_track, newer(), cast)
    assert tiny_track.components.get(source="visit").rubric == other


# Refusals


@pytest.mark.parametrize("status", ["checked", "in_review"])
def test_too_late_once_somebody_is_checked(tiny_application, tiny_track, newer, cast, road, status):
    road.to(tiny_application, status)
    new = newer(reworked)
    with pytest.raises(ValidationError) as refusal:
        superseding.preview_supersession(tiny_track, new)
    assert codes_of(refusal) == ["too_late"]


def test_too_late_though_the_checked_one_was_vetoed(tiny_application, tiny_track, newer, cast, road):
    road.veto(road.to(tiny_application, "checked"))
    with pytest.raises(ValidationError) as refusal:
        superseding.preview_supersession(tiny_track, newer())
    assert codes_of(refusal) == ["too_late"]


def test_changed_since_the_preview(tiny_application, tiny_track, newer, cast):
    new = newer(reworked)
    seen = superseding.preview_supersession(tiny_track, new).digest
    answer(tiny_application, "A1", {"points": "20"})
    with pytest.raises(ValidationError) as refusal:
        superseding.supersede_rubric(tiny_track, new, reason=REASON, due_on=None, seen=seen, by=cast.campaign_admin)
    assert codes_of(refusal) == ["changed"]
    assert (Supersession.objects.count(), fresh(tiny_application).track.rubric) == (0, tiny_track.rubric)


@pytest.mark.parametrize(("day", "code"), [(None, "no_due_date"), (-1, "past_due")])
def test_returning_needs_a_due_date(tiny_application, tiny_track, newer, cast, road, day, code):
    road.to(tiny_application, "submitted")
    with pytest.raises(ValidationError) as refusal:
        replace(tiny_track, newer(reworked), cast, due_on=None if day is None else factories.days(day))
    assert codes_of(refusal) == [code]
    assert fresh(tiny_application).status == Status.SUBMITTED


def test_reason_is_asked_for(tiny_track, newer, cast):
    with pytest.raises(ValidationError) as refusal:
        replace(tiny_track, newer(), cast, reason="  ")
    assert codes_of(refusal) == ["no_reason"]


def test_only_a_newer_published_version_of_the_same_code(tiny_track, cast):
    draft = versions.copy_rubric(tiny_track.rubric, by=cast.campaign_admin)
    for rubric in (draft, tiny_track.rubric, factories.tiny_rubric("OTHER")):
        assert superseding.why_not(tiny_track, rubric).code == "not_newer"
    assert superseding.newer_versions(tiny_track) == []


def test_a_version_retired_after_the_preview_is_refused(tiny_track, newer, cast):
    new = newer()
    track = Track.objects.select_related("campaign", "rubric").get(pk=tiny_track.pk)
    seen = superseding.preview_supersession(track, new).digest
    versions.retire_rubric(Rubric.objects.get(pk=new.pk), by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        superseding.supersede_rubric(track, new, reason=REASON, due_on=None, seen=seen, by=cast.campaign_admin)
    assert refusal.value.code == "not_newer"
    assert Track.objects.get(pk=track.pk).rubric_id == track.rubric_id


def test_only_while_the_campaign_runs(tiny_track, newer, cast):
    new = newer()
    type(tiny_track.campaign).objects.update(status="closed")
    track = Track.objects.select_related("campaign", "rubric").get(pk=tiny_track.pk)
    assert superseding.why_not(track, new).code == "not_open"


def test_a_counted_dimension_must_stay(tiny_track, newer, cast):
    tiny_track.components.filter(source="visit").update(dimensions=["B"])

    def change(of):
        of("B").delete()

    assert superseding.why_not(tiny_track, newer(change)).code == "dimension_gone"


def test_a_page_of_the_old_version_saves_nothing(tiny_application, tiny_track, newer, cast, road):
    stale = fresh(tiny_application)
    leaf = tiny_track.rubric.leaves_for("")[0]
    replace(tiny_track, newer(), cast)
    with pytest.raises(ValidationError) as refusal:
        preparing.save_answer(stale, leaf, answer={"points": "3"}, remark="", version=0, by=cast.secretary)
    assert codes_of(refusal) == ["superseded"]
    assert Assessment.objects.count() == 0


def test_a_check_of_the_old_version_saves_nothing(tiny_application, tiny_track, newer, cast, road):
    stale = road.to(tiny_application, "submitted")
    leaf = tiny_track.rubric.leaves_for("")[0]
    replace(tiny_track, newer(lambda of: Criterion.objects.filter(pk=of("A1").pk).update(text="新")), cast)
    for act in (
        lambda: checking.save_check(stale, leaf, answer={"points": "3"}, remark="", version=0, by=cast.committee_clerk),
        lambda: checking.adopt_self_scores(stale, by=cast.committee_clerk),
    ):
        with pytest.raises(ValidationError) as refusal:
            act()
        assert codes_of(refusal) == ["superseded"]


# How much it asks of the database


@pytest.mark.parametrize("rows", [1, 6])
def test_queries_do_not_grow_with_the_applications(
    applications, tiny_track, newer, cast, rows, django_assert_num_queries
):
    for application in list(applications.values())[:rows]:
        answer(application, "A1", {"points": "20"})
        answer(application, "A2", {"level": "较好"})
        answer(application, "A3", {"times": {"每次": "2"}})
    Application.objects.exclude(assessments__isnull=False).delete()
    new = newer(reworked)
    track = Track.objects.select_related("campaign", "rubric").get(pk=tiny_track.pk)
    seen = superseding.preview_supersession(track, new).digest
    with django_assert_num_queries(48):
        superseding.supersede_rubric(track, new, reason=REASON, due_on=None, seen=seen, by=cast.campaign_admin)
    assert Stage.objects.filter(track=tiny_track).count() == 9


# Pages


@pytest.fixture
def admin(client_of, cast):
    return client_of(cast.campaign_admin)


def page(track):
    return reverse("applications:supersede", args=[track.pk])


def test_page_is_a_dry_run(admin, tiny_application, tiny_track, newer):
    answer(tiny_application, "A2", {"level": "较好"})
    new = newer(reworked)
    context = admin.get(page(tiny_track)).context
    assert (context["new"], context["numbers"][1]) == (new, ("沿用并重新计分", 1))
    assert context["page_obj"].object_list[0].application == tiny_application
    assert tiny_application.assessments.get().criterion.rubric == tiny_track.rubric


def test_page_confirms_what_was_seen(admin, tiny_application, tiny_track, newer):
    new = newer(reworked)
    digest = admin.get(page(tiny_track)).context["form"].initial["digest"]
    typed = {"to": new.pk, "digest": digest, "reason": REASON}
    answer(tiny_application, "A2", {"level": "较好"})
    again = admin.post(page(tiny_track), typed)
    assert [error.code for error in again.context["form"].non_field_errors().as_data()] == ["changed"]
    assert REASON in again.text
    shown = again.context["form"]["digest"].value()
    assert shown != digest
    done = admin.post(page(tiny_track), {**typed, "digest": shown})
    record = Supersession.objects.get()
    assert done["Location"] == reverse("applications:supersession", args=[record.pk])
    assert record.reason == REASON
    assert admin.get(done["Location"]).context["record"] == record
    assert list(admin.get(page(tiny_track)).context["records"]) == [record]


def test_page_asks_for_the_reason_and_keeps_the_date(admin, tiny_application, tiny_track, newer, road):
    road.to(tiny_application, "submitted")
    new = newer(reworked)
    due_on = factories.days(4).isoformat()
    again = admin.post(page(tiny_track), {"to": new.pk, "digest": "x", "reason": "", "due_on": due_on})
    assert again.context["form"].has_error("reason", "required")
    assert due_on in again.text
    assert Supersession.objects.count() == 0


@pytest.mark.parametrize(
    ("status", "words"), [("checked", "已有1个支部按原标准通过核查"), ("preparing", "没有更新的版本")]
)
def test_page_says_why_not(admin, tiny_application, tiny_track, road, status, words):
    road.to(tiny_application, status)
    assert words in admin.get(page(tiny_track)).text


@pytest.mark.parametrize("rows", [1, 6])
def test_page_query_count(admin, applications, tiny_track, newer, rows, django_assert_num_queries):
    for application in list(applications.values())[:rows]:
        answer(application, "A2", {"level": "较好"})
    Application.objects.exclude(assessments__isnull=False).delete()
    newer(reworked)
    admin.get(page(tiny_track))
    # session, user, grants, track, versions, past check, components, applications, two tables, citations, records, notices
    with django_assert_num_queries(13):
        admin.get(page(tiny_track))
