import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from applications import completeness
from applications.models import Application
from applications.services import planning
from branches.models import AuditEntry, Notice
from standards.models import Campaign, LocalPlan, Publication, StageTask
from standards.services import local_plans
from tests.factories import days
from tests.uploads import PDF


@pytest.fixture
def campaign(tiny_track):
    return Campaign.objects.get(pk=tiny_track.campaign_id)


@pytest.fixture
def url(campaign, bureau):
    return f"/campaigns/{campaign.pk}/local/{bureau.county_a.pk}/"


@pytest.fixture
def plan(campaign, bureau, cast):
    saved = local_plans.save_local_plan(
        campaign, bureau.county_a, title="甲县方案", body="每月上报一次", by=cast.committee_clerk
    )
    return local_plans.publish_local_plan(saved, by=cast.committee_head)


@pytest.fixture
def task(plan, tiny_track, cast):
    """甲县 asks its branches for a meeting with minutes at which four fifths are present."""
    add(plan, cast, stage=tiny_track.stages.get(kind="mobilise"))
    return StageTask.objects.get(organiser=plan.organiser)


def row(**given):
    return {"pk": None, "kind": "members_meeting", "name": "本级推进会", "proof": "会议记录", "proof_required": True,
            "min_attendance": 80, **given}  # fmt: skip


def add(plan, cast, **given):
    return local_plans.save_local_tasks(plan, [row(**given)], by=cast.committee_head)


def refused(call, *args, **kwargs):
    with pytest.raises(ValidationError) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_save_keeps_it_to_the_committee_until_it_is_published(client_of, cast, url, campaign, bureau):
    clerk, secretary = client_of(cast.committee_clerk), client_of(cast.secretary)
    data = {"title": "甲县方案", "body": "每月上报一次", "version": "0", "save": "1"}
    assert clerk.post(url, data | {"upload": SimpleUploadedFile("甲县.pdf", PDF)})["Location"] == url
    saved = LocalPlan.objects.get()
    assert (saved.title, saved.version, saved.file_name, saved.published_at) == ("甲县方案", 1, "甲县.pdf", None)
    assert secretary.get(url).status_code == 404
    clerk.post(url, data | {"version": "1", "publish": "1"})
    assert secretary.get(url).context["writes"] is False
    assert b"".join(secretary.get(f"{url}file/").streaming_content) == PDF
    assert [p.title for p in secretary.get(campaign.get_absolute_url()).context["plans"]] == ["甲县方案"]
    other = client_of(cast.secretary_b1)
    assert (other.get(url).status_code, other.get(f"{url}file/").status_code) == (404, 404)
    assert list(other.get(campaign.get_absolute_url()).context["plans"]) == []


def test_publishing_asks_the_branches_below_to_sign(plan, cast):
    publication = Publication.objects.get(kind="local")
    assert (publication.title, publication.scope) == ("甲县方案", plan.organiser)
    told = set(Notice.objects.filter(about=f"publication:{publication.pk}").values_list("recipient", flat=True))
    assert told == {p.pk for p in (cast.secretary, cast.clerk, cast.secretary_a2, cast.secretary_a3)}
    assert [e.action for e in AuditEntry.objects.filter(action__startswith="local_plan").order_by("seq")] == [
        "local_plan.save", "local_plan.publish",
    ]  # fmt: skip


def test_publishing_an_empty_plan_is_refused_and_keeps_what_was_typed(client_of, cast, url):
    answer = client_of(cast.committee_head).post(
        url, {"title": "甲县方案", "body": " ", "version": "0", "publish": "1"}
    )
    form = answer.context["form"]
    assert (answer.status_code, form["title"].value()) == (200, "甲县方案")
    assert "还没有内容" in form.non_field_errors()[0]
    assert LocalPlan.objects.count() == 0


def test_two_people_do_not_overwrite_each_other(client_of, cast, url, plan):
    head = client_of(cast.committee_head)
    head.post(url, {"title": "甲改的", "body": "甲", "version": "1"})
    answer = head.post(url, {"title": "乙改的", "body": "乙", "version": "1"})
    assert (answer.context["form"]["title"].value(), answer.context["version"]) == ("乙改的", 2)
    unnamed = head.post(url, {"title": "", "body": "乙", "version": "1"})
    assert unnamed.context["version"] == "1"
    plan.refresh_from_db()
    assert (plan.title, plan.version) == ("甲改的", 2)


@pytest.mark.parametrize("who", ["secretary", "other_head", "campaign_admin", "expert"])
def test_nobody_else_writes_it(client_of, cast, url, plan, who):
    code = client_of(getattr(cast, who)).post(url, {"title": "改", "body": "改", "version": "1"}).status_code
    assert code == {"secretary": 403, "campaign_admin": 403}.get(who, 404)
    plan.refresh_from_db()
    assert plan.title == "甲县方案"


@pytest.mark.parametrize("status", ["draft", "closed"])
def test_only_a_running_campaign_has_local_plans(campaign, bureau, cast, status):
    Campaign.objects.update(status=status)
    given = {"title": "甲", "body": "", "by": cast.committee_head}
    assert refused(local_plans.save_local_plan, campaign, bureau.county_a, **given) == "not_open"


# Tasks of a committee


def test_a_task_needs_a_published_plan(campaign, bureau, cast, tiny_track):
    plan = local_plans.save_local_plan(campaign, bureau.county_a, title="甲", body="", by=cast.committee_head)
    assert refused(add, plan, cast, stage=tiny_track.stages.first()) == "not_published"


def tasks_of(branch):
    application = Application.objects.for_work().get(branch=branch)
    return [task.name for task in application.tasks], [gap.text for gap in completeness.gaps(application)]


def test_a_task_is_asked_of_the_committee_s_own_branches_only(task, bureau, cast, client_of):
    asked, gaps = tasks_of(bureau.a1)
    assert asked == ["创建活动计划", "党员大会", "本级推进会"]
    assert "“本级推进会”尚未登记。" in gaps
    asked, gaps = tasks_of(bureau.b1)
    assert (asked, [gap for gap in gaps if "本级" in gap]) == (["创建活动计划", "党员大会"], [])
    stranger = Application.objects.get(branch=bureau.b1)
    assert client_of(cast.secretary_b1).get(f"/applications/{stranger.pk}/tasks/{task.pk}/").status_code == 404
    given = {"held_on": days(0), "body": "内容", "by": cast.secretary_b1}
    assert refused(planning.record_task, stranger, task, **given) == "foreign_task"


def test_a_task_is_on_the_branch_s_list_and_its_home_page(task, bureau, cast, client_of):
    own = Application.objects.get(branch=bureau.a1)
    secretary = client_of(cast.secretary)
    titles = [step.title for step in secretary.get(own.get_absolute_url()).context["progress"].steps]
    assert titles[:3] == ["创建活动计划", "党员大会", "本级推进会（甲县分局要求）"]
    assert "登记本级推进会" in secretary.get("/").content.decode()
    assert "登记本级推进会" not in client_of(cast.secretary_b1).get("/").content.decode()
    assert Notice.objects.filter(kind="campaign.local_tasks", recipient=cast.secretary).count() == 1
    assert Notice.objects.filter(kind="campaign.local_tasks", recipient=cast.secretary_b1).count() == 0


def test_what_is_added_later_on_the_same_day_is_told_too(task, plan, cast, tiny_track):
    stage = tiny_track.stages.get(kind="mobilise")
    rows = [row(pk=task.pk, stage=stage, min_attendance=90), row(name="专题研讨", stage=stage)]
    local_plans.save_local_tasks(plan, rows, by=cast.committee_head)
    told = Notice.objects.filter(kind="campaign.local_tasks", recipient=cast.secretary).order_by("pk")
    titles = [each.title.split("：")[1] for each in told]
    assert titles == ["本级推进会", "专题研讨"]
    entry = AuditEntry.objects.filter(action="local_plan.tasks").order_by("-seq").first()
    assert entry.changes == {
        "added": ["专题研讨"], "changed": {"本级推进会": {"min_attendance": [80, 90]}}, "removed": []
    }  # fmt: skip


def test_a_task_is_a_column_for_the_committee_alone(task, cast, client_of, tiny_track):
    def columns(user):
        page = client_of(user).get(f"/applications/progress/?track={tiny_track.pk}")
        return [column.label for column in page.context["columns"] if column.task]

    assert columns(cast.committee_head) == ["计划报备", "党员大会", "本级推进会"]
    assert columns(cast.campaign_admin) == columns(cast.other_head) == ["计划报备", "党员大会"]


def test_a_task_that_was_recorded_is_not_removed(task, plan, bureau, cast):
    own = Application.objects.for_work().get(branch=bureau.a1)
    planning.record_task(own, task, by=cast.clerk, held_on=days(0), body="内容", expected=10, present=9)
    assert refused(local_plans.save_local_tasks, plan, [], by=cast.committee_head) == "in_use"
    assert StageTask.objects.filter(pk=task.pk).exists()


def test_tasks_page_adds_changes_and_removes(client_of, cast, url, plan, tiny_track):
    head, stage = client_of(cast.committee_head), tiny_track.stages.get(kind="apply")
    mark = head.get(url).context["mark"]
    data = {"tasks-TOTAL_FORMS": "1", "tasks-INITIAL_FORMS": "0", "tasks-0-stage": stage.pk, "tasks-0-kind": "other",
            "tasks-0-name": "典型材料", "tasks-0-ORDER": "1", "mark": mark}  # fmt: skip
    assert head.post(f"{url}tasks/", data)["Location"] == url
    task = StageTask.objects.get(organiser=plan.organiser)
    assert (task.name, task.stage, task.demands) == ("典型材料", stage, "")
    stale = head.post(f"{url}tasks/", data | {"tasks-0-name": "另一项"})
    assert (stale.status_code, "由他人保存过" in stale.context["refusals"][0]) == (200, True)
    data |= {"tasks-INITIAL_FORMS": "1", "tasks-0-pk": task.pk, "mark": head.get(url).context["mark"]}
    head.post(f"{url}tasks/", data | {"tasks-0-DELETE": "on"})
    assert StageTask.objects.filter(organiser=plan.organiser).count() == 0


@pytest.mark.parametrize("rows", [1, 3])
def test_campaign_page_query_count_with_local_plans(client_of, cast, campaign, bureau, rows, django_assert_num_queries):
    for committee in (bureau.county_a, bureau.county_b, bureau.headquarters)[:rows]:
        saved = local_plans.save_local_plan(campaign, committee, title="本级", body="要求", by=cast.committee_head)
        local_plans.publish_local_plan(saved, by=cast.committee_head)
    admin = client_of(cast.campaign_admin)
    admin.get(campaign.get_absolute_url())
    with django_assert_num_queries(14):
        found = admin.get(campaign.get_absolute_url()).context["plans"]
    assert len(found) == rows
