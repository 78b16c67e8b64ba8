import datetime
import time
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from branches.models import Branch
from standards import deadlines
from standards.models import Stage
from standards.services import campaigns as services

SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND = datetime.timedelta(seconds=1)


def at(text):
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def day(text):
    return datetime.date.fromisoformat(text)


@pytest.fixture
def stage(strongest):
    """推荐, 2023-04-01 to 2023-04-30."""
    return strongest.stages.get(kind=Stage.Kind.RECOMMEND)


@pytest.fixture
def neighbour(branch):
    return Branch.objects.add_root(
        create_kwargs={"name": "城西派出所党支部", "short_name": "城西所", "code": "B-2", "kind": Branch.Kind.BRANCH}
    )


@pytest.mark.parametrize(("shift", "is_open"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)])
def test_stage_closes_with_the_end_of_its_last_day(stage, shift, is_open):
    closing = deadlines.deadline_for(stage)
    assert closing == at("2023-05-01T00:00:00")
    assert deadlines.is_open(stage, now=closing + shift) is is_open


@pytest.mark.parametrize(("shift", "is_open"), [(-SECOND, False), (0 * SECOND, True), (SECOND, True)])
def test_stage_opens_with_the_start_of_its_first_day(stage, shift, is_open):
    assert deadlines.is_open(stage, now=at("2023-04-01T00:00:00") + shift) is is_open


def test_day_is_the_day_in_shanghai(stage):
    utc = datetime.UTC
    assert deadlines.is_open(stage, now=datetime.datetime(2023, 4, 30, 15, 59, 59, tzinfo=utc)) is True
    assert deadlines.is_open(stage, now=datetime.datetime(2023, 4, 30, 16, 0, 0, tzinfo=utc)) is False


@pytest.mark.parametrize(("shift", "is_open"), [(-SECOND, True), (0 * SECOND, False)])
def test_last_day_of_the_year_belongs_to_the_year(strongest, shift, is_open):
    naming = strongest.stages.get(kind=Stage.Kind.NAME)
    assert deadlines.deadline_for(naming) == at("2024-01-01T00:00:00")
    assert deadlines.is_open(naming, now=at("2024-01-01T00:00:00") + shift) is is_open


def test_extension_moves_the_deadline_of_one_branch_only(stage, branch, neighbour, admin):
    services.extend_stage(stage, branch, until=day("2023-05-05"), reason="抗洪抢险", by=admin)
    assert deadlines.deadline_for(stage, branch) == at("2023-05-06T00:00:00")
    assert deadlines.deadline_for(stage, neighbour) == at("2023-05-01T00:00:00")
    assert deadlines.deadline_for(stage) == at("2023-05-01T00:00:00")
    for shift, is_open in ((-SECOND, True), (0 * SECOND, False), (SECOND, False)):
        assert deadlines.is_open(stage, branch, at("2023-05-06T00:00:00") + shift) is is_open
    assert deadlines.is_open(stage, neighbour, at("2023-05-02T08:00:00")) is False


def test_extension_never_shortens_a_stage_that_was_prolonged_later(stage, branch, admin):
    services.extend_stage(stage, branch, until=day("2023-05-05"), reason="抗洪抢险", by=admin)
    Stage.objects.filter(pk=stage.pk).update(closes_on=day("2023-05-31"))
    stage.refresh_from_db()
    assert deadlines.deadline_for(stage, branch) == at("2023-06-01T00:00:00")


def test_extension_does_not_open_a_stage_early(stage, branch, admin):
    services.extend_stage(stage, branch, until=day("2023-05-05"), reason="抗洪抢险", by=admin)
    assert deadlines.is_open(stage, branch, at("2023-03-31T23:59:59")) is False


def test_stage_without_dates_or_no_stage_sets_no_limit(s1):
    build = s1.tracks.get(code="T1-2020").stages.get(kind=Stage.Kind.BUILD)
    assert deadlines.deadline_for(build) is None
    assert deadlines.is_open(build, now=at("2026-01-01T00:00:00")) is True
    assert deadlines.is_open(build, now=at("2020-06-22T23:59:59")) is False
    assert deadlines.deadline_for(None) is None
    assert deadlines.is_open(None) is True


def test_sentence_names_the_day_that_counts(stage, branch, admin):
    assert deadlines.why_closed(stage, now=at("2023-03-31T12:00:00")) == "“排序推荐”2023年04月01日开始，请届时办理。"
    assert deadlines.why_closed(stage, now=at("2023-04-15T12:00:00")) == ""
    assert deadlines.why_closed(stage, now=at("2023-05-01T00:00:00")) == (
        "“排序推荐”已于2023年04月30日24时截止；确需办理请联系上级党组织申请延期。"
    )
    services.extend_stage(stage, branch, until=day("2023-05-05"), reason="抗洪抢险", by=admin)
    assert deadlines.why_closed(stage, branch, at("2023-05-05T23:59:59")) == ""
    assert deadlines.why_closed(stage, branch, at("2023-05-06T00:00:00")) == (
        "“排序推荐”已于2023年05月05日24时截止；确需办理请联系上级党组织申请延期。"
    )


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        ("2023-02-01T00:00:00", "mobilise"),
        ("2023-03-31T23:59:59", "mobilise"),
        ("2023-04-01T00:00:00", "apply"),
        ("2023-04-21T00:00:00", "check"),
        ("2023-04-27T00:00:00", "recommend"),
        ("2023-05-01T00:00:00", "build"),
        ("2023-11-01T00:00:00", "onsite"),
        ("2023-12-16T00:00:00", "publish"),
        ("2023-12-31T23:59:59", "onsite"),
        ("2024-01-01T00:00:00", "name"),
    ],
)
def test_current_stage_is_the_one_that_closes_next(strongest, now, kind):
    assert deadlines.current_stage(strongest, at(now)).kind == kind


def test_extensions_are_read_from_what_was_prefetched(stage, branch, admin, django_assert_num_queries):
    services.extend_stage(stage, branch, until=day("2023-05-05"), reason="抗洪抢险", by=admin)
    stages = list(Stage.objects.filter(track=stage.track).prefetch_related("extensions"))
    with django_assert_num_queries(0):
        assert [deadlines.deadline_for(s, branch) for s in stages if s == stage] == [at("2023-05-06T00:00:00")]


# Clocks other than Shanghai's, and odd days


@pytest.mark.parametrize("machine", ["UTC", "America/New_York", "Asia/Tokyo", "Pacific/Kiritimati"])
def test_the_machine_and_the_request_may_go_by_any_clock(stage, monkeypatch, machine):
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        with timezone.override(machine):
            closing = deadlines.deadline_for(stage)
            assert closing == at("2023-05-01T00:00:00")
            local = closing.astimezone(ZoneInfo(machine))
            assert [deadlines.is_open(stage, now=local + shift) for shift in (-SECOND, 0 * SECOND)] == [True, False]
            assert deadlines.why_closed(stage, now=local).startswith("“排序推荐”已于2023年04月30日24时截止")
            assert deadlines.current_stage(stage.track, local).kind == "build"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_moment_without_a_zone_is_an_error_not_a_guess(stage):
    with pytest.raises(TypeError):
        deadlines.is_open(stage, now=datetime.datetime(2023, 4, 30, 23, 59, 59))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("closes_on", "closing"),
    [
        ("2028-02-28", "2028-02-29T00:00:00"),
        ("2028-02-29", "2028-03-01T00:00:00"),
        ("2027-02-28", "2027-03-01T00:00:00"),
        ("2026-12-31", "2027-01-01T00:00:00"),
        ("2027-01-01", "2027-01-02T00:00:00"),
    ],
)
@pytest.mark.parametrize(("shift", "is_open"), [(-SECOND, True), (0 * SECOND, False), (SECOND, False)])
def test_leap_day_and_year_end(stage, closes_on, closing, shift, is_open):
    stage.closes_on = day(closes_on)
    assert deadlines.deadline_for(stage) == at(closing)
    assert deadlines.is_open(stage, now=at(closing) + shift) is is_open


def test_a_committees_extension_covers_its_branches_and_the_longest_counts(strongest, bureau, cast):
    stage = strongest.stages.get(kind=Stage.Kind.RECOMMEND)
    for branch, until in ((bureau.county_a, "2023-05-03"), (bureau.a1, "2023-05-05"), (bureau.city, "2023-05-02")):
        services.extend_stage(stage, branch, until=day(until), reason="汛期", by=cast.campaign_admin)
    ends = {key: deadlines.last_day(stage, getattr(bureau, key)) for key in ("a1", "a2", "county_a", "b1", "county_b")}
    assert ends == {
        "a1": day("2023-05-05"), "a2": day("2023-05-03"), "county_a": day("2023-05-03"), "b1": day("2023-05-02"),
        "county_b": day("2023-05-02"),
    }  # fmt: skip


def test_a_stage_whose_closing_date_was_taken_away_has_no_deadline(stage, branch, admin):
    services.extend_stage(stage, branch, until=day("2023-05-05"), reason="抗洪抢险", by=admin)
    stage.closes_on = None
    assert (deadlines.deadline_for(stage, branch), deadlines.is_over(stage, branch)) == (None, False)


def test_over_is_not_the_opposite_of_open(stage):
    before = at("2023-03-31T23:59:59")
    assert (deadlines.is_open(stage, now=before), deadlines.is_over(stage, now=before)) == (False, False)
    assert deadlines.is_over(None) is False
