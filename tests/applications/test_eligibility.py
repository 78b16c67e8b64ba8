import datetime

import pytest
from django.core.exceptions import ValidationError

from applications import completeness, eligibility, progress
from applications.models import Application, Assessment, Evidence
from applications.services import correcting, inspecting, planning
from branches.models import AuditEntry, Branch, Notice
from standards.models import StageTask, Track
from tests.factories import days


def problems(application, track=None, branch=None):
    """What is said when the track asks this of a branch that is that."""
    Track.objects.filter(pk=application.track_id).update(**track or {})
    Branch.objects.filter(pk=application.branch_id).update(**branch or {})
    fresh = Application.objects.for_work().get(pk=application.pk)
    return eligibility.problems(fresh.track, fresh.branch)


def test_a_branch_that_meets_everything(tiny_application):
    asked = {"solid_required": True, "min_members": 13, "min_years": 20, "eligible_lines": ["派出所", "刑侦"]}
    assert problems(tiny_application, asked) == []


@pytest.mark.parametrize(
    ("track", "branch", "begins"),
    [
        ({"solid_required": True}, {"solid_grade": ""}, "本支部尚未登记“过硬支部”达标等次"),
        ({"min_members": 14}, {}, "本支部登记党员13名，少于要求的14名"),
        ({"min_years": 2}, {"founded_on": None}, "本支部没有登记成立时间，无法核对是否成立满2年"),
        ({"eligible_lines": ["刑侦", "交警"]}, {}, "本轨道只限刑侦、交警的支部申报，本支部登记警种为“派出所”"),
        ({"eligible_lines": ["刑侦"]}, {"line": ""}, "本轨道只限刑侦的支部申报，本支部没有登记警种"),
    ],
)
def test_what_is_not_met_is_said_with_the_way_out(tiny_application, track, branch, begins):
    (text,) = problems(tiny_application, track, branch)
    assert text.startswith(begins)
    assert "请联系党委经办人" in text


def test_years_are_counted_to_the_last_day_of_applying(tiny_application):
    last = days(5)
    founded = last.replace(year=last.year - 3)
    assert problems(tiny_application, {"min_years": 3}, {"founded_on": founded}) == []
    (text,) = problems(tiny_application, {}, {"founded_on": founded + datetime.timedelta(days=1)})
    assert f"到{last:%Y年%m月%d日}不满3年" in text


def test_leap_day_has_its_anniversary():
    assert eligibility.anniversary(datetime.date(2024, 2, 29), 1) == datetime.date(2025, 2, 28)
    assert eligibility.anniversary(datetime.date(2024, 2, 29), 4) == datetime.date(2028, 2, 29)


def test_what_is_not_met_keeps_from_submitting_and_stands_on_the_page(tiny_application, client_of, cast):
    (text,) = problems(tiny_application, {"min_members": 99})
    fresh = Application.objects.for_work().get(pk=tiny_application.pk)
    assert text in completeness.missing_for_submit(fresh)
    page = client_of(cast.secretary).get(fresh.get_absolute_url())
    assert (page.context["ineligible"], "党员不少于99名" in page.content.decode()) == ([text], True)


# Proof and attendance of a task


def recorded(application, cast, *, demands, **fields):
    """The gaps that a task with these demands leaves once it was recorded so."""
    task = StageTask.objects.get(stage__track=application.track, kind="members_meeting")
    StageTask.objects.filter(pk=task.pk).update(**demands)
    planning.record_task(application, task, by=cast.clerk, held_on=days(0), body="内容", **fields)
    fresh = Application.objects.for_work().get(pk=application.pk)
    step = next(step for step in progress.Progress(fresh).steps if step.title == "党员大会")
    return [gap.text for gap in completeness.gaps(fresh) if gap.page == "task"], step.done


@pytest.mark.parametrize(("present", "enough"), [(8, True), (7, False)])
def test_attendance_is_judged_to_the_man(tiny_application, cast, present, enough):
    gaps, done = recorded(tiny_application, cast, demands={"min_attendance": 80}, expected=10, present=present)
    short = f"“党员大会”应到10人、实到{present}人，到会率不到80%；请补开会议后更新登记。"
    assert (gaps, done) == ([] if enough else [short], enough)


def test_a_required_proof_must_be_attached(tiny_application, cast):
    demands = {"proof": "会议照片", "proof_required": True}
    gaps, done = recorded(tiny_application, cast, demands=demands, expected=10, present=10)
    assert (gaps, done) == (["“党员大会”须附会议照片，请在登记页上传或选择。"], False)
    evidence = Evidence.objects.create(
        branch=tiny_application.branch, sha256="0" * 64, name="a.pdf", content_type="application/pdf", size=1,
        uploaded_by=cast.clerk, file="a.pdf",
    )  # fmt: skip
    assert recorded(tiny_application, cast, demands=demands, expected=10, present=10, minutes=evidence) == ([], True)


def test_an_optional_proof_is_only_offered(tiny_application, cast, client_of):
    gaps, done = recorded(tiny_application, cast, demands={"proof": "会议照片"}, expected=10, present=10)
    assert (gaps, done) == ([], True)
    task = StageTask.objects.get(stage__track=tiny_application.track, kind="members_meeting")
    page = client_of(cast.clerk).get(f"/applications/{tiny_application.pk}/tasks/{task.pk}/").content.decode()
    assert "可附会议照片" in page
    assert "上传会议照片" in page


def test_what_a_recorded_task_still_wants_is_said_on_its_page_and_at_home(tiny_application, cast, client_of):
    recorded(tiny_application, cast, demands={"min_attendance": 80}, expected=10, present=7)
    task = StageTask.objects.get(stage__track=tiny_application.track, kind="members_meeting")
    clerk = client_of(cast.clerk)
    assert "到会率不到80%" in clerk.get(f"/applications/{tiny_application.pk}/tasks/{task.pk}/").content.decode()
    assert "登记党员大会" in clerk.get("/").content.decode()


# The table of conditions


def table(application, track=None, branch=None):
    Track.objects.filter(pk=application.track_id).update(**track or {})
    Branch.objects.filter(pk=application.branch_id).update(**branch or {})
    fresh = Application.objects.for_work().get(pk=application.pk)
    return eligibility.conditions(fresh.track, fresh.branch)


ASKED = {"solid_required": True, "min_members": 14, "min_years": 20, "eligible_lines": ["派出所"]}


def test_the_table_names_what_is_asked_and_what_is_on_record(tiny_application):
    rows = [(each.name, each.required, each.actual, each.label) for each in table(tiny_application, ASKED)]
    assert rows == [
        ("过硬支部", "已认定达标", "达标、党组〔2026〕2号", "符合"),
        ("党员人数", "不少于14名", "13名（含预备）", "不符合"),
        ("成立时间", "满20年", "2001年07月01日成立", "符合"),
        ("警种", "限派出所", "派出所", "符合"),
        ("按期换届", "在届期内", "2028年07月01日届满", "符合"),
    ]


@pytest.mark.parametrize(("ends", "says"), [(days(-1), "已于"), (None, "没有登记届满日期")])
def test_an_overdue_term_warns_and_does_not_shut_out(tiny_application, ends, says):
    (term,) = table(tiny_application, branch={"term_ends_on": ends})
    assert (term.met, term.label, says in term.problem) == (None, "请留意", True)
    assert problems(tiny_application) == []


def test_an_open_veto_never_shows_in_the_table(tiny_application, cast):
    before = table(tiny_application, ASKED)
    inspecting.propose_veto(tiny_application, basis="反映待查。", by=cast.inspector)
    assert table(tiny_application) == before


# The committee's list, and what it corrects

LIST = "/applications/eligibility/"


def facts(branch, **changes):
    fields = ("solid_grade", "solid_basis", "full_members", "probationary_members", "officers", "auxiliaries",
              "founded_on", "term_ends_on", "line")  # fmt: skip
    return {name: getattr(branch, name) for name in fields} | changes


@pytest.mark.parametrize(("low", "rows"), [(14, 3), (13, 0)])
def test_the_committee_sees_who_does_not_qualify(
    tiny_track, client_of, cast, low, rows, django_assert_num_queries
):  # fmt: skip
    Track.objects.filter(pk=tiny_track.pk).update(min_members=low)
    client = client_of(cast.committee_clerk)
    client.get(LIST)
    with django_assert_num_queries(9):
        context = client.get(LIST).context
    assert (context["total"], context["failing"], len(context["page_obj"])) == (3, rows, rows)
    assert len(client.get(f"{LIST}?show=all").context["page_obj"]) == 3
    assert client_of(cast.secretary).get(LIST).status_code == 403


def test_the_committee_corrects_what_is_on_record(tiny_track, bureau, client_of, cast):
    client, address = client_of(cast.committee_clerk), f"{LIST}branches/{bureau.a1.pk}/"
    assert client.post(address, facts(bureau.a1, full_members=20, term_ends_on="2030-01-01")).url == LIST
    branch = Branch.objects.get(pk=bureau.a1.pk)
    assert (branch.full_members, branch.term_ends_on) == (20, datetime.date(2030, 1, 1))
    entry = AuditEntry.objects.get(action="branch.correct")
    assert entry.changes == {"full_members": [12, 20], "term_ends_on": ["2028-07-01", "2030-01-01"]}
    told = set(Notice.objects.filter(kind="application.corrected").values_list("recipient", flat=True))
    assert told == {cast.secretary.pk, cast.clerk.pk}
    client.post(address, facts(branch))
    assert AuditEntry.objects.filter(action="branch.correct").count() == 1


def test_a_grade_needs_its_document(bureau, client_of, cast, tiny_track):
    client, address = client_of(cast.committee_clerk), f"{LIST}branches/{bureau.a1.pk}/"
    page = client.post(address, facts(bureau.a1, solid_basis=""))
    assert (page.status_code, page.context["form"].has_error("solid_basis", "no_basis")) == (422, True)


def test_the_line_stays_once_answers_go_by_it(tiny_application, bureau, cast, client_of):
    assert correcting.correct_branch(bureau.a1, line="刑侦", by=cast.committee_clerk).line == "刑侦"
    leaf = tiny_application.track.rubric.leaves_for("")[0]
    Assessment.objects.create(application=tiny_application, criterion=leaf, answer={"points": "1"}, points=1)
    with pytest.raises(ValidationError) as refusal:
        correcting.correct_branch(bureau.a1, line="交警", by=cast.committee_clerk)
    assert refusal.value.code == "line_in_use"
    client_of(cast.committee_clerk).post(f"{LIST}branches/{bureau.a1.pk}/", facts(bureau.a1, line="交警"))
    assert Branch.objects.get(pk=bureau.a1.pk).line == "刑侦"


def test_only_its_own_committee_corrects(bureau, client_of, cast, tiny_track):
    address = f"{LIST}branches/{bureau.a1.pk}/"
    assert client_of(cast.other_head).get(address).status_code == 404
    assert client_of(cast.campaign_admin).get(address).status_code == 403


def test_the_table_stands_on_the_campaign_page_and_on_the_check_desk(tiny_application, client_of, cast):
    problems(tiny_application, {"min_members": 99})
    page = client_of(cast.secretary).get(tiny_application.get_absolute_url()).content.decode()
    assert ("不少于99名" in page, "更正登记" in page) == (True, False)
    Application.objects.filter(pk=tiny_application.pk).update(status="submitted", submissions=1)
    page = client_of(cast.committee_clerk).get(f"/applications/{tiny_application.pk}/check/").content.decode()
    assert ("不少于99名" in page, f"{LIST}branches/{tiny_application.branch_id}/" in page) == (True, True)
