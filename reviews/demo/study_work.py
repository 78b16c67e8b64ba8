"""Signing for the plan and studying it: most branches have, some wait to be urged, some owe their 辅警 a second sitting."""

import datetime
from random import Random

from django.utils import timezone

from branches import audit
from branches.models import Branch
from branches.roles import Role
from reviews.demo import calendar
from reviews.demo.bureau import Bureau
from standards import deadlines
from standards.models import Acknowledgement, Campaign, Publication, Stage, Track

WAYS = [
    "党员大会集中学习，辅警列席",
    "支委会领学、全所会议学习，值班人员次日补学",
    "主题党日集中学习，出差人员送学上门",
    "早会分三次学习，辅警同步参加",
]
NOON = datetime.timedelta(hours=12)
STUDY = ("officers_expected", "officers_studied", "officers_later", "auxiliaries_expected", "auxiliaries_studied",
         "auxiliaries_later")  # fmt: skip


def sign(
    campaign: Campaign, track: Track, bureau: Bureau, *, seed: int, share: float, waiting: tuple[str, ...] = ()
) -> None:
    """The plan goes out when the track's calendar begins; `share` of the branches have studied it, most others signed.

    The branches whose codes are `waiting` have not signed yet.
    """
    publication = campaign.publications.get(number=1)
    dates = calendar.Dates(track)
    kind = Stage.Kind.MOBILISE if Stage.Kind.MOBILISE in dates.stages else Stage.Kind.APPLY
    publication.published_at, publication.due_on = dates.moment(kind, 0), dates.stages[kind].closes_on
    Publication.objects.filter(pk=publication.pk).update(
        published_at=publication.published_at, due_on=publication.due_on
    )
    signed = []
    for branch in bureau.branches:
        random = Random(f"{seed}/{branch.code}/study/{campaign.code}")  # noqa: S311
        luck = random.random()
        if branch.code in waiting or luck > share + (1 - share) * 0.6:
            continue
        signed.append(_one(publication, branch, bureau, dates, kind, random, studied=luck < share))
    moments = [each.signed_at for each in signed]
    for each, moment in zip(Acknowledgement.objects.bulk_create(signed), moments, strict=True):
        each.signed_at = moment  # written now, but it was then
        each.updated_at = max(moment, deadlines.start_of(each.studied_on) + NOON) if each.studied_on else moment
    Acknowledgement.objects.bulk_update(signed, ["signed_at", "updated_at"], batch_size=200)


def _one(
    publication: Publication, branch: Branch, bureau: Bureau, dates: calendar.Dates, kind: str, random: Random, *,
    studied: bool,
) -> Acknowledgement:  # fmt: skip
    """One branch's row, and what the services would leave in the log."""
    by = bureau.at(branch, random.choice([Role.SECRETARY, Role.CLERK]))
    signed = Acknowledgement(publication=publication, branch=branch, signed_by=by)
    signed.signed_at = dates.moment(kind, random.uniform(0.05, 0.4))
    audit.record("publication.sign", publication, by=by, branch=branch, number=publication.number)
    if studied:
        counts = (*_heads(branch.officers, random, short=0.05), *_heads(branch.auxiliaries, random, short=0.15))
        for name, number in zip(STUDY, counts, strict=True):
            setattr(signed, name, number)
        last = deadlines.start_of(dates.day(kind, random.uniform(0.5, 1)))
        signed.studied_on = timezone.localdate(max(last, signed.signed_at))
        signed.how, signed.recorded_by = random.choice(WAYS), bureau.at(branch, Role.CLERK)
        audit.record(
            "study.record", publication, by=signed.recorded_by, branch=branch, studied_on=signed.studied_on,
            **dict(zip(STUDY, counts, strict=True)),
        )  # fmt: skip
    return signed


def _heads(expected: int, random: Random, *, short: float) -> tuple[int, int, int]:
    """应学, 实学, 补学: a few were on duty and made up for it, in some branches not all of them yet."""
    away = min(expected, random.choice([0, 0, 1, 1, 2, 3]))
    missing = min(away, random.randint(1, 2)) if random.random() < short else 0
    return expected, expected - away, away - missing
