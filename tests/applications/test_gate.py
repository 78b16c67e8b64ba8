"""The gate: every status × action × role against a table written out here, and what happens to the slower of two."""

import pytest
from django.core.exceptions import ValidationError

from applications import states
from applications.models import Application, CheckDecision, Recommendation
from applications.services import checking, gate, inspecting, recommending, submitting
from applications.states import TABLE, Status
from branches import audit
from branches.models import AuditEntry, Notice
from standards.models import Extension, Stage, Track
from tests import factories
from tests.road import Road, fresh

STATUSES = [
    "preparing", "submitted", "checked", "recommended", "in_review", "selected", "reserve", "not_selected",
    "published", "named", "withdrawn", "vetoed",
]  # fmt: skip

# action: (from, to, who may)
EXPECTED = {
    "submit": (["preparing"], "submitted", ["secretary"]),
    "withdraw": (["submitted"], "withdrawn", ["secretary"]),
    "reopen": (["withdrawn"], "preparing", ["secretary"]),
    "return": (["submitted"], "preparing", ["committee_clerk", "committee_head"]),
    "accept": (["submitted"], "checked", ["committee_clerk", "committee_head"]),
    "recommend": (["checked"], "recommended", ["committee_head"]),
    "nominate": (["checked"], "recommended", ["committee_head"]),
    "forward": (["checked"], "recommended", ["committee_head"]),
    "start_review": (["recommended"], "in_review", ["campaign_admin"]),
    "select": (["in_review"], "selected", ["campaign_admin"]),
    "reserve": (["in_review"], "reserve", ["campaign_admin"]),
    "reject": (["in_review", "reserve"], "not_selected", ["campaign_admin"]),
    "promote": (["reserve"], "selected", ["campaign_admin"]),
    "publish": (["selected"], "published", ["campaign_admin"]),
    "name": (["published"], "named", ["campaign_admin"]),
    "veto": (
        [status for status in STATUSES if status not in ("withdrawn", "vetoed")],
        "vetoed",
        ["inspector", "inspector2"],
    ),
    **{
        f"lift_{status}": (["vetoed"], status, ["inspector", "inspector2"])
        for status in STATUSES if status not in ("withdrawn", "vetoed")
    },
}  # fmt: skip
# On which road each of the three ways out exists; everything else exists on all.
ROADS = {"recommend": "ranked", "nominate": "nominated", "forward": "forwarded"}
PEOPLE = [
    "secretary", "clerk", "secretary_a2", "committee_clerk", "committee_head", "other_head", "headquarters_head",
    "inspector", "inspector2", "assessor", "expert", "campaign_admin", "system_admin", "security_admin", "auditor",
    "outsider",
]  # fmt: skip


def at(application, status):
    """The application as it stands at the status, without the way there; its frame is not read again."""
    Application.objects.filter(pk=application.pk).update(status=status)
    application.status = status
    return application


def status_of(application):
    return Application.objects.values_list("status", flat=True).get(pk=application.pk)


@pytest.fixture
def by_road(tiny_application, tiny_rubric, tiny_track, bureau):
    """One application of branch a1 per road. Its committee's head is the same on every one."""
    accepting = factories.tiny_track(
        factories.CampaignFactory(code="ACC", status="open"), tiny_rubric, mode=Track.Mode.ACCEPTANCE
    )
    forwarded = factories.ApplicationFactory(branch=bureau.a1, track=accepting)
    bureau.a2.nominates_itself = True
    bureau.a2.save()
    nominated = Application.objects.get(track=tiny_track, branch=bureau.a2)
    return {
        road: fresh(each)
        for road, each in (("ranked", tiny_application), ("forwarded", forwarded), ("nominated", nominated))
    }


# The nominated road runs through branch a2, whose secretary is another person.
def expected_people(action, road):
    people = EXPECTED[action][2]
    return ["secretary_a2"] if road == "nominated" and people == ["secretary"] else people


def test_the_table_is_the_one_written_here():
    assert {action: (set(line.sources), str(line.target)) for action, line in TABLE.items()} == {
        action: (set(sources), target) for action, (sources, target, _) in EXPECTED.items()
    }
    assert list(Status.values) == STATUSES


@pytest.mark.parametrize("status", STATUSES)
def test_buttons_for_every_status_and_role(by_road, cast, status):
    offered, expected = {}, {}
    for road, application in by_road.items():
        application = at(application, status)
        for who in PEOPLE:
            offered[road, who] = {line.action for line in gate.actions_for(application, getattr(cast, who))}
            expected[road, who] = {
                action
                for action, (sources, _, _) in EXPECTED.items()
                if status in sources and ROADS.get(action, road) == road and who in expected_people(action, road)
            }
    assert offered == expected


def outcome_of(application, action, user):
    """What the gate makes of it, and that a refusal leaves neither status nor log nor notice behind."""
    before = application.status, AuditEntry.objects.count(), Notice.objects.count()
    try:
        with audit.recorded():
            gate.move(application, action, by=user)
    except ValidationError as refusal:
        assert (status_of(application), AuditEntry.objects.count(), Notice.objects.count()) == before
        return refusal.code
    assert AuditEntry.objects.count() == before[1] + 1
    return status_of(application)


@pytest.mark.parametrize("action", EXPECTED)
def test_gate_for_every_status_action_and_role(by_road, cast, action):
    """Whoever lacks the right hears `not_allowed`; whoever has it moves on from the right status, else `conflict`."""
    road = ROADS.get(action, "ranked")
    sources, target, _ = EXPECTED[action]
    allowed = expected_people(action, road)
    outcomes, expected = {}, {}
    for status in STATUSES:
        for who in PEOPLE:
            outcomes[status, who] = outcome_of(at(by_road[road], status), action, getattr(cast, who))
            expected[status, who] = "not_allowed" if who not in allowed else target if status in sources else "conflict"
    assert outcomes == expected


@pytest.mark.parametrize("road", ["ranked", "nominated", "forwarded"])
@pytest.mark.parametrize("action", ROADS)
def test_each_way_out_exists_on_its_own_road_only(by_road, cast, action, road):
    if ROADS[action] == road:
        return
    application = at(by_road[road], "checked")
    with pytest.raises(ValidationError) as refusal, audit.recorded():
        gate.move(application, action, by=cast.committee_head)
    assert (refusal.value.code, fresh(application).status) == ("wrong_road", "checked")


STAGED = {"submit": "apply", "reopen": "apply", "recommend": "recommend", "nominate": "nominate", "forward": "forward"}


def test_the_staged_actions_are_the_ones_written_here():
    assert {action: line.stage for action, line in TABLE.items() if line.stage} == STAGED


@pytest.mark.parametrize("action", STAGED)
@pytest.mark.parametrize(("opens", "closes"), [(-9, -1), (1, 9)])
def test_a_closed_stage_refuses_and_hides_the_button(by_road, cast, action, opens, closes):
    road = ROADS.get(action, "ranked")
    application = at(by_road[road], EXPECTED[action][0][0])
    Stage.objects.filter(track=application.track, kind=STAGED[action]).update(
        opens_on=factories.days(opens), closes_on=factories.days(closes)
    )
    user = getattr(cast, expected_people(action, road)[0])
    application = fresh(application)
    with pytest.raises(ValidationError) as refusal, audit.recorded():
        gate.move(application, action, by=user)
    assert refusal.value.code == "closed"
    assert gate.may(action, application, user) is False


@pytest.mark.parametrize("action", STAGED)
def test_an_extension_reopens_the_stage_for_its_branch_only(by_road, cast, bureau, action):
    road = ROADS.get(action, "ranked")
    application = at(by_road[road], EXPECTED[action][0][0])
    stage = Stage.objects.get(track=application.track, kind=STAGED[action])
    Stage.objects.filter(pk=stage.pk).update(closes_on=factories.days(-1))
    user = getattr(cast, expected_people(action, road)[0])
    Extension.objects.create(
        stage=stage, branch=bureau.b1, until=factories.days(3), reason="汛期", granted_by=cast.campaign_admin
    )
    assert gate.may(action, fresh(application), user) is False
    Extension.objects.create(
        stage=stage, branch=application.branch, until=factories.days(0), reason="汛期", granted_by=cast.campaign_admin
    )
    application = fresh(application)
    assert gate.may(action, application, user) is True
    with audit.recorded():
        gate.move(application, action, by=user)
    assert fresh(application).status == EXPECTED[action][1]


# The slower of two: a service with an instance read before somebody else acted


def submit(application, cast, road):
    submitting.submit_application(application, by=road.person(application.branch, "secretary"))


def withdraw(application, cast, road):
    submitting.withdraw_application(application, by=cast.secretary)


def reopen(application, cast, road):
    submitting.reopen_application(application, by=cast.secretary)


def send_back(application, cast, road):
    checking.return_application(application, reason="补材料", due_on=None, by=cast.committee_clerk)


def accept(application, cast, road):
    checking.accept_application(
        application, members="核查员A", checked_on=factories.days(0), conclusion="同意", by=cast.committee_clerk
    )


def nominate(application, cast, road):
    checking.nominate_application(application, by=cast.headquarters_head)


def forward(application, cast, road):
    checking.forward_application(application, by=cast.committee_head)


def veto(application, cast, road):
    road.veto(application)


def counts():
    return (
        AuditEntry.objects.count(), Notice.objects.count(), CheckDecision.objects.count(),
        Extension.objects.count(), Recommendation.objects.count(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "faster", "slower"),
    [
        ("preparing", submit, submit),
        ("preparing", veto, submit),
        ("submitted", withdraw, withdraw),
        ("submitted", accept, withdraw),
        ("submitted", withdraw, accept),
        ("submitted", accept, accept),
        ("submitted", send_back, accept),
        ("submitted", accept, send_back),
        ("submitted", send_back, send_back),
        ("withdrawn", reopen, reopen),
    ],
)
def test_the_slower_of_two_gets_a_conflict_and_writes_nothing(tiny_application, cast, start, faster, slower):
    road = Road(cast)
    application = road.to(tiny_application, start)
    if start == "preparing":
        road.fill(application)
    if start == "submitted":
        road.check(application)
    first, second = fresh(application), fresh(application)
    faster(first, cast, road)
    after, status = counts(), fresh(application).status
    with pytest.raises(ValidationError) as refusal:
        slower(second, cast, road)
    assert (refusal.value.code, fresh(application).status) == ("conflict", status)
    assert Status(status).label in refusal.value.message
    assert counts() == after


def test_the_slower_nomination_gets_a_conflict(applications, cast, road):
    office = road.to(applications["JG-1"], "checked")
    first, second = fresh(office), fresh(office)
    nominate(first, cast, road)
    after = counts()
    with pytest.raises(ValidationError) as refusal:
        nominate(second, cast, road)
    assert (refusal.value.code, counts()) == ("conflict", after)


def test_the_slower_forwarding_gets_a_conflict(by_road, cast, road):
    application = at(by_road["forwarded"], "checked")
    first, second = fresh(application), fresh(application)
    forward(first, cast, road)
    after = counts()
    with pytest.raises(ValidationError) as refusal:
        forward(second, cast, road)
    assert (refusal.value.code, counts()) == ("conflict", after)


def test_the_slower_veto_gets_a_conflict(tiny_application, cast):
    """Two proposals cannot stand open at once; a decided one cannot be decided again."""
    record = inspecting.propose_veto(tiny_application, basis="查实违纪。", by=cast.inspector)
    first, second = fresh(tiny_application), inspecting.VetoRecord.objects.get(pk=record.pk)
    inspecting.confirm_veto(record, remark="属实", by=cast.inspector2)
    after = counts()
    with pytest.raises(ValidationError) as refusal:
        inspecting.confirm_veto(second, remark="属实", by=cast.inspector2)
    assert (refusal.value.code, counts()) == ("decided", after)
    assert first.status == "preparing"


def test_confirming_a_ranking_with_a_stale_application_writes_nothing(tiny_track, applications, bureau, cast, road):
    ordered = [road.to(applications[code], "checked") for code in ("A-1", "A-2")]
    ranking = recommending.list_for(tiny_track, bureau.county_a)
    recommending.save_ranking(ranking, ordered, reasons={}, version=0, by=cast.committee_clerk)
    road.veto(ordered[1])
    after = counts()
    with pytest.raises(ValidationError) as refusal:
        recommending.confirm_ranking(ranking, version=1, by=cast.committee_head)
    assert (refusal.value.code, counts()) == ("conflict", after)
    assert fresh(ordered[0]).status == "checked"


@pytest.mark.parametrize(
    "action", ["start_review", "select", "reserve", "reject", "promote", "publish", "name", "veto"]
)  # fmt: skip
def test_the_slower_of_two_at_the_gate_itself(tiny_application, cast, action):
    """The actions that panels' services take for many at once: one instance read before, one after."""
    sources, target, people = EXPECTED[action]
    stale = fresh(at(tiny_application, sources[0]))
    user = getattr(cast, people[0])
    with audit.recorded():
        gate.move(fresh(stale), action, by=user)  # the faster one, on an instance of its own
    after = counts()
    with pytest.raises(ValidationError) as refusal, audit.recorded():
        gate.move(stale, action, by=user)
    assert (refusal.value.code, counts(), fresh(stale).status) == ("conflict", after, target)


def test_road_in_python_and_in_the_database_agree(bureau):
    """On a track without self-nomination the headquarters branches are ranked like everybody else."""
    rubric, campaign = factories.tiny_rubric("ROADS"), factories.CampaignFactory()
    tracks = [
        factories.tiny_track(campaign, rubric, code="R1"),
        factories.tiny_track(campaign, rubric, code="R2", self_nomination=False),
        factories.tiny_track(campaign, rubric, code="R3", mode=Track.Mode.ACCEPTANCE, recommend_max=None),
    ]
    for track in tracks:
        for branch in (bureau.a1, bureau.office1):
            factories.ApplicationFactory(branch=branch, track=track)
    roads = {
        road: set(Application.objects.on_road(road).values_list("track__code", "branch__code")) for road in states.Road
    }
    assert roads == {
        road: {(a.track.code, a.branch.code) for a in Application.objects.all() if a.road == road}
        for road in states.Road
    }
    assert {code for code, _ in roads[states.Road.NOMINATED]} == {"R1"}
    assert len(roads[states.Road.RANKED]) == 3
