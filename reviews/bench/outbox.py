"""The outbox against bare inserts and SMTP sends of as many mails, in the same process, to the same mail server on the
loopback; and how much memory the draining takes from its first thousands to its end."""

import json
import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.test import override_settings

from branches import notices, outbox
from branches.models import Branch, Delivery, Notice, RoleGrant, User
from branches.roles import Role
from reviews.bench.smtp import Postbox

PEOPLE, CHUNK = 500, 500
UNUSABLE = "!"


def measure(count: int) -> dict[str, float]:
    people = _people()
    with Postbox() as box, override_settings(
        EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=box.port,
        QUIET_HOURS=None, NOTIFY_URLS={},
    ):  # fmt: skip
        bare = _seconds(lambda: _bare(people, count, box.port))
        box.received.clear()
        writing = _seconds(lambda: _write(people, count))
        memory: list[float] = []
        draining = _seconds(lambda: _drain(count, memory))
        twice = sum(number > 1 for number in box.received.values())
        arrived = len(box.received)
    return {
        "count": count, "arrived": arrived, "twice": twice,
        "left": Delivery.objects.exclude(state=Delivery.State.SENT).count(),
        "per_second": round(count / draining, 1), "write_s": round(writing, 2), "drain_s": round(draining, 2),
        "bare_s": round(bare, 2), "ratio": round((writing + draining) / bare, 2),
        "first_mb": round(memory[0], 1), "last_mb": round(memory[-1], 1),
    }  # fmt: skip


def _people() -> list[User]:
    """So many people in office at the root, each with an address."""
    root = Branch.objects.filter(depth=1).first() or Branch.objects.add_root(
        create_kwargs={"name": "市局党委", "short_name": "市局", "code": "BENCH", "kind": Branch.Kind.COMMITTEE}
    )
    people = User.objects.bulk_create(
        User(
            police_no=f"B{number:05d}",
            name=f"民警{number}",
            unit=root,
            email=f"b{number}@example.test",
            password=UNUSABLE,
        )
        for number in range(PEOPLE)
    )
    RoleGrant.objects.bulk_create(RoleGrant(user=user, role=Role.CLERK, branch=root) for user in people)
    return people


def _bare(people: list[User], count: int, port: int) -> None:
    """What it takes at the least: the rows written, the mails handed over one by one on one connection."""
    for start in range(0, count, CHUNK):
        Notice.objects.bulk_create(_notice(people, number) for number in range(start, min(start + CHUNK, count)))
    with smtplib.SMTP("127.0.0.1", port) as server:
        for number in range(count):
            user, mail = people[number % PEOPLE], EmailMessage()
            mail["Subject"], mail["From"], mail["To"] = f"通知{number}", settings.DEFAULT_FROM_EMAIL, user.email
            mail["X-Notice-Id"] = str(number)
            mail.set_content(f"{user.name} 同志：\n\n请登录查看。")
            server.send_message(mail)
    Notice.objects.all().delete()


def _notice(people: list[User], number: int) -> Notice:
    user = people[number % PEOPLE]
    return notices.draft(user, "stage.dates", about=f"bench:{number}", title=f"通知{number}", body="请登录查看。")


def _write(people: list[User], count: int) -> None:
    for start in range(0, count, CHUNK):
        notices.deliver([_notice(people, number) for number in range(start, min(start + CHUNK, count))])


def _drain(count: int, memory: list[float]) -> None:
    """In runs of a few seconds, as the worker does it; the memory after each of them."""
    while Delivery.objects.filter(state=Delivery.State.PENDING).exists():
        outbox.drain(seconds=5)
        memory.append(_resident_mb())


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1024 / 1024


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def as_json(result: dict[str, float]) -> str:
    return json.dumps(result)
