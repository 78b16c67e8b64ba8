"""What the panels and the city office of the demo did: visits, presentations, results, the public notice, the plaques."""

import datetime
from random import Random

from django.utils import timezone

from applications.models import Application
from branches import audit
from branches.models import User
from branches.roles import Role
from reviews.demo import wording
from reviews.demo.answers import Marking
from reviews.demo.branch_work import Case
from reviews.demo.bureau import Bureau
from reviews.demo.calendar import DAY
from reviews.models import Approval, Award, Panel, PresentationSession, PublicNotice, Review, Score, SiteVisit
from reviews.services import panels, results, scoring_desk
from standards import deadlines
from standards.models import ScoreComponent, Track


def form(track: Track, bureau: Bureau, *, source: str, count: int = 1) -> list[Panel]:
    """Panels for one component, members dealt round so that each panel has people of different places."""
    visits = source == ScoreComponent.Source.VISIT
    people = bureau.city_people[Role.ASSESSOR if visits else Role.EXPERT]
    kind, label = ("assessors", "考核组") if visits else ("experts", "专家组")
    component = track.components.get(source=source)
    made = []
    for number in range(count):
        members = people[number::count]
        name = f"第{'一二三四五六七八九'[number]}{label}" if count > 1 else label
        made.append(
            panels.form_panel(
                track, component, kind=kind, name=name, members=members, leader=members[0],
                by=bureau.one(Role.CAMPAIGN_ADMIN),
            )
        )  # fmt: skip
    return made


def hand_out(made: list[Panel], cases: list[Case], bureau: Bureau) -> dict[int, Panel]:
    """Share the candidates among the panels, whole committees together. Returns which panel has which application."""
    admin = bureau.one(Role.CAMPAIGN_ADMIN)
    committees = list(dict.fromkeys(bureau.committee_of(case.branch).pk for case in cases))
    of_panel: dict[int, Panel] = {}
    for number, panel in enumerate(made):
        own = [
            case for case in cases
            if committees.index(bureau.committee_of(case.branch).pk) % len(made) == number
        ]  # fmt: skip
        members = [member.user for member in panel.members.select_related("user")]
        panels.assign(panel, by=admin, pairs=[(user, case.application) for case in own for user in members])
        of_panel.update({case.application.pk: panel for case in own})
    return of_panel


def visit_all(
    cases: list[Case], of_panel: dict[int, Panel], bureau: Bureau, *, on: datetime.date, number: int,
    kind: str = "dynamic", done: float = 1.0,
) -> None:  # fmt: skip
    """One round of visits, a few a day up to `on`; the given share of the sheets is final, the rest begun or waiting."""
    admin, visits = bureau.one(Role.CAMPAIGN_ADMIN), []
    with audit.recorded():
        for place, case in enumerate(cases):
            day = on - DAY * (place % 12)
            visit = SiteVisit(
                panel=of_panel[case.application.pk], application=case.application, kind=kind, number=number,
                visited_on=day, note="查看阵地与台账，访谈党员3名。" if place % 3 else "", created_by=admin,
            )  # fmt: skip
            visits.append(visit)
        SiteVisit.objects.bulk_create(visits, batch_size=2000)
        for case, visit in zip(cases, visits, strict=True):
            audit.record(
                "visit.schedule", case.application, by=admin, branch=case.branch, visit=str(visit), on=visit.visited_on
            )
        _sheets([(case, visit, None) for case, visit in zip(cases, visits, strict=True)], of_panel, number, done)


def _sheets(events: list[tuple], of_panel: dict[int, Panel], number: int, done: float) -> None:
    """The members' score sheets for visits or presentations, with stored totals as the scoring desk keeps them."""
    made = set(of_panel.values())
    marking = {panel.pk: Marking(panel.component.scoring_rubric) for panel in made}
    assigned: dict[int, list] = {}
    for panel in made:
        for assignment in panel.assignments.select_related("user").order_by("pk"):
            assigned.setdefault(assignment.application_id, []).append((panel.pk, assignment))
    reviews, sheets = [], []
    for case, visit, slot in events:
        for panel_pk, assignment in assigned.get(case.application.pk, []):
            # A source of chance of its own, so that a sheet does not depend on who else scores, or in what order.
            random = Random(f"{case.seed}/{assignment.user.police_no}/{number}")  # noqa: S311
            luck = random.random()
            part = 1.0 if luck < done else 0.6 if luck < done + (1 - done) / 2 else 0.0
            if part == 0.0:
                continue
            now = timezone.now()
            at = min(deadlines.start_of(visit.visited_on) + datetime.timedelta(hours=16), now) if visit else now
            review, scores = _sheet(case, assignment, marking[panel_pk], random, part, at)
            review.visit, review.slot = visit, slot
            reviews.append(review)
            sheets.append(scores)
    Review.objects.bulk_create(reviews, batch_size=1000)
    Score.objects.bulk_create([score for scores in sheets for score in scores], batch_size=2000)
    for review in reviews:
        if review.is_final:
            audit.record(
                "review.finish", review, by=review.reviewer, branch=review.application.branch, total=review.total
            )


def _sheet(case: Case, assignment, marking: Marking, random: Random, part: float, at) -> tuple[Review, list[Score]]:
    panel, line = assignment.panel, case.branch.line
    strictness = random.gauss(0, 0.012)
    marks = marking.fill(line, case.quality + strictness, random, spread=0.05)
    marks = marks[: round(len(marks) * part)]
    final = part == 1.0
    score = marking.total(line, {leaf.key: points for leaf, _, points in marks})
    review = Review(
        assignment=assignment, reviewer=assignment.user, application=case.application, component=panel.component,
        status=Review.Status.FINAL if final else Review.Status.DRAFT,
        total=score.total, detail=marking.rubric.detail(score),
        comment=random.choice(wording.COMMENTS) if final else "", finished_at=at if final else None,
    )  # fmt: skip
    scores = [
        Score(
            review=review, criterion=leaf, answer=answer, points=points,
            remark=wording.fill(random.choice(wording.REVIEW_REMARKS), leaf, random) if random.random() < 0.4 else "",
        )
        for leaf, answer, points in marks
    ]  # fmt: skip
    return review, scores


def present(
    panel: Panel, cases: list[Case], bureau: Bureau, *, held_on: datetime.date, closed: float, seed: str
) -> PresentationSession:
    """Draw the order; the first share of the slots is scored and closed, the next one is on the stage half scored."""
    admin = bureau.one(Role.CAMPAIGN_ADMIN)
    by_pk = {case.application.pk: case for case in cases}
    session = scoring_desk.draw_order(panel, held_on=held_on, minutes_each=8, by=admin, seed=seed)
    slots = list(session.slots.select_related("application__branch"))
    over = round(len(slots) * closed)
    of_panel = dict.fromkeys(by_pk, panel)
    for place, slot in enumerate(slots[: over + 1]):
        slot = scoring_desk.open_slot(slot, by=admin)
        with audit.recorded():
            _sheets([(by_pk[slot.application_id], None, slot)], of_panel, 0, 1.0 if place < over else 0.4)
        if place < over:
            scoring_desk.close_slot(slot, by=admin)
    return session


def decide(track: Track, bureau: Bureau) -> None:
    """Freeze twice, as happens: a trial first, then the one that is decided."""
    admin = bureau.one(Role.CAMPAIGN_ADMIN)
    results.freeze_results(track, by=admin)
    results.decide(results.freeze_results(track, by=admin), by=admin)


def publish(track: Track, bureau: Bureau, *, opens_on: datetime.date, closes_on: datetime.date) -> PublicNotice:
    """Closing day given, because next year's holidays may not be announced yet."""
    names = "、".join(
        Application.objects.filter(track=track, status="selected")
        .order_by("branch__path")
        .values_list("branch__short_name", flat=True)
    )
    body = (
        f"经考核评定，拟命名{names}为“{track.award_name.strip('“”')}”。现予公示，公示期5个工作日。"
        "对公示对象有异议的，请以书面形式向市局机关党委反映，反映情况应实事求是、署真实姓名。"
    )
    return results.publish(track, opens_on=opens_on, closes_on=closes_on, body=body, by=bureau.one(Role.CAMPAIGN_ADMIN))


def name(track: Track, bureau: Bureau, *, approved_on: datetime.date, number: str) -> list[Award]:
    admin = bureau.one(Role.CAMPAIGN_ADMIN)
    if not Approval.objects.filter(track=track).exists():
        results.record_approval(track, approved_by="市局党委", number=number, approved_on=approved_on, by=admin)
    return results.name_winners(track, by=admin)


def step_back(panel: Panel, applications: list[int], *, user: User | None = None) -> None:
    """One member declares a conflict and is out at once."""
    assignment = panel.assignments.filter(application__in=applications).order_by("pk").last()
    if assignment:
        panels.declare_conflict(assignment, remark="本人配偶在该支部任职，申请回避。", by=assignment.user)
