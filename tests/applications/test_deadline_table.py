"""Every write that depends on a stage: taken one second before the deadline, refused at it and after it.

The table names the action of the gate or the service, the kind of its stage, and whose extension counts for it.
"""

import datetime

import pytest
import time_machine
from django.core.exceptions import ValidationError

from applications.models import Application
from applications.services import checking, extending, gate, preparing, recommending, submitting
from applications.states import TABLE
from branches import audit
from standards.deadlines import end_of
from standards.models import Stage, Track
from standards.services import campaigns
from tests import factories
from tests.road import fresh

SECOND = datetime.timedelta(seconds=1)
MOMENTS = [(-SECOND, True), (0 * SECOND, False), (SECOND, False)]
# What stands in the table of transitions with a stage: nothing may be added there without a row here.
STAGE_OF = {
    "submit": "apply", "reopen": "apply", "recommend": "recommend", "nominate": "nominate", "forward": "forward",
}  # fmt: skip
SOURCE = {
    "submit": "preparing", "reopen": "withdrawn", "recommend": "checked", "nominate": "checked", "forward": "checked",
}  # fmt: skip
WHO = {"submit": "secretary", "reopen": "secretary"}


@pytest.fixture
def by_action(tiny_application, tiny_rubric, tiny_track, bureau, cast):
    """Branch a1's application on the road of each action."""
    campaign = factories.CampaignFactory(code="ACC", status="open")
    accepting = factories.tiny_track(campaign, tiny_rubric, mode=Track.Mode.ACCEPTANCE)
    forwarded = factories.ApplicationFactory(branch=bureau.a1, track=accepting)
    bureau.a2.nominates_itself = True
    bureau.a2.save()
    nominated = Application.objects.get(track=tiny_track, branch=bureau.a2)
    found = dict.fromkeys(STAGE_OF, tiny_application) | {"forward": forwarded, "nominate": nominated}

    def make(action):
        application = found[action]
        Application.objects.filter(pk=application.pk).update(status=SOURCE[action])
        return fresh(application)

    return make


def refusal_of(act) -> str:
    """The code of the refusal, "" when the act is done; in its own transaction, undone by the caller's test."""
    try:
        act()
    except ValidationError as refusal:
        return refusal.code or refusal.error_list[0].code
    return ""


def test_the_rows_are_those_of_the_table():
    assert {action: line.stage for action, line in TABLE.items() if line.stage} == STAGE_OF


@pytest.mark.parametrize("action", STAGE_OF)
@pytest.mark.parametrize("given_to", ["nobody", "branch", "committee", "other"])
@pytest.mark.parametrize(("shift", "taken"), MOMENTS, ids=["before", "at", "after"])
def test_the_gate_closes_at_the_deadline(by_action, bureau, cast, action, given_to, shift, taken):
    application = by_action(action)
    stage = application.stage(STAGE_OF[action])
    holder = {"branch": application.branch, "committee": bureau.county_a, "other": bureau.b1}.get(given_to)
    if holder:
        campaigns.extend_stage(stage, holder, until=factories.days(8), reason="汛期", by=cast.campaign_admin)
    closing = end_of(factories.days(8 if given_to in ("branch", "committee") else 5))
    application = fresh(application)
    user = cast.everybody[WHO.get(action, "committee_head")]
    with time_machine.travel(closing + shift, tick=False):
        offered = {line.action for line in gate.actions_for(application, user)}

        def move():
            with audit.recorded():
                gate.move(application, action, by=user)

        assert (refusal_of(move), action in offered) == ("" if taken else "closed", taken)


def ranking_of(application, bureau):
    return recommending.list_for(application.track, bureau.county_a)


# service: stage, the status the application stands in, what is called
SERVICES = {
    "submit_application": (
        "apply", "preparing", lambda a, b, c: submitting.submit_application(a, by=c.secretary)
    ),
    "reopen_application": (
        "apply", "withdrawn", lambda a, b, c: submitting.reopen_application(a, by=c.secretary)
    ),
    "join_track": (
        "apply", "preparing", lambda a, b, c: preparing.join_track(fresh(a).track, b.a1, by=c.secretary)
    ),
    "save_ranking": (
        "recommend",
        "checked",
        lambda a, b, c: recommending.save_ranking(
            ranking_of(a, b), [a], reasons={}, version=0, by=c.committee_clerk
        ),
    ),
    "confirm_ranking": (
        "recommend",
        "checked",
        lambda a, b, c: recommending.confirm_ranking(ranking_of(a, b), version=1, by=c.committee_head),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SERVICES)
@pytest.mark.parametrize("extended", [False, True], ids=["plain", "extended"])
@pytest.mark.parametrize(("shift", "taken"), MOMENTS, ids=["before", "at", "after"])
def test_the_services_close_at_the_deadline(tiny_application, bureau, cast, road, name, extended, shift, taken):
    kind, status, call = SERVICES[name]
    application = tiny_application
    if name == "submit_application":
        application = road.fill(application)
    Application.objects.filter(pk=application.pk).update(status=status)
    if name == "confirm_ranking":
        SERVICES["save_ranking"][2](fresh(application), bureau, cast)
    stage = application.stage(kind)
    if extended:
        owner = extending.stage_owner(application.branch, stage)
        campaigns.extend_stage(stage, owner, until=factories.days(8), reason="汛期", by=cast.campaign_admin)
    with time_machine.travel(end_of(factories.days(8 if extended else 5)) + shift, tick=False):
        code = refusal_of(lambda: call(fresh(application), bureau, cast))
    assert code == ("" if taken else "closed")


@pytest.mark.parametrize(
    ("shift", "due_on", "code"), [(-SECOND, None, ""), (0 * SECOND, None, "no_due_date"), (0 * SECOND, 9, "")]
)
def test_returning_after_the_deadline_needs_a_new_one(tiny_application, cast, shift, due_on, code):
    Application.objects.filter(pk=tiny_application.pk).update(status="submitted")
    due = due_on and factories.days(due_on)
    with time_machine.travel(end_of(factories.days(5)) + shift, tick=False):
        found = refusal_of(
            lambda: checking.return_application(
                fresh(tiny_application), reason="补材料", due_on=due, by=cast.committee_head
            )
        )
    assert found == code
    if due:
        (extension,) = Stage.objects.get(track=tiny_application.track, kind="apply").extensions.all()
        assert (extension.until, extension.branch, extension.granted_by) == (
            due, tiny_application.branch, cast.committee_head,
        )  # fmt: skip


@pytest.mark.parametrize(("shift", "enrolled"), [(-SECOND, 7), (0 * SECOND, 0)])
def test_nobody_is_enrolled_once_the_stage_has_closed(tiny_track, cast, shift, enrolled):
    Application.objects.filter(track=tiny_track).delete()
    with time_machine.travel(end_of(factories.days(5)) + shift, tick=False):
        assert preparing.enrol(tiny_track, by=None) == enrolled


def test_drafts_can_be_written_at_any_time(tiny_application, cast, road):
    """What is only noted down is bound by no date: it counts when it is submitted, and that is."""
    with time_machine.travel(end_of(factories.days(5)) + SECOND, tick=False):
        application = road.fill(tiny_application)
        assert application.self_complete is True
        assert refusal_of(lambda: submitting.submit_application(application, by=cast.secretary)) == "closed"


def test_the_office_may_open_the_door_again_after_the_deadline(tiny_application, cast, road):
    application = road.fill(tiny_application)
    stage = application.stage("apply")
    with time_machine.travel(end_of(factories.days(5)) + SECOND, tick=False):
        extending.extend_for(application, stage, until=factories.days(8), reason="汛期", by=cast.campaign_admin)
        assert submitting.submit_application(fresh(application), by=cast.secretary).number == 1


@pytest.mark.parametrize("until", [5, 4])
def test_an_extension_must_give_more_time(tiny_application, cast, until):
    stage = tiny_application.stage("apply")
    with pytest.raises(ValidationError) as refusal:
        campaigns.extend_stage(
            stage, tiny_application.branch, until=factories.days(until), reason="汛期", by=cast.campaign_admin
        )
    assert refusal.value.code == "not_later"
