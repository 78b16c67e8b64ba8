"""The last five seconds before a deadline: two hundred branches save and submit at once, over HTTP, on PostgreSQL.

The server's clock is put five seconds before midnight and moves with the work done, past it: so as many come too late
on a fast machine as on a slow one, and every request is judged by the instant at which it was read.
"""

import datetime
import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest
from django.db import close_old_connections, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from applications.models import Application, Assessment, PlanItem, Snapshot, TaskRecord
from applications.services import preparing
from applications.states import Status
from branches import audit
from branches.models import AuditEntry, Branch, Notice
from branches.roles import Role
from standards.deadlines import deadline_for
from standards.models import Track
from tests import factories
from tests.conftest import BACKEND

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: SQLite has one writer at a time"),
    pytest.mark.xdist_group("races"),
]

BRANCHES = 200
SAVES = 2  # by each branch, before it presses the button
WORKERS = 24
FETCH = {"X-Requested-With": "fetch"}


class Clock:
    """Stands ten minutes before the deadline until it is started; then 5 s before it, and 6 s further with the work."""

    def __init__(self, deadline: datetime.datetime, requests: int) -> None:
        self.deadline, self.requests, self.done, self.started = deadline, requests, 0, False
        self.lock = threading.Lock()

    def __call__(self) -> datetime.datetime:
        if not self.started:
            return self.deadline - datetime.timedelta(minutes=10)
        return self.deadline + datetime.timedelta(seconds=-5 + 6 * self.done / self.requests)

    def tick(self) -> None:
        with self.lock:
            self.done += 1


def crowd(track: Track, county: Branch) -> list[Client]:
    """So many branches below the county, each with its secretary logged in and everything filled in."""
    branches = [
        factories.BranchFactory(parent=county, line="派出所", solid_grade="达标", full_members=9)
        for _ in range(BRANCHES)
    ]
    preparing.enrol(track, by=None)
    applications = {each.branch_id: each for each in Application.objects.filter(track=track)}
    clients = []
    for branch in branches:
        secretary = factories.UserFactory(unit=branch, email="")
        factories.GrantFactory(user=secretary, role=Role.SECRETARY, branch=branch)
        client = Client()
        client.force_login(secretary, backend=BACKEND)
        client.application = applications[branch.pk]
        client.secretary = secretary
        clients.append(client)
    return clients


def fill_like(model: Application, clients: list[Client]) -> None:
    """Everything the one application has, for the others too: what is raced for comes after."""
    for kind in (PlanItem, TaskRecord, Assessment):
        rows = list(kind.objects.filter(application=model))
        copies = []
        for client in clients:
            for row in rows:
                fields = {field.attname: getattr(row, field.attname) for field in kind._meta.concrete_fields}
                del fields[kind._meta.pk.attname]
                copies.append(kind(**{**fields, "application_id": client.application.pk}))
        kind.objects.bulk_create(copies)
    names = ("form_data", "form_version", "plan_filed_at", "self_score", "self_detail", "self_complete")
    Application.objects.filter(pk__in=[client.application.pk for client in clients]).update(
        **{name: getattr(model, name) for name in names}
    )


class Branchwork:
    """What one branch does in the last seconds, and what the server acknowledged of it."""

    def __init__(self, client: Client, answer: Assessment, clock: Clock) -> None:
        self.client, self.answer, self.clock = client, answer, clock
        self.saved: list[str] = []
        self.receipts: list[int] = []
        self.refusals: list[tuple[int, str]] = []

    def save_and_submit(self) -> None:
        pk, key, version = self.client.application.pk, self.answer.criterion_id, self.answer.version
        for number in range(SAVES):
            remark = f"第{pk}号支部第{number + 1}次保存"
            data = {f"c{key}-points": "30", f"c{key}-remark": remark, f"c{key}-version": version}
            url = reverse("applications:save_answer", args=[pk, key])
            answer = self.post(url, data, headers=FETCH)
            if answer.status_code == 200:
                version = answer.json()["version"]
                self.saved.append(remark)
            else:
                self.refusals.append((answer.status_code, answer.json()["message"]))
        self.submit()

    def submit(self) -> None:
        pk = self.client.application.pk
        answer = self.post(reverse("applications:submit", args=[pk]), {"read": "yes"})
        if answer.status_code == 302:
            assert answer["Location"] == reverse("applications:receipt", args=[pk])
            self.receipts.append(pk)
        else:
            self.refusals.append((answer.status_code, answer.content.decode()))

    def post(self, url, data, **how):
        try:
            return self.client.post(url, data, **how)
        finally:
            self.clock.tick()


def in_thread(act):
    try:
        return act()
    finally:
        connection.close()


def test_nothing_acknowledged_is_lost_or_doubled(tiny_track, bureau, cast, road, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    tiny_track.stages.filter(kind="apply").update(closes_on=timezone.localdate())
    track = Track.objects.prefetch_related("stages__extensions").get(pk=tiny_track.pk)
    deadline = deadline_for(track.stage("apply"))
    model = road.fill(Application.objects.for_work().get(track=track, branch=bureau.a1))
    # Two saves, the button, and the button once more from another tab.
    clock = Clock(deadline, BRANCHES * (SAVES + 2))
    with mock.patch("django.utils.timezone.now", clock):
        clients = crowd(track, bureau.county_a)
        fill_like(model, clients)
        answers = {each.application_id: each for each in Assessment.objects.filter(criterion__code="A1")}
        work = [Branchwork(client, answers[client.application.pk], clock) for client in clients]
        acts = [act for each in work for act in (each.save_and_submit, each.submit)]
        random.Random(20260430).shuffle(acts)  # noqa: S311
        clock.started = True
        with mock.patch("applications.views.submission.order_pdf"), ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(in_thread, acts))
    close_old_connections()
    check(work, deadline, cast)


def check(work: list[Branchwork], deadline: datetime.datetime, cast) -> None:
    pks = [each.client.application.pk for each in work]
    applications = Application.objects.in_bulk(pks)
    snapshots = defaultdict(list)
    for snapshot in Snapshot.objects.filter(application__in=pks):
        snapshots[snapshot.application_id].append(snapshot)
    remarks = dict(
        Assessment.objects.filter(application__in=pks, criterion__code="A1").values_list("application", "remark")
    )
    assert {status for each in work for status, _ in each.refusals} <= {409, 422}
    for each in work:
        pk = each.client.application.pk
        # The last save that was acknowledged is what stands: none is lost, none came after and was not told.
        assert remarks[pk] == (each.saved[-1] if each.saved else "已落实。")
        assert len(snapshots[pk]) == bool(each.receipts)
        assert applications[pk].submissions == bool(each.receipts)
        assert applications[pk].status == (Status.SUBMITTED if each.receipts else Status.PREPARING)
        for snapshot in snapshots[pk]:
            assert snapshot.created_at < deadline
            assert remarks[pk] in str(snapshot.content)
    submitted = sum(bool(each.receipts) for each in work)
    late = [words for each in work for _, words in each.refusals if "24时截止" in words]
    assert 0 < submitted < BRANCHES and late, (submitted, len(late))
    assert AuditEntry.objects.filter(action="application.submit").count() == submitted
    assert AuditEntry.objects.filter(
        action="assessment.save", actor__in=[w.client.secretary for w in work]
    ).count() == (sum(len(each.saved) for each in work))
    told = Notice.objects.filter(kind="application.submitted", recipient=cast.committee_clerk)
    assert told.count() == submitted
    assert audit.verify() == (AuditEntry.objects.count(), "")
