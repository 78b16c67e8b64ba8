"""Publishing, signing, studying and urging: what each service writes, whom it tells, and what it refuses (S1-38, S1-41)."""

import datetime
import io

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from openpyxl import load_workbook

from branches.models import AuditEntry, Branch, Notice, RoleGrant
from branches.reminding import remind
from branches.roles import Role
from standards import coverage, coverage_sheet, obligations
from standards.deadlines import end_of
from standards.models import Acknowledgement, Campaign, Publication, Stage
from standards.services import campaigns, study
from standards.workbooks import layout
from tests import factories

ENOUGH = {
    "studied_on": datetime.date(2024, 1, 8), "officers_expected": 14, "officers_studied": 12, "officers_later": 2,
    "auxiliaries_expected": 9, "auxiliaries_studied": 7, "auxiliaries_later": 1, "how": "党员大会集中学习",
}  # fmt: skip
COUNTS = {name: number for name, number in ENOUGH.items() if isinstance(number, int)}


@pytest.fixture
def plan(tiny_track):
    return tiny_track.campaign.publications.get()


@pytest.fixture
def signed(plan, bureau, cast):
    return study.acknowledge(plan, bureau.a1, by=cast.secretary)


def codes(excinfo):
    return [error.code for error in excinfo.value.error_list]


def recipients(publication):
    about = f"publication:{publication.pk}"
    return sorted(Notice.objects.filter(kind="rubric.published", about=about).values_list("recipient__name", flat=True))


def holders(cast, *keys):
    return sorted(cast.everybody[key].name for key in keys)


# Publishing


def test_opening_a_campaign_publishes_its_plan(plan, tiny_track, cast):
    campaign = tiny_track.campaign
    mobilise = tiny_track.stages.get(kind="mobilise")
    assert (plan.number, plan.kind, plan.scope, plan.published_by) == (1, "plan", None, cast.campaign_admin)
    assert (plan.title, plan.due_on) == (f"{campaign}：创建方案与标准", mobilise.closes_on)
    assert plan.body == "请学习《试用创建活动实施方案》和《小标准》，了解创建工作的步骤、标准和要求。"
    assert recipients(plan) == holders(
        cast, "secretary", "clerk", "secretary_a2", "secretary_a3", "secretary_b1", "secretary_b2",
        "headquarters_secretary", "secretary_office2",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mobilise", "apply", "due"), [(3, 9, 3), (0, 9, 0), (-1, 9, 9), (None, 9, 9), (-2, -1, None)]
)  # fmt: skip
def test_study_is_due_with_the_mobilisation_else_with_the_application(tiny_track, mobilise, apply, due):
    for kind, day in (("mobilise", mobilise), ("apply", apply)):
        closes_on = None if day is None else factories.days(day)
        Stage.objects.filter(track=tiny_track, kind=kind).update(opens_on=None, closes_on=closes_on)
    assert study.study_by(tiny_track.campaign) == (None if due is None else factories.days(due))


def test_a_committee_publishes_to_its_own_branches_only(plan, bureau, cast):
    local = study.publish_to_branches(
        plan.campaign, kind="local", title="甲县本级方案", body="另加两项任务。", scope=bureau.county_a,
        by=cast.committee_head,
    )  # fmt: skip
    assert (local.number, recipients(local)) == (2, holders(cast, "secretary", "clerk", "secretary_a2", "secretary_a3"))
    entry = AuditEntry.objects.get(action="publication.publish", target=f"publication:{local.pk}")
    assert (entry.actor, entry.branch_id, entry.changes["branches"]) == (cast.committee_head, bureau.county_a.pk, 3)


def test_inactive_branches_and_people_are_not_told(plan, bureau, cast):
    Branch.objects.filter(pk=bureau.a2.pk).update(active=False)
    cast.secretary_a3.is_active = False
    cast.secretary_a3.save()
    change = study.publish_to_branches(
        plan.campaign, kind="change", title="标准修订", body="", scope=bureau.county_a, by=None
    )
    assert recipients(change) == holders(cast, "secretary", "clerk")


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_only_a_running_campaign_is_published(plan, status):
    Campaign.objects.filter(pk=plan.campaign_id).update(status=status)
    with pytest.raises(ValidationError) as refusal:
        study.publish_to_branches(plan.campaign, kind="change", title="标准修订", body="", by=None)
    assert (codes(refusal), Publication.objects.count()) == (["not_open"], 1)


def test_a_last_day_that_is_gone_is_refused(plan):
    with pytest.raises(ValidationError) as refusal:
        study.publish_to_branches(
            plan.campaign, kind="change", title="修订", body="", by=None, due_on=factories.days(-1)
        )
    assert codes(refusal) == ["past_due"]
    kept = study.publish_to_branches(
        plan.campaign, kind="change", title="修订", body="", by=None, due_on=factories.days(0)
    )
    assert kept.due_on == factories.days(0)


def test_a_refused_opening_publishes_nothing(tiny_rubric, cast):
    campaign = factories.CampaignFactory(code="BAD", approval_number="")
    factories.tiny_track(campaign, tiny_rubric)
    with pytest.raises(ValidationError):
        campaigns.open_campaign(campaign, by=cast.campaign_admin)
    assert Publication.objects.count() == 0


# Signing


def test_signing_notes_who_and_when(signed, cast, bureau):
    assert (signed.signed_by, signed.branch, signed.has_study) == (cast.secretary, bureau.a1, False)
    assert timezone.localdate(signed.signed_at) == timezone.localdate()
    assert AuditEntry.objects.filter(action="publication.sign", branch_id=bureau.a1.pk).count() == 1


def test_pressing_again_changes_nothing(signed, plan, bureau, cast):
    again = study.acknowledge(plan, bureau.a1, by=cast.clerk)
    assert (again.pk, again.signed_by, again.signed_at) == (signed.pk, cast.secretary, signed.signed_at)
    assert AuditEntry.objects.filter(action="publication.sign").count() == 1


@pytest.mark.parametrize(
    "key", ["secretary_a2", "secretary_b1", "committee_head", "campaign_admin", "inspector", "auditor", "outsider"]
)
def test_only_its_own_people_sign_for_a_branch(plan, bureau, cast, key):
    with pytest.raises(ValidationError) as refusal:
        study.acknowledge(plan, bureau.a1, by=cast.everybody[key])
    assert (codes(refusal), Acknowledgement.objects.count()) == (["not_allowed"], 0)


def test_another_committees_plan_is_not_ours_to_sign(plan, bureau, cast):
    local = study.publish_to_branches(
        plan.campaign, kind="local", title="乙县本级方案", body="", scope=bureau.county_b, by=cast.other_head
    )
    with pytest.raises(ValidationError) as refusal:
        study.acknowledge(local, bureau.a1, by=cast.secretary)
    assert codes(refusal) == ["not_addressed"]


def test_a_closed_campaign_takes_no_signature(plan, bureau, cast):
    campaigns.close_campaign(plan.campaign, by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        study.acknowledge(plan, bureau.a1, by=cast.secretary)
    assert codes(refusal) == ["closed"]


# Studying


def test_study_is_recorded_for_officers_and_auxiliaries_apart(signed, cast):
    study.record_study(signed, **ENOUGH, by=cast.clerk)
    found = Acknowledgement.objects.get(pk=signed.pk)
    assert {name: getattr(found, name) for name in ENOUGH} == ENOUGH
    assert (found.recorded_by, found.signed_by) == (cast.clerk, cast.secretary)


def test_those_who_make_up_for_it_are_added_later_and_both_are_in_the_log(signed, cast):
    study.record_study(signed, **ENOUGH, by=cast.clerk)
    study.record_study(signed, **ENOUGH | {"auxiliaries_later": 2}, by=cast.secretary)
    changes = AuditEntry.objects.filter(action="study.record").order_by("seq").values_list("changes", flat=True)
    assert changes[0]["auxiliaries_later"] == [0, 1]
    assert changes[1] == {"auxiliaries_later": [1, 2]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"officers_studied": 13}, ["officers"]),
        ({"officers_later": 3}, ["officers"]),
        ({"officers_expected": 13}, ["officers"]),
        ({"officers_studied": -1}, ["officers"]),
        ({"auxiliaries_studied": 9}, ["auxiliaries"]),
        ({"auxiliaries_later": -1}, ["auxiliaries"]),
        ({"officers_studied": 13, "auxiliaries_studied": 9}, ["officers", "auxiliaries"]),
        (dict.fromkeys(COUNTS, 0), ["nobody"]),
        ({"studied_on": datetime.date(2999, 1, 1)}, ["future"]),
    ],
)
def test_numbers_that_do_not_add_up_are_refused_all_at_once(signed, cast, change, code):
    with pytest.raises(ValidationError) as refusal:
        study.record_study(signed, **ENOUGH | change, by=cast.clerk)
    signed.refresh_from_db()
    assert (codes(refusal), signed.has_study) == (code, False)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"officers_later": 1},
        {"officers_expected": 0, "officers_studied": 0, "officers_later": 0},
        {"auxiliaries_expected": 0, "auxiliaries_studied": 0, "auxiliaries_later": 0},
        {"auxiliaries_later": 2},
    ],
)
def test_numbers_that_add_up_are_taken(signed, cast, change):
    assert study.record_study(signed, **ENOUGH | change, by=cast.clerk).has_study is True


def test_a_refusal_says_the_numbers(signed, cast):
    with pytest.raises(ValidationError) as refusal:
        study.record_study(signed, **ENOUGH | {"auxiliaries_studied": 9}, by=cast.clerk)
    assert refusal.value.messages == ["辅警实学9人、补学1人，合计10人，超过了应学9人；请核对人数。"]


def test_a_stale_page_overwrites_nothing(signed, cast):
    seen = signed.mark
    study.record_study(signed, **ENOUGH, by=cast.clerk, seen=seen)
    with pytest.raises(ValidationError) as refusal:
        study.record_study(signed, **ENOUGH | {"how": "送学"}, by=cast.secretary, seen=seen)
    signed.refresh_from_db()
    assert (codes(refusal), signed.how) == (["stale"], "党员大会集中学习")


@pytest.mark.parametrize("key", ["secretary_a2", "committee_clerk", "campaign_admin"])
def test_only_its_own_people_record_the_study(signed, cast, key):
    with pytest.raises(ValidationError) as refusal:
        study.record_study(signed, **ENOUGH, by=cast.everybody[key])
    assert codes(refusal) == ["not_allowed"]


def test_a_closed_campaign_takes_no_study(signed, plan, cast):
    campaigns.close_campaign(plan.campaign, by=cast.campaign_admin)
    with pytest.raises(ValidationError) as refusal:
        study.record_study(signed, **ENOUGH, by=cast.clerk)
    assert codes(refusal) == ["closed"]


@pytest.mark.parametrize("group", ["officers", "auxiliaries"])
def test_the_database_refuses_more_than_all(signed, cast, group):
    study.record_study(signed, **ENOUGH, by=cast.clerk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Acknowledgement.objects.filter(pk=signed.pk).update(**{f"{group}_studied": 15})


def test_the_database_keeps_one_signature_per_branch(signed, cast):
    with pytest.raises(IntegrityError), transaction.atomic():
        Acknowledgement.objects.create(publication=signed.publication, branch=signed.branch, signed_by=cast.clerk)


# Urging


def urged(plan):
    found = Notice.objects.filter(kind=study.MANUAL, about__startswith=f"publication:{plan.pk}:")
    return sorted(found.values_list("recipient__name", flat=True))


def test_urging_reaches_those_who_owe_once_a_day(plan, bureau, cast):
    done = study.acknowledge(plan, bureau.a2, by=cast.secretary_a2)
    study.record_study(done, **ENOUGH, by=cast.secretary_a2)
    study.acknowledge(plan, bureau.a3, by=cast.secretary_a3)
    branches = [bureau.a1, bureau.a2, bureau.a3]
    assert study.remind_study(plan, branches, by=cast.committee_head) == 2
    assert urged(plan) == holders(cast, "secretary", "clerk", "secretary_a3")
    titles = Notice.objects.filter(kind=study.MANUAL, recipient__in=[cast.clerk, cast.secretary_a3])
    assert sorted(titles.values_list("title", flat=True)) == [
        f"请抓紧登记学习情况：{plan.title}", f"请抓紧签收：{plan.title}",
    ]  # fmt: skip
    with pytest.raises(ValidationError) as refusal:
        study.remind_study(plan, branches, by=cast.committee_clerk)
    assert (codes(refusal), len(urged(plan))) == (["nobody"], 3)
    assert AuditEntry.objects.filter(action="study.remind").count() == 2


def test_a_branch_without_people_is_passed_over(plan, bureau, cast):
    RoleGrant.objects.filter(branch=bureau.b2).delete()
    with pytest.raises(ValidationError) as refusal:
        study.remind_study(plan, [bureau.b2], by=cast.other_head)
    assert codes(refusal) == ["nobody"]


@pytest.mark.parametrize("number", [1, 3])
def test_urging_asks_the_same_queries_for_any_number(plan, bureau, cast, number, django_assert_num_queries):
    branches = [bureau.a1, bureau.a2, bureau.a3][:number]
    with django_assert_num_queries(13):
        study.remind_study(plan, branches, by=cast.committee_head)


# What is owed


def owed(user=None):
    return [(todo.kind, todo.branch.code, todo.title) for todo in obligations.owed(user)]


def test_a_branch_owes_the_signature_then_the_study_then_nothing(plan, bureau, cast):
    assert owed(cast.secretary) == owed(cast.clerk) == [("sign", "A-1", f"签收：{plan.title}")]
    signed = study.acknowledge(plan, bureau.a1, by=cast.clerk)
    assert owed(cast.secretary) == [("study", "A-1", f"组织学习并登记：{plan.title}")]
    study.record_study(signed, **ENOUGH, by=cast.clerk)
    assert owed(cast.secretary) == []
    assert len(owed()) == 6


def test_what_is_owed_has_the_deadline_and_leads_to_the_page(plan, bureau, cast):
    (todo,) = obligations.owed(cast.secretary)
    assert (todo.due, todo.url) == (end_of(plan.due_on), f"/campaigns/study/{plan.pk}/")
    study.acknowledge(plan, bureau.a1, by=cast.secretary)
    (todo,) = obligations.owed(cast.secretary)
    assert todo.url == f"/campaigns/study/{plan.pk}/record/?branch={bureau.a1.pk}"


def test_nobody_else_owes_it(plan, cast):
    owing = {key for key, user in cast.everybody.items() if owed(user)}
    assert owing == {
        "secretary", "clerk", "secretary_a2", "secretary_a3", "secretary_b1", "secretary_b2", "headquarters_secretary",
        "secretary_office2",
    }  # fmt: skip


def test_a_branch_and_a_secretary_that_come_later_owe_it_too(plan, bureau):
    late = factories.BranchFactory(parent=bureau.county_a, code="A-9", short_name="甲县新设所")
    newcomer = factories.UserFactory(unit=late)
    RoleGrant.objects.create(user=newcomer, role=Role.SECRETARY, branch=late)
    assert owed(newcomer) == [("sign", "A-9", f"签收：{plan.title}")]


def test_a_closed_campaign_is_owed_nothing(plan, cast):
    campaigns.close_campaign(plan.campaign, by=cast.campaign_admin)
    assert owed() == []


def test_another_countys_plan_is_not_owed(plan, bureau, cast):
    study.publish_to_branches(
        plan.campaign, kind="local", title="乙县本级方案", body="", scope=bureau.county_b, by=cast.other_head
    )
    assert [len(owed(user)) for user in (cast.secretary, cast.secretary_b1)] == [1, 2]


def test_a_committees_plan_published_again_is_owed_once_and_revisions_each(plan, bureau, cast):
    for kind, title, scope in (
        ("local", "甲县第一版", bureau.county_a), ("local", "甲县第二版", bureau.county_a),
        ("change", "第一次修订", None), ("change", "第二次修订", None),
    ):  # fmt: skip
        study.publish_to_branches(plan.campaign, kind=kind, title=title, body="", scope=scope, by=None)
    titles = [title for _, _, title in owed(cast.secretary)]
    assert titles == [f"签收：{plan.title}", "签收：甲县第二版", "签收：第一次修订", "签收：第二次修订"]


@pytest.mark.parametrize(("days", "written"), [(7, 8), (4, 0), (3, 8), (0, 8), (-1, 8), (-2, 0)])
def test_reminders_go_out_by_the_usual_calendar(plan, days, written):
    Publication.objects.update(due_on=factories.days(days))
    for _ in range(2):
        remind(obligations.owed())
    assert Notice.objects.filter(kind="remind.sign").count() == written


@pytest.mark.parametrize("number", [1, 3])
def test_owed_asks_the_same_queries_for_any_number(plan, bureau, cast, number, django_assert_num_queries):
    for count in range(number - 1):
        study.publish_to_branches(plan.campaign, kind="change", title=f"修订{count}", body="", by=None)
    assert cast.secretary.roles
    with django_assert_num_queries(3):
        assert len(list(obligations.owed())) == 7 * number
    with django_assert_num_queries(3):
        assert len(list(obligations.owed(cast.secretary))) == number
    with django_assert_num_queries(1):  # the grants; somebody without a branch owes nothing
        assert list(obligations.owed(cast.campaign_admin)) == []


# Coverage


@pytest.fixture
def some(plan, bureau, cast):
    """a1 studied with one 辅警 missing, a2 studied by all, a3 signed only, b1 signed only, the rest nothing."""
    first = study.acknowledge(plan, bureau.a1, by=cast.secretary)
    study.record_study(first, **ENOUGH, by=cast.clerk)
    second = study.acknowledge(plan, bureau.a2, by=cast.secretary_a2)
    study.record_study(second, **ENOUGH | {"auxiliaries_later": 2}, by=cast.secretary_a2)
    study.acknowledge(plan, bureau.a3, by=cast.secretary_a3)
    study.acknowledge(plan, bureau.b1, by=cast.secretary_b1)
    return plan


def test_the_total_counts_the_register_where_nothing_is_recorded(some, cast):
    # Every branch of the cast has 14 民警 and 9 辅警 on its register.
    total = coverage.tally(coverage.overseen(cast.committee_head, some))
    assert (total.branches, total.signed, total.studied, total.unsigned, total.unstudied) == (3, 3, 2, 0, 1)
    assert (total.officers, total.auxiliaries) == (coverage.Group(42, 24, 4), coverage.Group(27, 14, 3))
    assert (total.officers.percent, total.auxiliaries.percent, total.auxiliaries.missing) == (66, 62, 10)
    assert (total.officers_short, total.auxiliaries_short) == (0, 1)


def test_the_city_sees_every_county(some, cast, bureau):
    branches = coverage.overseen(cast.campaign_admin, some)
    lines = coverage.by_county(branches, coverage.counties_of(cast.campaign_admin))
    assert [(line.name, line.branches, line.signed, line.studied) for line in lines] == [
        ("市局机关", 2, 0, 0), ("甲县分局", 3, 3, 2), ("乙县分局", 2, 1, 0),
    ]  # fmt: skip
    total = coverage.tally(branches)
    assert (total.branches, total.officers.expected) == (7, 98)
    assert sum(line.auxiliaries.covered for line in lines) == total.auxiliaries.covered == 17


def test_a_register_that_grew_does_not_change_what_was_recorded(some, cast, bureau):
    Branch.objects.filter(pk=bureau.a1.pk).update(officers=99)
    assert coverage.tally(coverage.overseen(cast.committee_head, some)).officers.expected == 42


@pytest.mark.parametrize(
    ("filters", "codes"),
    [
        ({}, ["A-1", "A-2", "A-3", "B-1", "B-2", "JG-1", "JG-2"]),
        ({"state": "unsigned"}, ["B-2", "JG-1", "JG-2"]),
        ({"state": "unstudied"}, ["A-3", "B-1"]),
        ({"state": "auxiliaries"}, ["A-1"]),
        ({"state": "officers"}, []),
        ({"state": "nonsense"}, ["A-1", "A-2", "A-3", "B-1", "B-2", "JG-1", "JG-2"]),
        ({"q": "城关"}, ["A-1", "B-1"]),
        ({"q": "城关", "state": "unstudied"}, ["B-1"]),
    ],
)
def test_filters(some, cast, filters, codes):
    found = coverage.narrowed(coverage.overseen(cast.campaign_admin, some), **filters)
    assert sorted(found.values_list("code", flat=True)) == codes


def test_a_filter_by_county(some, cast, bureau):
    found = coverage.narrowed(coverage.overseen(cast.campaign_admin, some), county=bureau.county_b.path)
    assert list(found.values_list("code", flat=True)) == ["B-1", "B-2"]


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("committee_clerk", ["A-1", "A-2", "A-3"]),
        ("other_head", ["B-1", "B-2"]),
        ("secretary", []),
        ("inspector", []),
        ("outsider", []),
    ],
)
def test_a_committee_sees_its_own_branches_only(some, cast, key, codes):
    found = coverage.overseen(cast.everybody[key], some)
    assert list(found.values_list("code", flat=True)) == codes


def test_signatures_of_another_publication_do_not_count(some, cast):
    change = study.publish_to_branches(some.campaign, kind="change", title="修订", body="", by=None)
    total = coverage.tally(coverage.overseen(cast.campaign_admin, change))
    assert (total.branches, total.signed, total.officers) == (7, 0, coverage.Group(98, 0, 0))


@pytest.mark.parametrize(
    ("group", "percent"), [((0, 0, 0), None), ((3, 2, 0), 66), ((200, 198, 1), 99), ((5, 4, 1), 100)]
)
def test_only_everybody_is_a_hundred_per_cent(group, percent):
    assert coverage.Group(*group).percent == percent


# Who reads publications


def test_visible_to_agrees_with_the_tree(some, bureau, cast):
    local = study.publish_to_branches(
        some.campaign, kind="local", title="乙县本级方案", body="", scope=bureau.county_b, by=cast.other_head
    )
    seeing = {key for key, user in cast.everybody.items() if local in Publication.objects.visible_to(user)}
    assert seeing == {"secretary_b1", "secretary_b2", "other_head", "campaign_admin", "inspector", "inspector2"}
    assert {key for key, user in cast.everybody.items() if some not in Publication.objects.visible_to(user)} == set()


def test_concerns_the_branches_in_scope(some, bureau, cast):
    local = study.publish_to_branches(
        some.campaign, kind="local", title="乙县", body="", scope=bureau.county_b, by=None
    )
    branches = (bureau.a1, bureau.b1, bureau.office1, bureau.county_b)
    assert [some.concerns(branch) for branch in branches] == [True, True, True, False]
    assert [local.concerns(branch) for branch in branches] == [False, True, False, False]


# The workbook


def test_the_workbook_has_real_types_a_frozen_header_and_no_formula(some, cast, bureau):
    Acknowledgement.objects.filter(branch=bureau.a1).update(how="=HYPERLINK(1)")
    Branch.objects.filter(pk=bureau.a2.pk).update(name="+甲县东关所党支部")
    branches = coverage.overseen(cast.committee_head, some)
    rows = coverage.rows(branches, some, coverage.counties_of(cast.committee_head))
    data = coverage_sheet.workbook(some, rows, coverage.tally(branches)).read()
    sheet, notes = load_workbook(io.BytesIO(data)).worksheets
    header, first, second, third, total = list(sheet.values)
    assert header[:7] == ("所属党委", "党支部", "编码", "签收人", "签收时间", "学习日期", "民警应学")
    assert first[:4] == ("甲县分局", "甲县城关所党支部", "A-1", cast.secretary.name)
    assert first[5:16] == (datetime.datetime(2024, 1, 8), 14, 12, 2, 0, 1, 9, 7, 1, 1, pytest.approx(8 / 9))
    assert (second[1], first[16]) == ("+甲县东关所党支部", "=HYPERLINK(1)")
    assert third[5:16] == (None,) * 11
    assert (total[0], total[6:10], total[11:15]) == ("合计", (42, 24, 4, 14), (27, 14, 3, 10))
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)} == {"s"}
    assert (sheet.freeze_panes, sheet.auto_filter.ref, notes["B1"].value) == ("C2", "A1:S4", some.title)
    assert sheet["E2"].value == timezone.localtime(Acknowledgement.objects.get(branch=bureau.a1).signed_at).replace(
        tzinfo=None, second=0, microsecond=0
    )


def test_a_letter_no_workbook_holds_does_not_keep_the_list_from_being_exported(some, cast, bureau):
    Acknowledgement.objects.filter(branch=bureau.a1).update(how="集中\x0b学习")
    branches = coverage.overseen(cast.committee_head, some)
    rows = coverage.rows(branches, some, coverage.counties_of(cast.committee_head))
    data = coverage_sheet.workbook(some, rows, coverage.tally(branches)).read()
    assert layout.unspell(load_workbook(io.BytesIO(data)).worksheets[0]["Q2"].value) == "集中\x0b学习"


def test_an_empty_workbook_is_a_header_and_a_total(some):
    data = coverage_sheet.workbook(some, [], coverage.Tally()).read()
    assert [row[0] for row in load_workbook(io.BytesIO(data)).worksheets[0].values] == ["所属党委", "合计"]
