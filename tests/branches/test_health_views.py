import pytest
from django.core.exceptions import ValidationError

from branches import health, jobs, ledger
from branches.models import AuditEntry, Branch, Delivery, Heartbeat, Job, Notice, User
from branches.tasks import beat_heart
from tests.factories import days


def failed(owner, number=1):
    for turn in range(number):
        job = jobs.enqueue("applications.tasks.render_form", str(turn), by=owner)
        jobs.finish(jobs.claim(job.pk), error="字体缺失。")
    return Job.objects.filter(state="failed")


@pytest.fixture
def sent(monkeypatch):
    """Tasks handed to a worker, which these tests have none of."""
    found = []
    monkeypatch.setattr("celery.current_app.send_task", lambda *what: found.append(what))
    return found


def test_the_page_says_what_is_wrong(client_of, cast):
    failed(cast.clerk)
    Heartbeat.objects.create(
        name="task:reviews.tasks.remind", failed_at="2026-01-05T00:00:00Z", error="ValueError：坏了"
    )
    text = client_of(cast.system_admin).get("/health/").content.decode()
    assert "字体缺失。" in text and "ValueError：坏了" in text and "定时任务没有在运行" in text
    assert client_of(cast.security_admin).get("/health/").status_code == 403


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_asks_the_same_queries_for_any_number(client_of, cast, number, django_assert_num_queries):
    failed(cast.clerk, number)
    client = client_of(cast.system_admin)
    client.get("/health/")
    # session, user, grants; database, beat, failed jobs, clock's table twice, outbox twice; count, rows; unread
    with django_assert_num_queries(13):
        client.get("/health/")


def test_a_failed_job_is_done_again_once(client_of, cast, sent, django_capture_on_commit_callbacks):
    (job,) = failed(cast.clerk)
    client = client_of(cast.system_admin)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/health/jobs/{job.pk}/retry/")
    job.refresh_from_db()
    assert (job.state, job.error, sent) == ("queued", "", [(job.task, [job.pk])])
    answer = client.post(f"/health/jobs/{job.pk}/retry/", follow=True)
    assert "已经重做" in answer.content.decode()
    assert AuditEntry.objects.filter(action="job.retry").count() == 1


def test_a_job_is_not_done_twice_at_once(client_of, cast, sent):
    (job,) = failed(cast.clerk)
    jobs.enqueue(job.task, job.target, by=cast.clerk)
    answer = client_of(cast.system_admin).post(f"/health/jobs/{job.pk}/retry/", follow=True)
    assert "无需重做" in answer.content.decode()


def test_a_scheduled_task_is_started_by_hand(client_of, cast, sent):
    client = client_of(cast.system_admin)
    client.post("/health/run/", {"task": "reviews.tasks.remind"})
    client.post("/health/run/", {"task": "os.system"})
    assert sent == [("reviews.tasks.remind",)]
    assert AuditEntry.objects.filter(action="task.run").count() == 1


def test_a_task_notes_how_it_went(db):
    beat_heart.on_success(None, "1", (), {})
    line = next(each for each in health.schedule() if each.task == "branches.tasks.beat_heart")
    assert (line.failing, line.late) == (False, False)
    beat_heart.on_failure(ValueError("坏了"), "2", (), {}, None)
    line = next(each for each in health.schedule() if each.task == "branches.tasks.beat_heart")
    assert (line.failing, line.error) == (True, "ValueError：坏了")


def test_healthz_counts_queue_jobs_and_outbox(client, cast):
    failed(cast.clerk)
    notice = Notice.objects.create(recipient=cast.clerk, kind="stage.dates", about="x", due_on=days(0), title="x")
    Delivery.objects.create(notice=notice, channel="mail", state="doubt")
    Delivery.objects.create(notice=notice, channel="sms")
    report = client.get("/healthz").json()
    assert (report["queue_depth"], report["failed_jobs"], report["failing_tasks"]) == (0, 1, [])
    outbox = {name: report["outbox"][name] for name in ("waiting", "failed", "doubt")}
    assert outbox == {"waiting": 1, "failed": 0, "doubt": 1}


# One's own settings, the term of office


def test_the_pace_of_ones_notices(client_of, cast):
    client = client_of(cast.clerk)
    assert client.get("/notices/settings/").context["channels"] == ["邮件"]
    assert client.post("/notices/settings/", {"pace": "never"}).status_code == 200
    assert client.post("/notices/settings/", {"pace": "daily"})["Location"] == "/notices/"
    assert User.objects.get(pk=cast.clerk.pk).notice_pace == "daily"


def test_the_new_term_ends_the_reminders_and_tells_the_committee(client_of, cast, bureau):
    client, url = client_of(cast.clerk), f"/branches/{bureau.a1.pk}/term/"
    Branch.objects.filter(pk=bureau.a1.pk).update(term_ends_on=days(20))
    for ends, said in ((days(0), "须晚于"), (days(20), "须晚于"), ("", "必填")):
        assert said in client.post(url, {"ends_on": ends, "basis": "市公党〔2026〕8号"}).content.decode()
    assert client.post(url, {"ends_on": days(1000), "basis": "市公党〔2026〕8号"})["Location"] == "/"
    assert Branch.objects.get(pk=bureau.a1.pk).term_ends_on == days(1000)
    told = Notice.objects.filter(kind="branch.term").values_list("recipient", flat=True)
    assert set(told) == {cast.committee_clerk.pk, cast.committee_head.pk}
    assert AuditEntry.objects.get(action="branch.term").changes["term_ends_on"] == [str(days(20)), str(days(1000))]


def test_the_term_is_entered_by_the_branch_alone(client_of, cast, bureau):
    url = f"/branches/{bureau.a1.pk}/term/"
    codes = [client_of(user).get(url).status_code for user in (cast.committee_head, cast.secretary_b1, cast.outsider)]
    assert codes == [403, 404, 404]
    with pytest.raises(ValidationError) as refusal:
        ledger.renew_term(bureau.a1, ends_on=days(1000), basis="x", by=cast.committee_head)
    assert refusal.value.code == "not_allowed"
