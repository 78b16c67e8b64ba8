import datetime
from zoneinfo import ZoneInfo

import pytest

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
