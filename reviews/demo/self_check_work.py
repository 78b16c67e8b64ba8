"""What some branches of the demo found by examining themselves, and how far they have put it right."""

import datetime
from random import Random

from django.utils import timezone

from applications.models import Rectification, RectificationTag, SelfCheck, SelfCheckItem
from branches import audit
from branches.roles import Role
from reviews.demo import wording
from reviews.demo.answers import Marking
from reviews.demo.branch_work import Case
from reviews.demo.bureau import Bureau
from reviews.demo.calendar import DAY
from standards.models import Criterion, Track

MET, GAP = SelfCheckItem.Verdict.MET, SelfCheckItem.Verdict.GAP
State = Rectification.State
MOST = 20


def examine(cases: list[Case], track: Track, bureau: Bureau) -> None:
    """One finished self-check for some, a second for half of them, still open with the branch that is shown; gaps in every state."""
    marking = Marking(track.rubric)
    first = bureau.below(bureau.committees[0])[0]
    shown = sorted(cases, key=lambda case: (case.branch != first, case.branch.path))[:MOST]
    with audit.recorded():
        for place, case in enumerate(shown):
            random = Random(f"{case.seed}/自查")  # noqa: S311
            gaps = _check(case, bureau, marking, random, number=1, gaps=5, share=1.0)
            _ledger(case, bureau, random, gaps)
            if place % 2 == 0:
                _check(case, bureau, marking, random, number=2, gaps=2, share=0.6 if place == 0 else 1.0)


def _check(
    case: Case, bureau: Bureau, marking: Marking, random: Random, *, number: int, gaps: int, share: float
) -> list[SelfCheckItem]:
    """A self-check with that many gaps, the share of the standard that was got through; returns what was wanting."""
    clerk, line = bureau.at(case.branch, Role.CLERK), case.branch.line
    started = timezone.now() - DAY * (75 - 30 * number) - datetime.timedelta(minutes=random.randint(0, 300))
    check = SelfCheck.objects.create(
        application=case.application, rubric=marking.rubric, number=number, started_by=clerk,
        note=["支委会集体对照标准逐条自查", "支委分工自查，书记逐项核对"][number - 1],
        finished_by=clerk if share == 1 else None, finished_at=started + DAY * 2 if share == 1 else None,
    )  # fmt: skip
    SelfCheck.objects.filter(pk=check.pk).update(started_at=started)
    leaves = marking.leaves(line)[: round(len(marking.leaves(line)) * share)]
    wanting = {leaf.pk for leaf in random.sample(leaves, min(gaps, len(leaves)))}
    items = []
    for leaf in leaves:
        answer, points = marking.mark(leaf, 0.6 if leaf.pk in wanting else 1.0)
        gap = leaf.pk in wanting
        items.append(
            SelfCheckItem(
                self_check=check, criterion=leaf, answer=answer, points=points, verdict=GAP if gap else MET,
                remark=_shortfall(leaf, random) if gap else "", updated_by=clerk,
            )
        )  # fmt: skip
    SelfCheckItem.objects.bulk_create(items)
    action = "self_check.finish" if share == 1 else "self_check.start"
    audit.record(action, case.application, by=clerk, branch=case.branch, number=number, gaps=len(wanting))
    return [item for item in items if item.verdict == GAP]


def _shortfall(leaf: Criterion, random: Random) -> str:
    return random.choice(wording.SHORTFALLS).format(title=leaf.title, n=random.randint(1, 3))


def _ledger(case: Case, bureau: Bureau, random: Random, gaps: list[SelfCheckItem]) -> None:
    """Closed, waiting for review, overdue, in time, and one of which only the gap is known."""
    clerk, secretary = bureau.at(case.branch, Role.CLERK), bureau.at(case.branch, Role.SECRETARY)
    today, tags = timezone.localdate(), case.application.track.problem_tags
    for item, (state, due) in zip(gaps, wording.RECTIFIED, strict=False):
        cause, measure, outcome = random.choice(wording.REMEDIES)
        known = due is not None
        entry = Rectification.objects.create(
            application=case.application, self_check=item.self_check, criterion=item.criterion, gap=item.remark[:300],
            state=state, cause=cause if known else "", measure=measure if known else "",
            responsible=random.choice(["支部书记A", "支委B", "支委C"]) if known else "",
            due_on=today + DAY * due if known else None, created_by=clerk,
            **({} if state == State.OPEN else {"done_by": clerk, "done_on": today - DAY * 4, "outcome": outcome}),
            **({"reviewed_by": secretary, "reviewed_at": timezone.now() - DAY * 3, "review_remark": "已核对台账，整改到位。"}
               if state == State.REVIEWED else {}),
        )  # fmt: skip
        if tags and random.random() < 0.8:
            RectificationTag.objects.create(rectification=entry, name=random.choice(tags))
        audit.record("rectification.open", case.application, by=clerk, branch=case.branch, gap=entry.gap)
