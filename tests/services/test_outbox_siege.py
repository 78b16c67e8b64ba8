"""The outbox under siege: four workers and two clocks at once, workers killed at random points two hundred times, the
broker killed and restarted, the workers' clock set back. A mail server on the loopback counts what arrives.

Nothing arrives twice, nothing is lost: what a worker was just sending when it died is in doubt, visible and resendable.
SIEGE_KILLS sets another number of kills.
"""

import contextlib
import datetime
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from branches import notices, outbox
from branches.models import Delivery
from reviews.bench.smtp import Postbox
from tests import factories

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL: several processes write at once"),
    pytest.mark.xdist_group("races"),
]

ROOT = Path(__file__).resolve().parent.parent.parent
KILLS = int(os.environ.get("SIEGE_KILLS", "200"))
WORKERS, BEATS, PEOPLE, WAVE = 4, 2, 50, 200
State = Delivery.State


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A Redis of our own, which may be killed."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Siege:
    """The processes, and what is done to them."""

    def __init__(self, folder: Path, box: Postbox, broker: Broker) -> None:
        self.folder, self.random = folder, random.Random(20261126)
        self.clock = folder / "clock"
        self.set_clock(0)
        database = connection.settings_dict
        login = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
        self.env = {
            **os.environ,
            "DATABASE_URL": f"postgres://{login}{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}",
            "REDIS_URL": broker.url, "EMAIL_URL": f"smtp://127.0.0.1:{box.port}", "QUIET_HOURS": "",
            "NOTIFY_EVERY": "0.3", "DATA_DIR": str(folder), "CLOCK_FILE": str(self.clock), "LOG_LEVEL": "ERROR",
        }  # fmt: skip
        self.workers = [self.worker(number) for number in range(WORKERS)]
        self.beats = [self.celery("beat", "--schedule", str(folder / f"beat{number}")) for number in range(BEATS)]

    def celery(self, *arguments: str) -> subprocess.Popen:
        log = (self.folder / f"{arguments[0]}.log").open("ab")
        command = [sys.executable, "-m", "celery", "-A", "tests.services.shifted_worker", *arguments]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True)

    def worker(self, number: int) -> subprocess.Popen:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "ERROR")
        return self.celery("worker", "-P", "prefork", "-c", "1", "-n", f"w{number}@siege", *quiet)

    def set_clock(self, seconds: float) -> None:
        draft = self.clock.with_suffix(".new")
        draft.write_text(str(seconds))
        os.replace(draft, self.clock)

    def at_work(self) -> list[int]:
        """The processes that really send: the children of the workers."""
        found = []
        for worker in self.workers:
            children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children")
            found += [int(pid) for pid in children.read_text().split()] if children.exists() else []
        return found

    def kill_one(self) -> bool:
        """SIGKILL for one that is sending; its worker forks another."""
        if not (pids := self.at_work()):
            return False
        try:
            os.kill(self.random.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def let_some_arrive(self) -> None:
        """Until the others, or the one reborn, have sent a few more: so the next one dies at work, at a random point."""
        wanted = self.box.received.total() + self.random.randint(1, 8)
        until(lambda: self.box.received.total() >= wanted, 60, "nothing arrives any more")
        time.sleep(self.random.uniform(0, 0.02))

    def replace_a_worker(self) -> None:
        """SIGKILL for a whole worker, then a new one."""
        number = self.random.randrange(WORKERS)
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()
        self.workers[number] = self.worker(number)

    def end(self) -> None:
        for process in (*self.workers, *self.beats):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Crowd:
    """People in office, told of something new in waves, so that there is always something to send."""

    def __init__(self, bureau) -> None:
        self.waves, self.people = 0, []
        for _ in range(PEOPLE):
            user = factories.UserFactory(unit=bureau.a1)
            factories.GrantFactory(user=user, role="clerk", branch=bureau.a1)
            self.people.append(user)

    def keep_busy(self) -> None:
        free = Q(held_until=None) | Q(held_until__lt=timezone.now())
        while Delivery.objects.filter(free, state=State.PENDING).count() < WAVE:
            self.waves += 1
            notices.post(self.people, "stage.dates", about=f"wave:{self.waves}", title=f"第{self.waves}次通知")
            # Due for a worker whose clock was set back as well.
            long_due = timezone.now() - datetime.timedelta(hours=2)
            Delivery.objects.filter(state=State.PENDING).update(not_before=long_due)


def until(condition, seconds: float, what: str) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, what
        time.sleep(0.01)


@pytest.fixture
def siege(bureau, cast, tmp_path, settings):
    settings.NOTIFY_URLS = {}
    broker = Broker(tmp_path)
    with Postbox(delay=0.002) as box:
        found = Siege(tmp_path, box, broker)
        found.box, found.broker, found.crowd = box, broker, Crowd(bureau)
        yield found
        found.end()
        broker.kill()


def test_nothing_is_sent_twice_and_nothing_is_lost(siege, settings, cast):
    siege.crowd.keep_busy()
    until(lambda: siege.box.received and len(siege.at_work()) == WORKERS, 120, "the workers never began")
    kills, replaced = 0, 0
    while kills < KILLS:
        siege.crowd.keep_busy()
        if kills and kills % 50 == 0 and replaced < kills // 50:
            replaced += 1
            siege.replace_a_worker()
        if kills == KILLS // 3:
            siege.broker.kill()
            time.sleep(0.5)
            siege.broker.start()
        siege.set_clock(-3600 if KILLS // 2 < kills < KILLS // 2 + 12 else 0)
        kills += siege.kill_one()
        siege.let_some_arrive()
    siege.set_clock(0)
    until(lambda: not Delivery.objects.filter(state=State.PENDING).exists(), 60, "the outbox was never empty again")
    until(lambda: len(siege.box.received) == sum(siege.box.received.values()), 1, "sent twice")
    siege.end()
    # What died while sending turns into a doubt, as it does after a quarter of an hour.
    outbox.release_stale(timezone.now() + datetime.timedelta(hours=2))
    check(siege, kills + replaced, settings, cast)


def check(siege, deaths, settings, cast):
    everything = siege.crowd.waves * PEOPLE
    numbers = dict(Delivery.objects.values_list("notice", "state"))
    sent = {pk for pk, state in numbers.items() if state == State.SENT}
    doubt = {pk for pk, state in numbers.items() if state == State.DOUBT}
    received = siege.box.received
    assert {pk: n for pk, n in received.items() if n > 1} == {}
    assert len(numbers) == everything == len(sent) + len(doubt)
    assert sent <= received.keys() <= sent | doubt
    assert len(doubt) <= deaths
    assert len(sent) > KILLS and len(doubt) > KILLS / 10, "the workers were hardly ever killed at work"
    # Whatever is in doubt can be sent again by a person; here those of whom nobody has anything.
    missing = doubt - received.keys()
    settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", siege.box.port
    settings.EMAIL_HOST = "127.0.0.1"
    if missing:
        outbox.resend(Delivery.objects.filter(notice__in=missing), by=cast.campaign_admin)
        assert outbox.drain() == len(missing)
    assert received.keys() == numbers.keys()
    assert set(received.values()) == {1}
    print(f"\n{everything} notices, {deaths} deaths, {len(doubt)} in doubt, {len(missing)} of them not arrived")
