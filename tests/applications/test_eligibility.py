import datetime

import pytest

from applications import completeness, eligibility, progress
from applications.models import Application, Evidence
from applications.services import planning
from branches.models import Branch
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


def test_the_table_stands_on_the_campaign_page_and_on_the_check_desk(tiny_application, client_of, cast):
    problems(tiny_application, {"min_members": 99})
    page = client_of(cast.secretary).get(tiny_application.get_absolute_url()).content.decode()
    assert ("不少于99名" in page, "更正登记" in page) == (True, False)
    Application.objects.filter(pk=tiny_application.pk).update(status="submitted", submissions=1)
    page = client_of(cast.committee_clerk).get(f"/applications/{tiny_application.pk}/check/").content.decode()
    assert ("不少于99名" in page, f"{LIST}branches/{tiny_application.branch_id}/" in page) == (True, True)
