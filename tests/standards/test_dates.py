import datetime

import pytest
from django.core.exceptions import ValidationError

from branches.models import AuditEntry, Notice
from standards.models import Campaign, Stage
from standards.services.dates import change_stage_dates, dates_mark
from tests.factories import days


@pytest.fixture
def stage(tiny_track):
    return tiny_track.stages.get(kind="apply")


def refused(stage, **given):
    given = {"opens_on": stage.opens_on, "closes_on": stage.closes_on, "reason": "汛情", **given}
    with pytest.raises(ValidationError) as caught:
        change_stage_dates(stage, **given)
    return [error.code for error in caught.value.error_list]


def test_change_stage_dates_is_on_record_and_told(stage, cast):
    change_stage_dates(stage, opens_on=stage.opens_on, closes_on=days(4), reason="汛情", by=cast.campaign_admin)
    stage.refresh_from_db()
    assert stage.closes_on == days(4)
    (entry,) = AuditEntry.objects.filter(action="stage.dates")
    assert entry.changes == {
        "opens_on": [days(-10).isoformat()] * 2, "closes_on": [days(5).isoformat(), days(4).isoformat()], "reason": "汛情",
    }  # fmt: skip
    told = Notice.objects.filter(kind="stage.dates")
    assert {"secretary", "clerk", "committee_head", "other_head"} <= {n.recipient.name.split("·")[1] for n in told}
    assert told.filter(recipient=cast.expert).count() == 0
    assert "原因：汛情" in told.first().body


def test_change_stage_dates_keeps_the_order_of_the_stages(stage, cast):
    assert refused(stage, closes_on=days(9), by=cast.campaign_admin) == ["order"] * 3
    stage.refresh_from_db()
    assert stage.closes_on == days(5)


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, "unchanged"), ({"closes_on": None}, "no_closing"), ({"closes_on": datetime.date(2000, 1, 1)}, "before"),
     ({"closes_on": datetime.date(2099, 1, 1), "seen": "1/2"}, "stale")],
)  # fmt: skip
def test_change_stage_dates_refusals(stage, cast, change, code):
    assert refused(stage, by=cast.campaign_admin, **change) == [code]
    assert Notice.objects.filter(kind="stage.dates").count() == 0


def test_change_stage_dates_of_a_draft_is_refused(stage, cast):
    Campaign.objects.update(status="draft")
    assert refused(stage, closes_on=days(4), by=cast.campaign_admin) == ["not_open"]


def test_page_moves_the_dates_and_keeps_what_was_typed(client_of, cast, stage):
    url = f"/campaigns/stages/{stage.pk}/dates/"
    admin = client_of(cast.campaign_admin)
    given = {"opens_on": stage.opens_on, "closes_on": days(4), "mark": dates_mark(stage)}
    answer = admin.post(url, given)
    form = answer.context["form"]
    assert (list(form.errors), form["closes_on"].value()) == (["reason"], str(days(4)))
    assert admin.post(url, given | {"reason": "汛情"})["Location"] == stage.track.campaign.get_absolute_url()
    assert Stage.objects.get(pk=stage.pk).closes_on == days(4)
