"""The road of an application (DESIGN §3): every status, and the one table of what leads where. No ORM, no dates."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import TextChoices


class Status(TextChoices):
    PREPARING = "preparing", "筹备中"
    SUBMITTED = "submitted", "已申报"
    CHECKED = "checked", "审核通过"
    RECOMMENDED = "recommended", "已推荐"
    IN_REVIEW = "in_review", "考评中"
    SELECTED = "selected", "拟命名"
    RESERVE = "reserve", "候补"
    NOT_SELECTED = "not_selected", "未入选"
    PUBLISHED = "published", "公示"
    NAMED = "named", "已命名"
    WITHDRAWN = "withdrawn", "已撤回"
    VETOED = "vetoed", "已否决"


# Decided by the panel but not yet public: branches see 考评中 until the result is published.
SEALED = frozenset({Status.SELECTED, Status.RESERVE, Status.NOT_SELECTED})
# On the road with the committee's word behind it.
PAST_CHECK = frozenset(
    {
        Status.CHECKED,
        Status.RECOMMENDED,
        Status.IN_REVIEW,
        Status.SELECTED,
        Status.RESERVE,
        Status.PUBLISHED,
        Status.NAMED,
    }
)
# Who holds one of the places of a competition's quota.
HOLDING = frozenset({Status.SELECTED, Status.PUBLISHED, Status.NAMED})
# Where only the panels' decision leads to.
DECIDED = SEALED | HOLDING
# What the inspectors may clear or veto. Who lost is among them: a refusal would tell what is not yet public.
LIVE = frozenset({Status.PREPARING, Status.SUBMITTED, *PAST_CHECK, *SEALED})
# While a branch may examine itself and put right what it finds: all year, also after a withdrawal; who lost is among them
# for the same reason.
SELF_CHECKING = LIVE | {Status.WITHDRAWN}


# While the step that 无问题 opens at each point has not been taken, a mistaken one can be taken back.
BEFORE_RECOMMENDING = frozenset({Status.PREPARING, Status.SUBMITTED, Status.CHECKED})
BEFORE_STEP: dict[str, frozenset[str]] = {
    "recommend": BEFORE_RECOMMENDING,
    "review": BEFORE_RECOMMENDING | {Status.RECOMMENDED},
    "name": LIVE - {Status.NAMED},
}


def after_lifting(before: str, *, decided: bool, named: bool, place_free: bool) -> Status:
    """Where an application goes when its veto, which took it from `before`, is lifted on appeal.

    Back to where it stood, with three exceptions: who was not judged while the track was decided cannot be judged any
    more (`decided`); whoever held a place waits at the head of the reserves once it is given away (`place_free` is
    always true without a quota); and reserves are over when the names are given (`named`).
    """
    if before in (Status.RECOMMENDED, Status.IN_REVIEW) and decided:
        return Status.NOT_SELECTED
    if before in HOLDING and not place_free:
        return Status.RESERVE
    if before == Status.RESERVE and named:
        return Status.NOT_SELECTED
    return Status(before)


class Road(TextChoices):
    """How an application leaves its committee."""

    RANKED = "ranked", "排序推荐"
    NOMINATED = "nominated", "自荐"
    FORWARDED = "forwarded", "上报"


@dataclass(frozen=True)
class Transition:
    """One line of the table. `stage` names the kind of stage that must be open; `roads` the roads it exists on.

    `clearance` names the inspectors' word that must stand first, where the track asks for it (S2-21).
    """

    action: str
    sources: frozenset[str]
    target: str
    label: str
    permission: str
    stage: str | None = None
    roads: frozenset[str] = frozenset(Road.values)
    clearance: str | None = None


def _line(
    action: str,
    sources: Iterable[str],
    target: str,
    label: str,
    permission: str,
    stage: str | None = None,
    roads: Iterable[str] = Road.values,
    clearance: str | None = None,
) -> Transition:
    return Transition(action, frozenset(sources), target, label, permission, stage, frozenset(roads), clearance)


S = Status
TABLE: dict[str, Transition] = {
    line.action: line
    for line in [
        _line("submit", [S.PREPARING], S.SUBMITTED, "确认提交", "applications.submit", stage="apply"),
        _line("withdraw", [S.SUBMITTED], S.WITHDRAWN, "撤回申报", "applications.submit"),
        _line("reopen", [S.WITHDRAWN], S.PREPARING, "重新筹备", "applications.submit", stage="apply"),
        _line("return", [S.SUBMITTED], S.PREPARING, "退回修改", "applications.check"),
        _line("accept", [S.SUBMITTED], S.CHECKED, "审核通过", "applications.check"),
        _line(
            *("recommend", [S.CHECKED], S.RECOMMENDED, "排序推荐", "applications.recommend"),
            stage="recommend",
            roads=[Road.RANKED],
            clearance="recommend",
        ),
        _line(
            *("nominate", [S.CHECKED], S.RECOMMENDED, "确认自荐", "applications.recommend"),
            stage="nominate",
            roads=[Road.NOMINATED],
            clearance="recommend",
        ),
        _line(
            *("forward", [S.CHECKED], S.RECOMMENDED, "上报市局", "applications.recommend"),
            stage="forward",
            roads=[Road.FORWARDED],
            clearance="recommend",
        ),
        _line(
            *("start_review", [S.RECOMMENDED], S.IN_REVIEW, "进入考评", "applications.decide"),
            clearance="review",
        ),
        _line("select", [S.IN_REVIEW], S.SELECTED, "拟命名", "applications.decide"),
        _line("reserve", [S.IN_REVIEW], S.RESERVE, "列为候补", "applications.decide"),
        _line("reject", [S.IN_REVIEW, S.RESERVE], S.NOT_SELECTED, "未入选", "applications.decide"),
        _line("promote", [S.RESERVE], S.SELECTED, "候补递补", "applications.decide"),
        _line("publish", [S.SELECTED], S.PUBLISHED, "公示", "applications.decide"),
        _line("name", [S.PUBLISHED], S.NAMED, "命名", "applications.decide", clearance="name"),
        _line("veto", LIVE, S.VETOED, "一票否决", "applications.veto"),
        # One line per status a lifted veto can lead back to; `after_lifting` says which.
        *(
            _line(f"lift_{status.value}", [S.VETOED], status, "撤销否决", "applications.veto")
            for status in S
            if status in LIVE
        ),
    ]
}
