import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Reader
from branches.models import Notice
from branches.roles import Role
from reviews.models import Assignment, Conflict, Panel, Review
from reviews.services import panels, scoring_desk
from standards.models import ScoreComponent
from tests import factories


def of(name, **kwargs):
    return reverse(f"reviews:{name}", kwargs=kwargs)


def code_of(refusal):
    return refusal.value.error_list[0].code


@pytest.fixture
def recommended(tiny_track, applications):
    """All seven candidates as the committees handed them up."""
    Application.objects.filter(track=tiny_track).update(status="recommended", check_score=90, self_score=90)
    return {code: Application.objects.for_work().get(pk=application.pk) for code, application in applications.items()}


@pytest.fixture
def panel(road, tiny_track, recommended):
    return road.panel(tiny_track)


def form(track, cast, *, source="visit", kind="assessors", members=None, leader=None):
    people = members or [cast.assessor, cast.assessor2]
    component = ScoreComponent.objects.get(track=track, source=source)
    return panels.form_panel(
        track, component, kind=kind, name="新组", members=people, leader=leader or people[0], by=cast.campaign_admin
    )


def test_forming_needs_the_role(tiny_track, cast):
    with pytest.raises(ValidationError) as refusal:
        form(tiny_track, cast, members=[cast.assessor, cast.expert])
    assert (code_of(refusal), Panel.objects.count()) == ("no_role", 0)


def test_forming_needs_a_leader_among_the_members(tiny_track, cast):
    with pytest.raises(ValidationError) as refusal:
        form(tiny_track, cast, members=[cast.assessor], leader=cast.assessor2)
    assert code_of(refusal) == "no_leader"


def test_forming_for_a_component_without_panel_is_refused(tiny_track, cast):
    with pytest.raises(ValidationError) as refusal:
        form(tiny_track, cast, source="check")
    assert code_of(refusal) == "not_panel_component"


def test_nobody_sits_in_both_kinds(tiny_track, cast, bureau, panel):
    factories.GrantFactory(user=cast.assessor, role=Role.EXPERT, branch=bureau.city)
    del cast.assessor.__dict__["grants"], cast.assessor.__dict__["roles"]
    with pytest.raises(ValidationError) as refusal:
        form(tiny_track, cast, source="presentation", kind="experts", members=[cast.assessor])
    assert code_of(refusal) == "both_kinds"


def test_conflicts_follow_the_tree(panel, cast):
    panels.find_conflicts(panel, by=cast.campaign_admin)
    found = Conflict.objects.values_list("user__police_no", "application__branch__code", "reason")
    own = cast.assessor2.police_no
    assert sorted(found) == [(own, "B-1", "own_committee"), (own, "B-2", "own_committee")]
    panels.find_conflicts(panel, by=cast.campaign_admin)
    assert Conflict.objects.count() == 2


def test_own_unit_is_named_as_such(cast, recommended, bureau):
    insider = factories.UserFactory(unit=bureau.a1)
    assert panels.conflict_reason(insider, recommended["A-1"]) == "own_unit"
    assert panels.conflict_reason(insider, recommended["A-2"]) == "own_committee"
    assert panels.conflict_reason(insider, recommended["B-1"]) is None
    assert panels.conflict_reason(cast.assessor, recommended["A-1"]) is None


def test_assigning_all_leaves_conflicts_out_and_starts_the_review(panel, cast, tiny_track):
    assert panels.assign(panel, by=cast.campaign_admin) == 12  # 7 + 7 - two in the member's own county
    assert set(Application.objects.filter(track=tiny_track).values_list("status", flat=True)) == {"in_review"}
    assert (Assignment.objects.count(), Reader.objects.count()) == (12, 12)
    assert Notice.objects.filter(kind="assignment.new").count() == 2
    assert panels.assign(panel, by=cast.campaign_admin) == 0


def test_assigning_pairs_gives_those_alone(panel, cast, recommended):
    pairs = [
        (cast.assessor, recommended["A-1"]),
        (cast.assessor2, recommended["B-1"]),
        (cast.expert, recommended["A-1"]),
    ]
    assert panels.assign(panel, by=cast.campaign_admin, pairs=pairs) == 1
    assert [(a.user, a.application.branch.code) for a in Assignment.objects.all()] == [(cast.assessor, "A-1")]


def test_unassigning_takes_the_reading_right_back(panel, cast, recommended):
    panels.assign(panel, by=cast.campaign_admin, pairs=[(cast.assessor, recommended["A-1"])])
    panels.unassign(Assignment.objects.get(), by=cast.campaign_admin)
    assert (Assignment.objects.count(), Reader.objects.count()) == (0, 0)


def test_unassigning_begun_work_is_refused(road, cast, recommended):
    road.visit(recommended["A-1"])
    with pytest.raises(ValidationError) as refusal:
        panels.unassign(Assignment.objects.get(user=cast.assessor), by=cast.campaign_admin)
    assert code_of(refusal) == "has_reviews"


def test_declaring_a_conflict_needs_a_reason_and_closes_access(road, cast, recommended):
    road.visit(recommended["A-1"])
    assignment = Assignment.objects.get(user=cast.assessor)
    with pytest.raises(ValidationError) as refusal:
        panels.declare_conflict(assignment, remark="  ", by=cast.assessor)
    assert code_of(refusal) == "no_reason"
    assert Review.objects.counting().count() == 2
    panels.declare_conflict(assignment, remark="亲属在该支部", by=cast.assessor)
    assert Review.objects.counting().get().reviewer == cast.assessor2
    assert not Reader.objects.filter(user=cast.assessor).exists()
    assert Notice.objects.filter(kind="conflict.declared", recipient=cast.campaign_admin).count() == 1
    panels.declare_conflict(assignment, remark="再次", by=cast.assessor)
    assert Conflict.objects.filter(user=cast.assessor).count() == 1


# In the browser


def test_panel_is_formed_assigned_and_sent_out_in_the_browser(client_of, cast, tiny_track, recommended):
    client = client_of(cast.campaign_admin)
    component = ScoreComponent.objects.get(track=tiny_track, source="visit")
    data = {
        "component": component.pk, "kind": "assessors", "name": "第一考核组",
        "members": [cast.assessor.pk, cast.assessor2.pk], "leader": cast.assessor.pk,
    }  # fmt: skip
    refused = client.post(of("panel_new"), {**data, "leader": cast.expert.pk})
    assert ("组长须在成员之中" in refused.content.decode(), "第一考核组" in refused.content.decode()) == (True, True)
    page = client.post(of("panel_new"), data, follow=True)
    panel = page.context["panel"]
    assert ("同一县分局（支队）党委" in page.content.decode(), panel.name) == (True, "第一考核组")
    pair = f"{recommended['A-1'].pk}:{cast.assessor.pk}"
    client.post(of("assign", pk=panel.pk), {"pair": [pair, "nonsense", "9:9"]})
    assert Assignment.objects.count() == 1
    client.post(of("assign", pk=panel.pk), {"all": 1})
    assert Assignment.objects.count() == 12
    visit = {"kind": "dynamic", "visited_on": "2026-05-20", "note": ""}
    assert "请选择支部" in client.post(of("visit_new", pk=panel.pk), visit).content.decode()
    client.post(of("visit_new", pk=panel.pk), {**visit, "everyone": "on"})
    assert panel.visits.count() == 7
    client.post(of("visit_new", pk=panel.pk), {**visit, "applications": [recommended["A-1"].pk]})
    assert panel.visits.filter(application=recommended["A-1"]).values_list("number", flat=True).last() == 2
    client.post(of("unassign", pk=Assignment.objects.filter(user=cast.assessor).first().pk))
    assert Assignment.objects.count() == 11


def test_office_registers_a_conflict_for_a_member(client_of, cast, panel, recommended):
    panels.assign(panel, by=cast.campaign_admin)
    assignment = Assignment.objects.filter(user=cast.assessor).first()
    url = of("declare_conflict", pk=assignment.pk)
    assert client_of(cast.assessor2).get(url).status_code == 404
    assert client_of(cast.campaign_admin).get(url).status_code == 200
    assert client_of(cast.campaign_admin).post(url, {"remark": ""}).status_code == 200
    client_of(cast.campaign_admin).post(url, {"remark": "群众反映有亲属关系"})
    assert Conflict.objects.get(user=cast.assessor).reason == "declared"


def test_draw_by_the_form_and_again_until_somebody_is_on_stage(client_of, cast, road, tiny_track, recommended):
    panel = road.assign(tiny_track, "presentation")
    client = client_of(cast.campaign_admin)
    page = client.post(of("draw", pk=panel.pk), {"held_on": "2026-11-20", "minutes_each": 8}, follow=True)
    session = page.context["session"]
    assert (len(page.context["rows"]), len(session.draw_seed)) == (7, 16)
    client.post(of("draw", pk=panel.pk), {"held_on": "2026-11-21", "minutes_each": 10})
    session.refresh_from_db()
    assert (session.minutes_each, session.slots.count()) == (10, 7)
    first, second = session.slots.all()[:2]
    client.post(of("open_slot", pk=first.pk))
    refused = client.post(of("open_slot", pk=second.pk), follow=True)
    assert "还有一个支部正在展示" in refused.content.decode()
    client.post(of("draw", pk=panel.pk), {"held_on": "2026-11-21", "minutes_each": 5})
    session.refresh_from_db()
    assert session.minutes_each == 10
    client.post(of("close_slot", pk=first.pk))
    first.refresh_from_db()
    assert first.closed_at is not None
    assert client_of(cast.expert).post(of("open_slot", pk=second.pk)).status_code == 403
    assert client_of(cast.assessor).post(of("open_slot", pk=second.pk)).status_code == 404


def test_opening_and_closing_twice_is_refused(cast, road, tiny_track, recommended):
    panel = road.assign(tiny_track, "presentation")
    session = scoring_desk.draw_order(panel, held_on="2026-11-20", minutes_each=8, by=cast.campaign_admin)
    slot, stale = session.slots.first(), session.slots.first()
    scoring_desk.open_slot(slot, by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.open_slot(stale, by=cast.campaign_admin)
    assert code_of(refusal) == "conflict"
    scoring_desk.close_slot(slot, by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.close_slot(stale, by=cast.campaign_admin)
    assert code_of(refusal) == "conflict"


def test_a_vetoed_branch_is_not_called(cast, road, tiny_track, recommended):
    panel = road.assign(tiny_track, "presentation")
    session = scoring_desk.draw_order(panel, held_on="2026-11-20", minutes_each=8, by=cast.campaign_admin)
    slot = session.slots.first()
    road.veto(slot.application)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.open_slot(session.slots.first(), by=cast.campaign_admin)
    assert code_of(refusal) == "not_in_review"


def test_two_slots_cannot_be_opened_by_two_people(cast, road, tiny_track, recommended):
    panel = road.assign(tiny_track, "presentation")
    session = scoring_desk.draw_order(panel, held_on="2026-11-20", minutes_each=8, by=cast.campaign_admin)
    first, second = session.slots.all()[:2]
    scoring_desk.open_slot(first, by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        scoring_desk.open_slot(second, by=cast.campaign_admin)
    assert code_of(refusal) == "another_open"


def test_components_of_one_source_are_told_apart_when_a_panel_is_formed(tiny_track, cast, client_of):
    ScoreComponent.objects.filter(track=tiny_track, source="visit").update(weight=30)
    ScoreComponent.objects.create(
        track=tiny_track, source="visit", code="dynamic", name="动态考核", weight=10, order=9, dimensions=["A"]
    )
    answer = client_of(cast.campaign_admin).get(reverse("reviews:panel_new"))
    labels = [label for key, label in answer.context["form"].fields["component"].choices if key]
    assert labels == [
        "试用称号 · 实地考评（动态与实地考评，占30%）", "试用称号 · 现场展示（现场展示，占30%）",
        "试用称号 · 动态考核（动态与实地考评，占10%，只评A）",
    ]  # fmt: skip


def test_a_sheet_and_its_total_belong_to_the_panels_own_component(tiny_track, recommended, cast):
    """Two visit components: each panel's sheet asks for its own part and is out of its own points."""
    dynamic = ScoreComponent.objects.create(
        track=tiny_track, source="visit", code="dynamic", name="动态考核", weight=10, order=9, dimensions=["B"]
    )
    panel = panels.form_panel(
        tiny_track, dynamic, kind="assessors", name="动态组", members=[cast.assessor], leader=cast.assessor,
        by=cast.campaign_admin,
    )  # fmt: skip
    panels.assign(panel, by=cast.campaign_admin)
    visit = scoring_desk.schedule_visit(
        panel, recommended["A-1"], kind="dynamic", visited_on=timezone.localdate(), note="", by=cast.campaign_admin
    )
    review = scoring_desk.start_review(panel.assignments.get(application=recommended["A-1"]), visit=visit)
    assert (review.component, [leaf.code for leaf in scoring_desk.leaves_of(review)]) == (dynamic, ["B1"])
    assert (review.component.sheet.total_points, review.component.leaves_for("")[0].max_points) == (5, 5)
