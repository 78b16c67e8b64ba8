import datetime

from django.utils import timezone

from branches import jobs
from branches.models import Job

State = Job.State


def make(cast, target="snapshot:1"):
    return jobs.enqueue("applications.tasks.render", target, by=cast.clerk)


def let_the_lease_run_out(job):
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - datetime.timedelta(seconds=1))


def state(job):
    job.refresh_from_db()
    return job.state


def test_enqueue_twice_is_one_job(cast):
    assert make(cast) == make(cast)
    assert make(cast, "snapshot:2") != make(cast)


def test_enqueue_again_after_the_end(cast):
    first = make(cast)
    jobs.finish(jobs.claim(first.pk))
    assert make(cast) != first


def test_claim_has_one_winner(cast):
    job = make(cast)
    assert jobs.claim(job.pk).state == State.RUNNING
    assert jobs.claim(job.pk) is None


def test_finish_keeps_the_error(cast):
    job = make(cast)
    jobs.finish(jobs.claim(job.pk), error="字体缺失")
    assert (state(job), job.error, job.lease_until) == (State.FAILED, "字体缺失", None)


def test_expired_leaves_a_living_lease_alone(cast):
    job = make(cast)
    jobs.claim(job.pk)
    assert (jobs.expired(), state(job)) == ([], State.RUNNING)


def test_expired_queues_again_what_a_dead_worker_left(cast):
    job = make(cast)
    jobs.claim(job.pk)
    let_the_lease_run_out(job)
    later = timezone.now() + datetime.timedelta(minutes=1)
    assert jobs.expired(later) == [job]
    assert (state(job), job.attempts) == (State.QUEUED, 1)


def test_expired_gives_up_after_three_attempts(cast):
    job = make(cast)
    seen = []
    for _ in range(jobs.MAX_ATTEMPTS):
        jobs.claim(job.pk)
        let_the_lease_run_out(job)
        jobs.expired()
        seen.append(state(job))
    assert (seen, jobs.MAX_ATTEMPTS) == ([State.QUEUED, State.QUEUED, State.FAILED], 3)
    assert (jobs.claim(job.pk), bool(job.error)) == (None, True)


def test_finish_a_late_failure_does_not_undo_what_another_worker_did(cast):
    late = jobs.claim(make(cast).pk)
    let_the_lease_run_out(late)
    jobs.expired()
    jobs.finish(jobs.claim(late.pk))
    jobs.finish(late, error="超时")
    assert (state(late), late.error) == (State.DONE, "")
