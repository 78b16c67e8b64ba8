"""Moving a plan's calendar to today: every date of a track by one delta, so order and lengths stay as planned."""

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from standards import deadlines
from standards.models import Campaign, Stage, Track

DAY = datetime.timedelta(days=1)


def stand_in(track: Track, kind: str, *, share: float = 0.5, today: datetime.date | None = None) -> datetime.timedelta:
    """Shift all stages of the track so that today lies inside the stage of that kind, `share` of its length in.

    Returns the shift. Stages without a closing date are taken to last a month.
    """
    today = today or timezone.localdate()
    stage = track.stages.get(kind=kind)
    length = (stage.closes_on - stage.opens_on).days if stage.closes_on else 30
    shift = today - stage.opens_on - DAY * round(length * share)
    move(track, shift)
    return shift


def move(track: Track, shift: datetime.timedelta) -> None:
    """Add the delta to every date of the track's calendar; stages prefetched on `track` are dropped."""
    stages = list(Stage.objects.filter(track=track))
    for stage in stages:
        stage.opens_on = stage.opens_on and stage.opens_on + shift
        stage.closes_on = stage.closes_on and stage.closes_on + shift
    Stage.objects.bulk_update(stages, ["opens_on", "closes_on"])
    getattr(track, "_prefetched_objects_cache", {}).pop("stages", None)


@contextmanager
def within(track: Track, kind: str) -> Iterator[None]:
    """The calendar of the track stands inside the stage for the length of the block: what belongs there can be done."""
    stage = track.stages.filter(kind=kind).first()
    if stage is None or deadlines.is_open(stage):
        yield
        return
    shift = stand_in(track, kind)
    try:
        yield
    finally:
        move(track, -shift)


def relabel(campaign: Campaign) -> None:
    """Bring the years in the labels of a draft along with its dates: 2023年（第二轮） becomes this year's."""
    years = []
    for track in campaign.tracks.all():
        opens = track.stages.get(kind=Stage.Kind.APPLY).opens_on
        written = re.search(r"20\d\d", track.round_label)
        if not opens or not written:
            continue
        years.append(opens.year)
        track.round_label = track.round_label.replace(written[0], str(opens.year))
        track.plaque_prefix = track.plaque_prefix.replace(written[0], str(opens.year))
        track.save(update_fields=["round_label", "plaque_prefix"])
    if years:
        period = f"{min(years)}—{max(years)}年" if min(years) != max(years) else f"{years[0]}年"
        campaign.round_label = re.sub(r"20\d\d(—20\d\d)?年", period, campaign.round_label)
        campaign.save(update_fields=["round_label"])


class Dates:
    """The days of one track as they finally stand, never later than today: when each act of the demo took place."""

    def __init__(self, track: Track) -> None:
        self.stages = {stage.kind: stage for stage in track.stages.all()}
        self.today = timezone.localdate()

    def day(self, kind: str, share: float = 0.5) -> datetime.date:
        """A day so far into the stage; today when that is still to come."""
        stage = self.stages.get(kind)
        if stage is None:
            return self.today
        length = (stage.closes_on - stage.opens_on).days if stage.closes_on else 30
        return min(stage.opens_on + DAY * round(length * share), self.today)

    def moment(self, kind: str, share: float = 0.5) -> datetime.datetime:
        """The same with a time of the working day that follows from the share."""
        day = self.day(kind, share)
        at = deadlines.start_of(day) + datetime.timedelta(hours=9, minutes=round(share * 480) % 480)
        return min(at, timezone.now())
