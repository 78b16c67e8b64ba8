"""This morning's reminders as they would have gone out: most arrived, one failed, one is in doubt; some led to the deed."""

from collections import defaultdict
from itertools import chain
from random import Random

from django.utils import timezone

from branches import reminding
from branches.models import Delivery, Notice
from branches.todo import Todo
from reviews import obligations
from standards import reminders
from standards.models import Campaign

OF_EACH, MOST = 3, 24
EVERY_DAY = tuple(range(60, -31, -1))
State = Delivery.State


def load(*, seed: int) -> None:
    """A handful of each sort of obligation, told of today whatever day it is; nothing is left waiting to be sent."""
    random = Random(f"{seed}/reminding")  # noqa: S311
    schedules = {
        campaign.pk: reminding.Schedule(name=campaign.short_name, days=EVERY_DAY, is_workday=reminders.is_workday)
        for campaign in Campaign.objects.running()
    }
    kinds: dict[str, list[Todo]] = defaultdict(list)
    for todo in obligations.everything():
        if todo.campaign and len(kinds[todo.duty]) < OF_EACH:
            kinds[todo.duty].append(todo)
    chosen = list(chain(*kinds.values()))[:MOST]
    reminding.remind(chosen, schedules)
    notices = list(Notice.objects.filter(kind__in={f"remind.{todo.kind}" for todo in chosen}).order_by("pk"))
    Delivery.objects.filter(notice__in=notices).delete()
    Delivery.objects.bulk_create([_delivery(number, notice) for number, notice in enumerate(notices)])
    for notice in random.sample(notices, len(notices) // 3):
        notice.settled_at = timezone.now()
    Notice.objects.bulk_update(notices, ["settled_at"])


def _delivery(number: int, notice: Notice) -> Delivery:
    """As if it had gone out; the first two show what can go wrong. Nothing is really sent."""
    odd = {
        0: {"state": State.DOUBT, "error": "发送中断，无法确认对方是否收到；确认未收到后可重发。"},
        1: {"state": State.FAILED, "error": "550 收件人地址不存在"},
    }
    outcome = odd.get(number) or {"state": State.SENT, "sent_at": timezone.now()}
    return Delivery(notice=notice, channel="mail", attempts=1, **outcome)
