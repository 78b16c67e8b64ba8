"""S2, the competition, brought to the chosen stage: who got how far, and everything on the way there."""

from random import Random

from django.utils import timezone

from applications.models import Application
from applications.services import preparing, submitting
from branches import audit
from branches.roles import Role
from reviews.demo import branch_work, bulk, calendar, committee_work, panel_work, self_check_work, study_work
from reviews.demo.branch_work import Case
from reviews.demo.bureau import Bureau
from reviews.demo.files import Sample
from standards.models import Campaign, ScoreComponent, Stage, Track
from standards.services import campaigns as campaign_services

# Where today stands in the plan's calendar, by the stage asked for.
STANDING = {
    "preparing": ("mobilise", 0.8),
    "applying": ("apply", 0.6),
    "recommending": ("recommend", 0.92),
    "dynamic": ("dynamic", 0.6),
    "presenting": ("present", 0.45),
    "result": ("publish", 0.3),
    "named": ("name", 0.96),
}
STAGES = tuple(STANDING)
# How far branches got, by stage: reach and how many in a hundred.
REACHES = {
    "preparing": [("untouched", 25), ("planned", 45), ("drafting", 30)],
    "applying": [
        *[("untouched", 8), ("planned", 10), ("drafting", 30), ("submitted", 17), ("checking", 8)],
        *[("checked", 20), ("returned", 5), ("withdrawn", 2)],
    ],
    "recommending": [
        ("drafting", 4),
        ("submitted", 3),
        ("checking", 3),
        ("returned", 3),
        ("withdrawn", 2),
        ("checked", 85),
    ],  # fmt: skip
    "later": [("drafting", 2), ("returned", 2), ("withdrawn", 3), ("checked", 93)],
}
SUBMITTED = ("submitted", "checking", "checked", "returned", "withdrawn")


def after(stage: str, other: str) -> bool:
    """Whether the stage is the other one or comes after it."""
    return STAGES.index(stage) >= STAGES.index(other)


def load(campaign: Campaign, bureau: Bureau, samples: list[Sample], *, stage: str, seed: int) -> None:
    """Open the campaign, let everybody work, and leave the calendar standing in the stage."""
    track = campaign.tracks.get()
    kind, share = STANDING[stage]
    calendar.stand_in(track, kind, share=share)
    with calendar.within(track, "mobilise" if stage == "preparing" else "apply"):
        open_campaign(campaign, bureau)
    track = Track.objects.select_related("campaign", "rubric").get(pk=track.pk)
    dates = calendar.Dates(track)
    with audit.recorded():
        study_work.sign(campaign, track, bureau, seed=seed, share=0.45 if stage == "preparing" else 0.9)
    cases = _cases(track, bureau, stage, seed)
    branch_work.fill_in([case for case in cases if case.reach != "untouched"], track, bureau, samples, dates)
    self_check_work.examine([case for case in cases if case.reach != "untouched"], track, bureau)
    handed_in = [case for case in cases if case.reach in SUBMITTED]
    one_by_one, many = bulk.split(handed_in)
    with calendar.within(track, "apply"), audit.recorded():
        branch_work.submit_all(one_by_one, bureau)
        bulk.submit(many, track, bureau)
    branch_work.backdate(handed_in, dates)
    up = _committees(cases, track, bureau, dates, stage)
    if after(stage, "dynamic"):
        _reviews(up, track, bureau, dates, stage)


def open_campaign(campaign: Campaign, bureau: Bureau) -> None:
    """Labels of this year, the approval on record, opened by the office: branches are enrolled where they may apply."""
    calendar.relabel(campaign)
    begins = min(stage.opens_on for stage in Stage.objects.filter(track__campaign=campaign) if stage.opens_on)
    begins = min(begins, timezone.localdate())
    admin = bureau.one(Role.CAMPAIGN_ADMIN)
    campaign_services.record_approval(
        campaign, by=admin, approved_by="市局党委", approved_on=begins - calendar.DAY * 9,
        approval_number=f"市公党〔{begins.year}〕6号",
    )  # fmt: skip
    preparing.open_campaign(Campaign.objects.get(pk=campaign.pk), by=admin)


def _cases(track: Track, bureau: Bureau, stage: str, seed: int) -> list[Case]:
    """Chance decides how good a branch is and how far it got; the first of each committee always keeps up."""
    applications = {a.branch_id: a for a in Application.objects.filter(track=track)}
    shares = REACHES.get(stage, REACHES["later"])
    names, weights = [name for name, _ in shares], [weight for _, weight in shares]
    firsts = {bureau.below(committee)[0].pk for committee in [bureau.headquarters, *bureau.committees]}
    shown = bureau.below(bureau.committees[0])[0]
    cases = []
    for branch in bureau.branches:
        random = Random(f"{seed}/{branch.code}")  # noqa: S311
        reach = random.choices(names, weights)[0]
        quality = random.triangular(0.78, 0.97, 0.9)
        if branch.pk in firsts:
            reach, quality = shares[-1][0] if stage != "applying" else "checked", 0.955
        if branch == shown:
            reach = {"preparing": "drafting", "applying": "drafting"}.get(stage, "checked")
        application = applications[branch.pk]
        application.branch, application.track = branch, track
        case = Case(application, branch, quality, reach, f"{seed}/{branch.code}/S2")
        if reach not in SUBMITTED:
            case.meetings = 0.5 if reach == "planned" else 1.0
            case.answered = {"drafting": 0.8 if branch == shown else random.uniform(0.15, 0.95)}.get(reach, 0.0)
            case.form = random.choice([0.0, 0.4, 0.8]) if reach == "drafting" else 0.0
            if stage == "preparing":
                case.meetings, case.answered, case.form = min(case.meetings, 0.7), case.answered * 0.3, 0.0
        cases.append(case)
    return cases


def _committees(cases: list[Case], track: Track, bureau: Bureau, dates: calendar.Dates, stage: str) -> list[Case]:
    """Check, return, withdraw, rank, nominate, clear. Returns the cases that went up to the city."""
    by_reach: dict[str, list[Case]] = {}
    for case in cases:
        by_reach.setdefault(case.reach, []).append(case)
    checked = by_reach.get("checked", [])
    committee_work.check([*checked, *by_reach.get("returned", [])], track, bureau)
    committee_work.check(by_reach.get("checking", []), track, bureau, share=0.55)
    committee_work.accept(checked, track, bureau, dates)
    committee_work.send_back(by_reach.get("returned", []), bureau)
    if not after(stage, "recommending"):
        committee_work.mend(by_reach.get("returned", [])[:1], bureau)
    for case in by_reach.get("withdrawn", []):
        submitting.withdraw_application(
            Application.objects.for_work().get(pk=case.application.pk), by=bureau.at(case.branch, Role.SECRETARY)
        )
    up = _recommend(checked, track, bureau, dates, stage) if after(stage, "recommending") else []
    waiting = [case for case in checked if case not in up]
    if after(stage, "recommending"):
        committee_work.clear(up, bureau, "recommend")
        committee_work.vetoes(waiting[-3:], bureau)
    elif after(stage, "applying"):
        committee_work.vetoes(checked[-1:], bureau)
    return up


def _recommend(checked: list[Case], track: Track, bureau: Bureau, dates: calendar.Dates, stage: str) -> list[Case]:
    """Every committee ranks; while recommending still runs, some have confirmed, some only drafted, some not begun."""
    up: list[Case] = []
    for number, committee in enumerate(bureau.committees):
        own = [case for case in checked if case.branch.path.startswith(committee.path)]
        state = "confirmed" if after(stage, "dynamic") or number % 2 else ["drafted", "none"][number // 2 % 2]
        if state == "none":
            continue
        committee_work.rank(track, committee, own, bureau, dates, confirm=state == "confirmed")
        if state == "confirmed":
            up += sorted(own, key=lambda case: -case.quality)[: track.recommend_max]
    own = [case for case in checked if case.branch.nominates_itself]
    own = own if after(stage, "dynamic") else own[: len(own) // 2]
    committee_work.hand_up(own, track, bureau)
    return [*own, *up]


def _reviews(up: list[Case], track: Track, bureau: Bureau, dates: calendar.Dates, stage: str) -> None:
    """Panels, rounds of visits, presentations, result, notice and plaques: as far as the stage goes."""
    made = panel_work.form(track, bureau, source=ScoreComponent.Source.VISIT, count=3)
    (experts,) = panel_work.form(track, bureau, source=ScoreComponent.Source.PRESENTATION)
    of_panel = panel_work.hand_out(made, up, bureau)
    committee_work.clear(up[: len(up) * 2 // 3] if stage == "dynamic" else up, bureau, "review")
    panel_work.step_back(made[0], list(of_panel))
    over = after(stage, "presenting")
    rounds = [(0.25, 1.0), (0.55, 1.0), (0.9, 1.0)] if over else [(0.2, 1.0), (0.4, 1.0), (1.0, 0.45)]
    for number, (share, done) in enumerate(rounds, 1):
        panel_work.visit_all(up, of_panel, bureau, on=dates.day("dynamic", share), number=number, done=done)
    if not over:
        return
    day = dates.day("onsite", 0.35)
    panel_work.visit_all(up, of_panel, bureau, on=day, number=4, kind="onsite")
    panel_work.hand_out([experts], up, bureau)
    finished = after(stage, "result")
    held = dates.day("present", 0.6) if finished else dates.today
    panel_work.present(experts, up, bureau, held_on=held, closed=1.0 if finished else 0.4, seed=f"{up[0].seed}/抽签")
    if finished:
        panel_work.decide(track, bureau)
        panel_work.publish(
            track, bureau, opens_on=dates.day("publish", 0), closes_on=track.stages.get(kind="publish").closes_on
        )
        winners = set(Application.objects.filter(track=track, status="published").values_list("pk", flat=True))
        committee_work.clear([case for case in up if case.application.pk in winners], bureau, "name")
    if after(stage, "named"):
        closed = track.stages.get(kind="publish").closes_on
        panel_work.name(track, bureau, approved_on=closed + calendar.DAY * 2, number=f"市公党〔{closed.year}〕41号")
