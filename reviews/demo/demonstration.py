"""S1, acceptance: one round named, one 示范点 round applying, the “四强” round being visited, one round still to come."""

from random import Random

from applications.models import Application
from branches import audit
from branches.models import Branch
from reviews.demo import branch_work, calendar, committee_work, panel_work, self_check_work, study_work
from reviews.demo.branch_work import Case
from reviews.demo.bureau import Bureau
from reviews.demo.files import Sample
from reviews.demo.strongest import open_campaign
from reviews.models import Panel
from standards.models import Campaign, ScoreComponent, Track

NAMED, APPLYING, COMING, FOUR_STRONG = "T1-2020", "T1-2021", "T1-2022", "T2-2021"


def load(campaign: Campaign, bureau: Bureau, samples: list[Sample], *, seed: int) -> None:
    tracks = {track.code: track for track in campaign.tracks.all()}
    shift = calendar.stand_in(tracks[APPLYING], "apply", share=0.6)
    for code in (NAMED, COMING):
        calendar.move(tracks[code], shift)
    calendar.stand_in(tracks[FOUR_STRONG], "onsite", share=0.4)
    open_campaign(campaign, bureau)
    tracks = {track.code: track for track in campaign.tracks.select_related("campaign", "rubric")}
    shown = bureau.below(bureau.committees[0])[0]
    with audit.recorded():
        study_work.sign(campaign, tracks[APPLYING], bureau, seed=seed, share=0.75, waiting=(shown.code,))
    able = [branch for branch in bureau.branches if branch.solid_grade and not branch.nominates_itself]
    random = Random(f"{seed}/S1")  # noqa: S311
    named = random.sample(able[1:], min(12, len(able) // 3))
    strong = [able[0], *random.sample([branch for branch in able[1:] if branch not in named], min(13, len(able) // 3))]
    _named_round(tracks[NAMED], named, bureau, samples, seed)
    _visited_round(tracks[FOUR_STRONG], strong, bureau, samples, seed)
    _applying_round(tracks[APPLYING], able, bureau, samples, seed)


def _enrol(track: Track, branches: list[Branch], seed: int, **more) -> list[Case]:
    """Those who thought they had reached the standard and took part in a round that is over by now."""
    cases = []
    with audit.recorded():
        Application.objects.bulk_create([Application(branch=branch, track=track) for branch in branches])
        audit.record("track.enrol", track, by=None, branches=len(branches))
    for application in Application.objects.filter(track=track, branch__in=branches).select_related("branch"):
        application.track = track
        key = f"{seed}/{application.branch.code}/{track.code}"
        quality = Random(key).uniform(0.955, 0.985)  # noqa: S311
        cases.append(Case(application, application.branch, quality, "checked", key, **more))
    return cases


def _forwarded(cases: list[Case], track: Track, bureau: Bureau, samples: list[Sample], dates: calendar.Dates) -> None:
    """Filled in, submitted, checked, accepted and forwarded."""
    branch_work.fill_in(cases, track, bureau, samples, dates)
    with calendar.within(track, "apply"):
        branch_work.submit_all(cases, bureau)
    branch_work.backdate(cases, dates)
    committee_work.check(cases, track, bureau)
    committee_work.accept(cases, track, bureau, dates)
    committee_work.hand_up(cases, track, bureau)
    committee_work.clear(cases, bureau, "recommend")


def _visitors(track: Track, bureau: Bureau, cases: list[Case]) -> dict[int, Panel]:
    made = panel_work.form(track, bureau, source=ScoreComponent.Source.VISIT, count=2)
    of_panel = panel_work.hand_out(made, cases, bureau)
    committee_work.clear(cases, bureau, "review")
    return of_panel


def _named_round(track: Track, branches: list[Branch], bureau: Bureau, samples: list[Sample], seed: int) -> None:
    dates = calendar.Dates(track)
    cases = _enrol(track, branches, seed)
    if not cases:
        return
    _forwarded(cases, track, bureau, samples, dates)
    of_panel = _visitors(track, bureau, cases)
    panel_work.visit_all(cases, of_panel, bureau, on=dates.day("onsite", 0.9), number=1, kind="onsite")
    panel_work.decide(track, bureau)
    if not Application.objects.filter(track=track, status="selected").exists():
        return
    panel_work.publish(track, bureau, opens_on=dates.day("publish", 0), closes_on=dates.day("publish", 1))
    committee_work.clear([case for case in cases if _published(case)], bureau, "name")
    day = dates.day("name", 0.5)
    panel_work.name(track, bureau, approved_on=day, number=f"市公党〔{day.year}〕19号")


def _published(case: Case) -> bool:
    return Application.objects.filter(pk=case.application.pk, status="published").exists()


def _visited_round(track: Track, branches: list[Branch], bureau: Bureau, samples: list[Sample], seed: int) -> None:
    """Two thirds have been visited, the last visits are not yet scored to the end."""
    dates = calendar.Dates(track)
    cases = _enrol(track, branches, seed)
    _forwarded(cases, track, bureau, samples, dates)
    of_panel = _visitors(track, bureau, cases)
    done, fresh = cases[: len(cases) // 2], cases[len(cases) // 2 : len(cases) * 5 // 6]
    panel_work.visit_all(done, of_panel, bureau, on=dates.day("onsite", 0.3), number=1, kind="onsite")
    panel_work.visit_all(fresh, of_panel, bureau, on=dates.today, number=1, kind="onsite", done=0.5)


def _applying_round(track: Track, able: list[Branch], bureau: Bureau, samples: list[Sample], seed: int) -> None:
    """Everybody is enrolled; most have planned, some are at their self-assessment, a few have submitted."""
    dates, cases = calendar.Dates(track), []
    fit = {branch.pk for branch in able}
    for application in Application.objects.filter(track=track).select_related("branch"):
        branch, key = application.branch, f"{seed}/{application.branch.code}/{track.code}"
        random = Random(key)  # noqa: S311
        luck = {able[0].pk: 0.3, able[1].pk: 0.0}.get(branch.pk, random.random())
        application.track = track
        case = Case(application, branch, random.uniform(0.955, 0.985), "planned", key, answered=0.0, form=0.0)
        if luck < 0.09 and branch.pk in fit:
            case.reach, case.answered, case.form = "submitted", 1.0, 1.0
        elif luck < 0.35:
            case.reach, case.answered, case.form = "drafting", random.uniform(0.2, 0.9), random.choice([0.0, 0.5])
        elif luck > 0.93:
            continue
        cases.append(case)
    branch_work.fill_in(cases, track, bureau, samples, dates)
    self_check_work.examine(cases, track, bureau)
    submitted = [case for case in cases if case.reach == "submitted"]
    branch_work.submit_all(submitted, bureau)
    branch_work.backdate(submitted, dates)
    committee_work.check(submitted[::2], track, bureau, share=0.5)
