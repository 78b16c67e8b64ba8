"""What happens behind the browser tests: a small bureau, other branches' work, the passing of time.

Each call is a process of its own beside the running server, which sees only the database change:

    python -m tests.browser.backstage build            both plans as drafts, 12 branches, one person per seat
    python -m tests.browser.backstage s2_others        what the other branches of S2 did meanwhile
    …

The roads do by hand, in the pages, each step once; here the same steps are repeated for the other branches,
through the services. Time is passed by moving the stages' dates, because nobody may set the server's clock.
"""

import datetime
import os
import sys
from random import Random
from types import SimpleNamespace

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402
from django.utils import timezone  # noqa: E402

from applications.models import Application  # noqa: E402
from applications.services import checking, gate, preparing  # noqa: E402
from branches import audit, ledger  # noqa: E402
from branches.models import Branch, RoleGrant, User  # noqa: E402
from branches.roles import Role  # noqa: E402
from reviews.demo import branch_work, bureau, calendar, committee_work, files, panel_work, strongest  # noqa: E402
from reviews.models import Panel, PresentationSession, PublicNotice, Review, SiteVisit  # noqa: E402
from reviews.services import scoring_desk  # noqa: E402
from standards.models import Campaign, ScoreComponent, Stage, Track  # noqa: E402
from tests import factories  # noqa: E402
from tests.road import Road  # noqa: E402

SEED = "browser"
S2_WINNERS, S2_RESERVES = 3, 1


def build() -> None:
    """S2 a draft, its calendar on the tenth day of April; few enough places that not everybody wins. S1 a draft too."""
    bureau.build(Random(SEED), size=12)
    # Everybody may take part: the road is about the steps, not about who is shut out.
    Branch.objects.filter(kind=Branch.Kind.BRANCH).update(solid_grade="达标", solid_basis="市公党〔2025〕18号")
    s2 = Track.objects.get(campaign__code="S2")
    calendar.stand_in(s2, Stage.Kind.APPLY)
    Track.objects.filter(pk=s2.pk).update(quota=S2_WINNERS, reserves=S2_RESERVES)
    calendar.relabel(s2.campaign)
    calendar.stand_in(four_strong(), Stage.Kind.APPLY)


def four_strong() -> Track:
    return Track.objects.get(campaign__code="S1", code="T2-2021")


def people() -> bureau.Bureau:
    """The bureau as the database has it."""
    nodes = list(Branch.objects.order_by("path"))
    found = bureau.Bureau(
        city=nodes[0],
        headquarters=nodes[1],
        committees=[node for node in nodes if node.recommends],
        branches=[node for node in nodes if node.kind == Branch.Kind.BRANCH],
    )
    for grant in RoleGrant.objects.select_related("user", "branch").order_by("pk"):
        found.people.setdefault((grant.branch_id, grant.role), grant.user)
        if grant.branch_id == found.city.pk:
            found.city_people.setdefault(grant.role, []).append(grant.user)
    return found


def track_of(code: str) -> Track:
    track = four_strong() if code == "S1" else Track.objects.get(campaign__code=code)
    return Track.objects.select_related("campaign", "rubric").get(pk=track.pk)


def cases(track: Track, qualities: dict[str, float]) -> list[branch_work.Case]:
    """The applications of these branches, each as good as told."""
    found = []
    for code, quality in qualities.items():
        application = Application.objects.select_related("branch").get(track=track, branch__code=code)
        application.track = track
        found.append(branch_work.Case(application, application.branch, quality, "checked", f"{SEED}/{code}"))
    return found


# S2


def s2_open() -> None:
    """The office opens S2."""
    strongest.open_campaign(Campaign.objects.get(code="S2"), people())


def s2_filled(*codes: str) -> None:
    """These branches have filled everything in and not submitted."""
    track = track_of("S2")
    branch_work.fill_in(
        cases(track, dict.fromkeys(codes, 0.9)), track, people(), files.samples(), calendar.Dates(track)
    )


def s2_form_left(code: str) -> None:
    """Everything is done but the form; one honour stands in the ledger."""
    s2_filled(code)
    track, everybody = track_of("S2"), people()
    Application.objects.filter(track=track, branch__code=code).update(form_data={}, form_version=0)
    branch = Branch.objects.get(code=code)
    branch.honours.all().delete()
    ledger.record_honour(
        branch, name="先进基层党组织", level="city", holder="collective", recipient="", issuer="市局党委",
        document_number="", awarded_on=timezone.localdate() - datetime.timedelta(days=200),
        by=everybody.people[branch.pk, Role.CLERK],
    )  # fmt: skip


def s2_submitted(*codes: str) -> None:
    """These branches, filled in before, have submitted."""
    branch_work.submit_all(cases(track_of("S2"), dict.fromkeys(codes, 0.9)), people())


def s2_due_in(days: str) -> None:
    """So many days are left to submit."""
    last = timezone.localdate() + datetime.timedelta(days=int(days))
    Stage.objects.filter(track=track_of("S2"), kind=Stage.Kind.APPLY).update(closes_on=last)


def s2_others() -> None:
    """Four branches are checked, two of them ranked by their committees; an office of headquarters has filled all in."""
    track, all_people = track_of("S2"), people()
    dates = calendar.Dates(track)
    ready = cases(track, {"X01-002": 0.93, "X01-003": 0.92, "X02-001": 0.84, "JJ-01": 0.88})
    office = cases(track, {"JG-01": 0.9})
    branch_work.fill_in([*ready, *office], track, all_people, files.samples(), dates)
    branch_work.submit_all(ready, all_people)
    committee_work.check(ready, track, all_people)
    committee_work.accept(ready, track, all_people, dates)
    for case in ready[2:]:
        committee = all_people.committee_of(case.branch)
        committee_work.rank(track, committee, [case], all_people, dates, confirm=True)


def ranking_open() -> None:
    """The first county has three checked branches and a second head; nobody of it is ranked yet."""
    track, all_people = track_of("S2"), people()
    ready = cases(track, {"X01-001": 0.95, "X01-002": 0.93, "X01-003": 0.92})
    branch_work.fill_in(ready, track, all_people, files.samples(), calendar.Dates(track))
    branch_work.submit_all(ready, all_people)
    committee_work.check(ready, track, all_people)
    committee_work.accept(ready, track, all_people, calendar.Dates(track))
    committee_work.clear(ready, all_people, "recommend")
    clerk = User.objects.get(police_no="110001")
    RoleGrant.objects.create(user=clerk, role=Role.COMMITTEE_HEAD, branch=ready[0].branch.get_parent())


def recommending_over() -> None:
    """The calendar moves on: the committees' time is up."""
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Stage.objects.filter(track=track_of("S2"), kind=Stage.Kind.RECOMMEND).update(closes_on=yesterday)


def given_to_panel(code: str) -> None:
    """The branch's recommended application is under review."""
    track = track_of("S2")
    application = Application.objects.for_work().get(track=track, branch__code=code)
    with audit.recorded():
        gate.move(application, "start_review", by=people().one(Role.CAMPAIGN_ADMIN))


def visits_scored(code: str = "S2") -> None:
    """Everybody else's sheets of the visits are handed in."""
    track, all_people = track_of(code), people()
    panels = Panel.objects.filter(track=track, component__source=ScoreComponent.Source.VISIT)
    with audit.recorded():
        for visit in SiteVisit.objects.filter(panel__in=panels).select_related("panel", "application__branch"):
            _score(track, visit.application, visit.panel, all_people, visit=visit)


def slot_scored() -> None:
    """The other experts hand in their sheets for the branch on the stage."""
    track = track_of("S2")
    session = PresentationSession.objects.get(panel__track=track)
    slot = session.slots.select_related("application__branch").get(opened_at__isnull=False, closed_at=None)
    with audit.recorded():
        _score(track, slot.application, session.panel, people(), slot=slot)


def slots_over() -> None:
    """The other branches present one after the other."""
    track, all_people = track_of("S2"), people()
    session = PresentationSession.objects.get(panel__track=track)
    for slot in session.slots.select_related("application__branch").filter(opened_at=None):
        slot = scoring_desk.open_slot(slot, by=all_people.one(Role.CAMPAIGN_ADMIN))
        with audit.recorded():
            _score(track, slot.application, session.panel, all_people, slot=slot)
        scoring_desk.close_slot(slot, by=all_people.one(Role.CAMPAIGN_ADMIN))


QUALITY = {"X01-001": 0.97, "X01-002": 0.93, "JG-01": 0.9, "JJ-01": 0.87, "X02-001": 0.82}


def _score(
    track: Track, application: Application, panel: Panel, all_people: bureau.Bureau,
    *, visit: SiteVisit | None = None, slot=None,
) -> None:  # fmt: skip
    """Final sheets of all members of the panel who have none for this event yet."""
    begun = Review.objects.filter(visit=visit, slot=slot).values("reviewer")
    marking = panel_work.Marking(panel.component.scoring_rubric)
    quality = QUALITY.get(application.branch.code, 0.96)
    case = branch_work.Case(application, application.branch, quality, "", f"{SEED}/{application.pk}")
    for assignment in panel.assignments.filter(application=application).exclude(user__in=begun).select_related("user"):
        random = Random(f"{SEED}/{application.branch.code}/{assignment.user.police_no}")
        review, scores = panel_work._sheet(case, assignment, marking, random, 1.0, timezone.now())
        review.visit, review.slot = visit, slot
        review.save()
        type(scores[0]).objects.bulk_create(scores)
        branch = application.branch
        audit.record("review.finish", review, by=review.reviewer, branch=branch, total=review.total)


def notice_over(code: str = "S2") -> None:
    """A fortnight passes: the public notice has ended."""
    fortnight = datetime.timedelta(days=14)
    for notice in PublicNotice.objects.filter(track=track_of(code)):
        notice.opens_on, notice.closes_on = notice.opens_on - fortnight, notice.closes_on - fortnight
        notice.save(update_fields=["opens_on", "closes_on"])


# S1


def s1_open() -> None:
    """The office opens S1, and two other branches go the road up to where the city takes over; one is weaker."""
    all_people = people()
    strongest.open_campaign(Campaign.objects.get(code="S1"), all_people)
    track = track_of("S1")
    dates = calendar.Dates(track)
    others = cases(track, {"X01-002": 0.975, "X02-001": 0.98})
    branch_work.fill_in(others, track, all_people, files.samples(), dates)
    branch_work.submit_all(others, all_people)
    committee_work.check(others, track, all_people)
    committee_work.accept(others, track, all_people, dates)
    committee_work.hand_up(others, track, all_people)


def s1_forwarding() -> None:
    """The calendar moves on: 上报 is open."""
    calendar.stand_in(track_of("S1"), Stage.Kind.FORWARD)


def s1_onsite() -> None:
    """The calendar moves on: the city's assessors are on the road."""
    calendar.stand_in(track_of("S1"), Stage.Kind.ONSITE)


# The wide rubric: every kind of criterion


def wide() -> None:
    """A track of the rubric with every kind: X01-001 fills in, X01-002 waits for the check, X01-003 for its visit."""
    all_people = people()
    assessors = all_people.city_people[Role.ASSESSOR]
    campaign = factories.CampaignFactory(code="WIDE")
    track = factories.wide_track(campaign, factories.wide_rubric())
    preparing.open_campaign(campaign, by=all_people.one(Role.CAMPAIGN_ADMIN))
    road = Road(
        SimpleNamespace(
            campaign_admin=all_people.one(Role.CAMPAIGN_ADMIN), assessor=assessors[0], assessor2=assessors[1],
            inspector=all_people.one(Role.INSPECTOR),
        )
    )  # fmt: skip
    mine = {each.branch.code: each for each in Application.objects.for_work().filter(track=track)}
    road.to(mine["X01-002"], "submitted")
    visited = road.to(mine["X01-003"], "recommended")
    panel = road.assign(track, ScoreComponent.Source.VISIT, [visited])
    scoring_desk.schedule_visit(
        panel, visited, kind="dynamic", visited_on=timezone.localdate(), note="", by=all_people.one(Role.CAMPAIGN_ADMIN)
    )


def sent_back(code: str) -> None:
    """The branch hands in its application of S2; its committee returns it with a word on two criteria."""
    track, all_people = track_of("S2"), people()
    case = cases(track, {code: 0.9})
    branch_work.submit_all(case, all_people)
    application = Application.objects.for_work().get(pk=case[0].application.pk)
    head = all_people.at(all_people.committee_of(application.branch), Role.COMMITTEE_HEAD)
    due_on = timezone.localdate() + datetime.timedelta(days=5)
    said = ["请补充第一议题学习记录。", "自评与台账不符，请核实次数。"]
    leaves = application.track.rubric.leaves_for(application.branch.line)
    checking.return_application(
        application, reason="两项佐证不足，请补充后重报。", due_on=due_on, items=list(zip(leaves, said, strict=False)),
        by=head,
    )  # fmt: skip


def idle() -> None:
    """Everybody has gone away for longer than a forgotten screen stays open."""
    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        session["seen"] = 0
        session.save()


def outline(code: str) -> None:
    """A draft rubric of three levels; prints its key."""
    print(factories.draft_outline(code).pk)


ACTS = [
    build, s2_open, s2_filled, s2_form_left, s2_submitted, s2_due_in, s2_others, visits_scored, slot_scored, slots_over,
    notice_over, s1_open, s1_forwarding, s1_onsite, wide, sent_back, idle, outline, ranking_open, recommending_over,
    given_to_panel,
]  # fmt: skip

if __name__ == "__main__":
    acts = {act.__name__: act for act in ACTS}
    with audit.origin("命令 backstage"):
        acts[sys.argv[1]](*sys.argv[2:])
