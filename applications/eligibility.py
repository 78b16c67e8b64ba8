"""Whether a branch may apply in a track at all: each condition, what is on record, and who mends the record."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone

from branches.models import Branch
from standards.models import Stage, Track

ASK = "党委经办人"
RECORD = "党组织登记"


@dataclass(frozen=True)
class Condition:
    """One line of the table. `met` is None for a warning: it does not keep anybody from applying.

    `problem` is the sentence for what is not met or due soon, with the way out; "" where all is well.
    """

    name: str
    required: str
    actual: str
    met: bool | None
    problem: str = ""
    record: str = RECORD
    ask: str = ASK

    @property
    def label(self) -> str:
        return {True: "符合", False: "不符合", None: "请留意"}[self.met]


def conditions(track: Track, branch: Branch) -> list[Condition]:
    """What the track asks of the branch (S1-17 and its own), then the term of office (S1-66).

    No query beyond the prefetched stages. Whether the inspectors look into something never stands here.
    """
    return [*_demands(track, branch), *_term(branch)]


def problems(track: Track, branch: Branch) -> list[str]:
    """A sentence per condition that is not met: what keeps the branch from applying."""
    return [each.problem for each in _demands(track, branch) if not each.met]


def _demands(track: Track, branch: Branch) -> Iterator[Condition]:
    if track.solid_required:
        yield _solid(branch)
    if track.min_members:
        yield _members(track.min_members, branch)
    if track.min_years:
        yield _age(track, track.min_years, branch)
    if track.eligible_lines:
        yield _line(track, branch)


def _solid(branch: Branch) -> Condition:
    problem = "本支部尚未登记“过硬支部”达标等次，不具备申报资格；请联系党委经办人核实登记（S1-17）。"
    actual = "、".join(filter(None, [branch.solid_grade, branch.solid_basis])) or "未登记"
    met = bool(branch.solid_grade)
    return Condition("过硬支部", "已认定达标", actual, met, "" if met else problem)


def _members(least: int, branch: Branch) -> Condition:
    number = branch.party_members
    problem = f"本支部登记党员{number}名，少于要求的{least}名；如登记有误，请联系党委经办人更正。"
    met = number >= least
    return Condition("党员人数", f"不少于{least}名", f"{number}名（含预备）", met, "" if met else problem)


def _age(track: Track, years: int, branch: Branch) -> Condition:
    """The years are counted to the last day on which one may apply."""
    required = f"满{years}年"
    if branch.founded_on is None:
        problem = f"本支部没有登记成立时间，无法核对是否成立满{years}年；请联系党委经办人补登。"
        return Condition("成立时间", required, "未登记", met=False, problem=problem)
    apply = track.stage(Stage.Kind.APPLY)
    until = (apply.closes_on if apply else None) or timezone.localdate()
    met = anniversary(branch.founded_on, years) <= until
    problem = (
        f"本支部{branch.founded_on:%Y年%m月%d日}成立，到{until:%Y年%m月%d日}不满{years}年，不具备申报资格；"
        "如登记有误，请联系党委经办人更正。"
    )
    return Condition("成立时间", required, f"{branch.founded_on:%Y年%m月%d日}成立", met, "" if met else problem)


def _line(track: Track, branch: Branch) -> Condition:
    allowed = "、".join(track.eligible_lines)
    own = f"登记警种为“{branch.line}”" if branch.line else "没有登记警种"
    problem = f"本轨道只限{allowed}的支部申报，本支部{own}；如登记有误，请联系党委经办人更正。"
    met = branch.line in track.eligible_lines
    return Condition("警种", f"限{allowed}", branch.line or "未登记", met, "" if met else problem)


def _term(branch: Branch) -> Iterator[Condition]:
    """An overdue election warns and does not shut out (S1-66)."""
    ends, today = branch.term_ends_on, timezone.localdate()
    if ends is None:
        problem = "本支部没有登记届满日期，请联系党委经办人补登。"
        yield Condition("按期换届", "在届期内", "未登记届满日期", met=None, problem=problem)
    elif ends < today:
        problem = f"本届支委会已于{ends:%Y年%m月%d日}届满，请按期换届；已换届的请联系党委经办人更新届满日期（S1-66）。"
        yield Condition("按期换届", "在届期内", f"{ends:%Y年%m月%d日}届满，已逾期", met=None, problem=problem)
    else:
        yield Condition("按期换届", "在届期内", f"{ends:%Y年%m月%d日}届满", met=True)


def anniversary(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February: complete on the last day of the month
        return day.replace(year=day.year + years, day=28)
