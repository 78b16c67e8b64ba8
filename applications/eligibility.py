"""Whether a branch may apply in a track at all: each condition that it does not meet, and who mends it."""

import datetime

from django.utils import timezone

from branches.models import Branch
from standards.models import Stage, Track


def problems(track: Track, branch: Branch) -> list[str]:
    """A sentence per condition that is not met (S1-17 and the track's own); no query beyond the prefetched stages."""
    found = []
    if track.solid_required and not branch.solid_grade:
        found.append("本支部尚未登记“过硬支部”达标等次，不具备申报资格；请联系党委经办人核实登记（S1-17）。")
    if track.min_members and branch.party_members < track.min_members:
        found.append(
            f"本支部登记党员{branch.party_members}名，少于要求的{track.min_members}名；如登记有误，请联系党委经办人更正。"
        )
    if track.min_years:
        found += _age(track, branch)
    if track.eligible_lines and branch.line not in track.eligible_lines:
        allowed = "、".join(track.eligible_lines)
        own = f"登记警种为“{branch.line}”" if branch.line else "没有登记警种"
        found.append(f"本轨道只限{allowed}的支部申报，本支部{own}；如登记有误，请联系党委经办人更正。")
    return found


def _age(track: Track, branch: Branch) -> list[str]:
    """The years are counted to the last day on which one may apply."""
    assert track.min_years is not None
    if branch.founded_on is None:
        return [f"本支部没有登记成立时间，无法核对是否成立满{track.min_years}年；请联系党委经办人补登。"]
    due = anniversary(branch.founded_on, track.min_years)
    apply = track.stage(Stage.Kind.APPLY)
    until = (apply.closes_on if apply else None) or timezone.localdate()
    if due <= until:
        return []
    return [
        f"本支部{branch.founded_on:%Y年%m月%d日}成立，到{until:%Y年%m月%d日}不满{track.min_years}年，不具备申报资格；"
        "如登记有误，请联系党委经办人更正。"
    ]


def anniversary(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February: complete on the last day of the month
        return day.replace(year=day.year + years, day=28)
