"""The tasks of the stages: meetings with who came and their minutes, summaries with their text."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from applications.models import Evidence, TaskRecord
from applications.services import evidence as evidence_services
from standards.models import StageTask
from tests.uploads import PDF, uploaded


def url(name, application, *more):
    return reverse(f"applications:{name}", args=[application.pk, *more])


@pytest.fixture
def meeting(application):
    return next(task for task in application.tasks if task.kind == "members_meeting")


def record(**changed):
    today = timezone.localdate().isoformat()
    return {
        "held_on": today, "place": "活动室", "host": "支部书记A", "expected": "12", "present": "11",
        "auxiliaries_expected": "9", "auxiliaries_present": "5", "body": "学习标准\r\n部署创建", "minutes": "", **changed,
    }  # fmt: skip


def test_task_records_a_meeting(client_of, cast, application, meeting):
    answer = client_of(cast.clerk).post(url("task", application, meeting.pk), record())
    saved = TaskRecord.objects.get()
    assert (answer.status_code, saved.present, saved.body) == (302, 11, "学习标准\n部署创建")


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"present": "13"}, "present", "too_many_present"),
        ({"held_on": (timezone.localdate() + datetime.timedelta(days=2)).isoformat()}, "held_on", "future"),
        ({"host": ""}, "host", "required"), ({"expected": ""}, "expected", "required"), ({"body": ""}, "body", "required"),
        ({"expected": "-1"}, "expected", "min_value"), ({"auxiliaries_present": "10"}, "auxiliaries_present", "too_many_present"),
    ],
)  # fmt: skip
def test_task_says_what_is_wrong_and_keeps_the_rest(client_of, cast, application, meeting, changed, field, code):
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(**changed))
    errors = page.context["form"].errors.as_data()
    assert {name: [error.code for error in found] for name, found in errors.items()} == {field: [code]}
    assert (page.context["form"]["place"].value(), TaskRecord.objects.count()) == ("活动室", 0)


def test_task_file_survives_another_mistake(client_of, cast, application, meeting):
    data = record(present="13", upload=uploaded("会议记录.pdf", PDF))
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), data)
    evidence = Evidence.objects.get()
    assert page.context["form"]["minutes"].value() == str(evidence.pk)
    client_of(cast.clerk).post(url("task", application, meeting.pk), record(minutes=evidence.pk))
    assert TaskRecord.objects.get().minutes == evidence


def test_task_refuses_a_bad_file_by_the_field(client_of, cast, application, meeting):
    page = client_of(cast.clerk).post(
        url("task", application, meeting.pk), record(upload=uploaded("会议记录.pdf", b"MZ"))
    )
    assert list(page.context["form"].errors) == ["upload"]
    assert (TaskRecord.objects.count(), Evidence.objects.count()) == (0, 0)


def test_task_takes_minutes_of_the_own_branch_only(client_of, cast, application, meeting, applications):
    foreign = evidence_services.store_evidence(
        applications["A-2"].branch, by=cast.secretary_a2, name="别家.pdf", content_type="application/pdf",
        sha256="c" * 64, size=1, file=uploaded("别家.pdf", PDF),
    )  # fmt: skip
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(minutes=foreign.pk))
    assert list(page.context["form"].errors) == ["minutes"]


def test_task_on_a_stale_page_overwrites_nothing(client_of, cast, application, meeting):
    client_of(cast.secretary).post(url("task", application, meeting.pk), record(mark=""))
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(mark="", host="支委B"))
    assert [error.code for error in page.context["form"].non_field_errors().as_data()] == ["stale"]
    assert TaskRecord.objects.get().host == "支部书记A"


def test_task_of_another_track_is_404(client_of, cast, application, s1_application):
    other = s1_application.tasks[1]
    assert client_of(cast.clerk).get(url("task", application, other.pk)).status_code == 404


def test_task_is_closed_after_submission(client_of, cast, application, meeting, road):
    road.to(application, "submitted")
    page = client_of(cast.clerk).get(url("task", application, meeting.pk))
    assert page.context["editable"] is False
    page = client_of(cast.clerk).post(url("task", application, meeting.pk), record(host="改了"))
    assert [error.code for error in page.context["form"].non_field_errors().as_data()] == ["conflict"]


def test_summary_asks_for_its_text_only(client_of, cast, s1_application):
    summary = next((task for task in s1_application.tasks if task.kind == "summary"), None)
    page = client_of(cast.clerk).get(url("task", s1_application, summary.pk))
    assert list(page.context["form"].fields) == ["held_on", "body", "minutes", "upload"]


def test_a_new_record_begins_with_what_the_register_knows(client_of, cast, application, meeting):
    form = client_of(cast.clerk).get(url("task", application, meeting.pk)).context["form"]
    assert (form["expected"].value(), form["auxiliaries_expected"].value()) == (12, 9)


def test_auxiliaries_are_counted_apart(client_of, cast, application, meeting):
    client_of(cast.clerk).post(url("task", application, meeting.pk), record())
    saved = TaskRecord.objects.get()
    assert (saved.auxiliaries_expected, saved.auxiliaries_present, str(saved.attendance)) == (9, 5, "91.6")
    page = client_of(cast.committee_clerk).get(url("task", application, meeting.pk)).content.decode()
    assert ("91.6%" in page, "9 / 5" in page) == (True, True)


def test_an_overdue_task_says_by_how_many_days(client_of, cast, application, meeting):
    today = timezone.localdate()
    meeting.stage.closes_on = today - datetime.timedelta(days=4)
    meeting.stage.opens_on = today - datetime.timedelta(days=9)
    meeting.stage.save()
    target = url("task", application, meeting.pk)
    assert "已逾期4天" in client_of(cast.clerk).get(target).content.decode()
    client_of(cast.clerk).post(target, record())
    assert "已逾期" not in client_of(cast.clerk).get(target).content.decode()


def test_s1_asks_for_both_meetings_and_s2_for_one(application, s1_application):
    meetings = [StageTask.Kind.COMMITTEE_MEETING, StageTask.Kind.MEMBERS_MEETING]
    asked = [[task.kind for task in each.tasks if task.is_meeting] for each in (s1_application, application)]
    assert asked == [meetings, meetings[1:]]
