"""What was said of each criterion in the branch's round before: by itself, and by its committee."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Q, Subquery

from applications.models import Application, Assessment, CheckDecision, CheckItem
from branches.models import User
from standards import scoring

LABELS = ("application__track__round_label", "application__track__award_name")


class Said(NamedTuple):
    """One criterion in the round before; numbers as they are shown, "" for none."""

    points: str = ""
    remark: str = ""
    checked: str = ""
    check_remark: str = ""

    @property
    def words(self) -> str:
        """“自评3分，核查2.5分”."""
        given = (("自评", self.points), ("核查", self.checked))
        return "，".join(f"{who}{points}分" for who, points in given if points)


@dataclass(frozen=True)
class LastRound:
    """The round before by the code of the criterion, for the same thing may stand in another version of the standard."""

    label: str = ""
    said: Mapping[str, Said] = field(default_factory=dict)


def last_round(application: Application, user: User) -> LastRound:
    """The branch's latest earlier application for the same award or by the same standard, if the user may see it.

    One query where there is none, else two. The branch reads of its committee what was written for it, the remarks of
    a return; the committee's own scores and remarks are for those who may see the check.
    """
    answers = Assessment.objects.filter(application=_latest(application, user))
    rows = list(answers.values_list("application", *LABELS, "criterion__code", "points", "remark"))
    if not rows:
        return LastRound()
    pk, round_label, award, *_ = rows[0]
    answered = {code: (scoring.plain(points), remark) for *_, code, points, remark in rows}
    # The right is the branch's, and the branch is the same.
    sees_check = user.has_perm("applications.view_check", application)
    checked = _checks(pk) if sees_check else _returned(pk)
    said = {code: Said(*answered.get(code, ("", "")), *checked.get(code, ("", ""))) for code in answered | checked}
    return LastRound(round_label or award, {code: each for code, each in said.items() if any(each)})


def _latest(application: Application, user: User) -> Subquery:
    """The key of the round before, to be asked for together with what was said in it."""
    track = application.track
    alike = Q(track__rubric__code=track.rubric.code)
    if track.series:
        alike |= Q(track__series=track.series)
    earlier = Q(track__campaign__lt=track.campaign_id) | Q(
        track__campaign=track.campaign_id, track__order__lt=track.order
    )
    rounds = Application.objects.visible_to(user).filter(alike, earlier, branch=application.branch_id)
    return Subquery(rounds.order_by("-track__campaign_id", "-track__order", "-pk").values("pk")[:1])


def _checks(pk: int) -> dict[str, tuple[str, str]]:
    rows = CheckItem.objects.filter(application=pk).values_list("criterion__code", "points", "remark")
    return {code: (scoring.plain(points), remark) for code, points, remark in rows}


def _returned(pk: int) -> dict[str, tuple[str, str]]:
    """What the committee wrote for the branch on its returns, the last word on each criterion."""
    returns = CheckDecision.objects.filter(application=pk, outcome=CheckDecision.Outcome.RETURNED).order_by("pk")
    lists = returns.values_list("items", flat=True)
    return {item["code"]: ("", item["remark"]) for items in lists for item in items}
