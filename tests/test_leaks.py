"""Nobody sees, counts or infers what is out of scope: the pages themselves are compared, whatever stands on them.

A page of 甲县 may not change by a byte when anything in 乙县 changes, and no page but the office's may change with a
decision that is not yet public.
"""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse

from applications.models import Application, Evidence
from applications.services import checking, gate
from applications.states import SEALED, Status
from reviews.models import Assignment, Panel, PresentationSlot, Review, Score, SiteVisit
from reviews.services import scoring_desk
from tests import world as worlds
from tests.conftest import BACKEND

pytestmark = pytest.mark.django_db

# Every list with the filters that somebody could guess; {county}, {path}, {track} and so on are those of 乙县.
STATUSES = ["in_review", "selected", "reserve", "not_selected"]
PAGES = {
    "home": [], "branches:notices": ["show=all"], "standards:campaigns": [], "reviews:results": [], "reviews:panels": [],
    "applications:list": ["q=乙县", "county={county}", "track={track}", *(f"status={each}" for each in STATUSES)],
    "applications:progress": ["county={path}", "line={line}", "track={draft}", *(f"status={each}" for each in STATUSES)],
    "applications:check_list": ["show=done", "track={draft}"],
    "applications:rankings": ["track={draft}"],
    "applications:recommended": ["track={draft}", "county={path}"],
    "applications:eligibility": ["show=all", "track={draft}"],
    "applications:inspection": ["county={path}", "missing=name", *(f"status={each}" for each in STATUSES)],
    "applications:vetoes": ["state=proposed", "state=appealed"],
    "reviews:queue": ["panel={panel}"],
    "reviews:awards": ["q=乙县", "committee={county}", "print=1"],
}  # fmt: skip
OF_ONE = [
    "detail", "plan", "assessment", "evidence", "form", "preview", "receipt", "form_pdf", "check", "propose_veto",
    "extend",
]  # fmt: skip
# Whatever changes from one drawing of a page to the next without anybody's doing.
RESTLESS = re.compile(
    "<time data-clock.*?</time>|服务器时间[^<]*|data-gone=.[0-9]+"
    "|name=.csrfmiddlewaretoken. value=.[0-9A-Za-z]+|X-CSRFToken[^}]*".encode()
)
READERS = ["secretary", "committee_head", "inspector", "assessor", "expert", "conflicted", "county_admin"]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    with worlds.standing(django_db_blocker, tmp_path_factory) as built:
        other = Application.objects.filter(pk=built.other.pk)
        other.update(self_score="93.37", check_score="91.73", receipt_number="HZ-乙-0777")
        built.drawn = {}
        yield built


@pytest.fixture(autouse=True)
def its_media(world, media, settings):
    settings.MEDIA_ROOT = world.media


@pytest.fixture(params=READERS)
def reader(world, request):
    client = Client()
    client.user = world.people[request.param]
    client.force_login(client.user, backend=BACKEND)
    return client


def addresses(world) -> list[str]:
    """Every list with every filter, and every page of the two branches."""
    committee, branch = world.bureau.county_b, world.other.branch
    theirs = {"county": committee.pk, "path": committee.path, "line": branch.line, "track": world.track.pk,
              "draft": world.draft_track.pk, "panel": world.panels["stranger"].pk}  # fmt: skip
    found = [f"{reverse(name)}?{guess.format(**theirs)}" for name, guesses in PAGES.items() for guess in ("", *guesses)]
    for application in (world.own, world.other):
        found += [reverse(f"applications:{name}", args=[application.pk]) for name in OF_ONE]
        committee = application.branch.get_parent().pk
        found += [
            reverse(f"applications:{name}", args=[world.track.pk, committee]) for name in ("ranking", "ranking_sheet")
        ]
        found.append(reverse("applications:correct_branch", args=[application.branch_id]))
    for name, rows in (
        ("applications:evidence_file", world.evidence), ("applications:veto", world.vetoes),
        ("applications:appeal", world.vetoed), ("applications:appeal_case", world.appeals),
        ("applications:unclear", world.clearances), ("reviews:sheet", world.sheets.values()), ("reviews:session", world.sessions.values()),
        ("reviews:panel", world.panels.values()), ("reviews:result", [world.result]),
        ("reviews:public_notice", [world.notice]), ("standards:campaign", [world.campaign]),
    ):  # fmt: skip
        found += [reverse(name, args=[row.pk]) for row in rows]
    return found


def seen(client, urls) -> dict[str, bytes]:
    """What somebody gets to see of all of it; what is refused shows nothing. Reading is undone: it leaves marks."""
    pages = {}
    with transaction.atomic():
        for url in urls:
            answer = client.get(url)
            if answer.status_code in (200, 202):
                pages[url] = RESTLESS.sub(b"", answer.getvalue())
        transaction.set_rollback(True)
    return pages


def as_it_is(world, client) -> dict[str, bytes]:
    if client.user.pk not in world.drawn:
        world.drawn[client.user.pk] = seen(client, addresses(world))
    return world.drawn[client.user.pk]


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> dict[str, list[str]]:
    return {
        url: [a.strip() for a in set(after.get(url, b"").decode().splitlines()) ^ set(page.decode().splitlines())][:4]
        for url, page in {**after, **before}.items()
        if before.get(url) != after.get(url)
    }


def test_nothing_of_another_county_stands_on_any_page(world, reader):
    branch, county = world.other.branch, world.bureau.county_b
    words = ["93.37", "91.73", "HZ-乙-0777", world.evidence[1].name, branch.name, branch.short_name, county.name,
             world.bureau.b2.short_name, world.stranger.name, world.speaker.name,
             world.other.snapshots.get().receipt_number]  # fmt: skip
    pages = as_it_is(world, reader).items()
    assert {(url, word) for url, page in pages for word in words if word.encode() in page} == set()


def test_nothing_that_happens_elsewhere_changes_a_page(world, reader):
    """乙县 goes on its way, and a colleague of the same panel scores the same branch of 甲县."""
    leaf = world.rubric.leaves_for("")[0]
    with transaction.atomic():
        there = Application.objects.filter(branch__path__startswith=world.bureau.county_b.path, track=world.track)
        assert there.count() == 2
        there.update(status=Status.SUBMITTED, check_score="12.34", receipt_number="HZ-新", returns=3)
        there.exclude(pk=world.other.pk).delete()
        PresentationSlot.objects.filter(application=world.other).update(order=9)
        for person in (world.stranger, world.people["expired"]):
            sheet = world.sheets[person.pk]
            Score.objects.create(review=sheet, criterion=leaf, points="7.77", remark="他人评语")
            Review.objects.filter(pk=sheet.pk).update(status=Review.Status.FINAL, total="77.77", comment="他人总评")
        after = seen(reader, addresses(world))
        transaction.set_rollback(True)
    assert differences(as_it_is(world, reader), after) == {}


def test_a_sealed_decision_cannot_be_told_from_another(world, reader):
    """拟命名, 候补 and 未入选 look alike to all but the city office until the result is public."""
    pages = {}
    for status in sorted(SEALED):
        with transaction.atomic():
            Application.objects.filter(pk__in=[world.own.pk, world.other.pk]).update(status=status)
            pages[status] = seen(reader, as_it_is(world, reader))
            transaction.set_rollback(True)
    assert differences(pages[Status.SELECTED], pages[Status.NOT_SELECTED]) == {}
    assert differences(pages[Status.SELECTED], pages[Status.RESERVE]) == {}


def refusals(world) -> list[str]:
    """What people of the branch, the committee and the panel are told when they act on a page that is out of date."""
    application = Application.objects.for_work().get(pk=world.own.pk)
    leaf, sheet = world.rubric.leaves_for("")[0], world.sheets[world.cast.assessor.pk]
    told = []
    for step in (
        lambda: gate.move(application, "withdraw", by=world.cast.secretary),
        lambda: checking.save_check(
            application, leaf, answer={"points": "1"}, remark="", version=0, by=world.cast.committee_head
        ),
        lambda: scoring_desk.start_review(sheet.assignment, visit=sheet.visit),
    ):
        with pytest.raises(ValidationError) as refusal:
            step()
        told += refusal.value.messages
    return told


def test_a_refused_step_does_not_tell_the_decision(world):
    told = set()
    for status in SEALED:
        with transaction.atomic():
            Application.objects.filter(pk=world.own.pk).update(status=status)
            told.add(tuple(refusals(world)))
            transaction.set_rollback(True)
    assert len(told) == 1


def test_the_office_does_tell_them_apart(world):
    """The comparison above would notice."""
    client = Client()
    client.force_login(world.cast.campaign_admin, backend=BACKEND)
    pages = []
    for status in (Status.SELECTED, Status.NOT_SELECTED):
        with transaction.atomic():
            Application.objects.filter(pk=world.own.pk).update(status=status)
            pages.append(seen(client, [reverse("applications:list")]))
            transaction.set_rollback(True)
    assert list(differences(*pages)) == [reverse("applications:list")]


@pytest.mark.parametrize("who", ["conflicted", "expired"])
def test_nothing_is_left_to_whom_the_door_was_closed(world, who):
    """Stepped back, or the grant ran out: the assignment and the begun sheet are there, the way to them is not."""
    user = world.people[who]
    assert (user.assignments.count(), user.reviews.count()) == (1, 1)
    left = {
        model.__name__: model.objects.visible_to(user).count()
        for model in (Application, Evidence, Assignment, Review, SiteVisit)
    }
    assert left == {"Application": 0, "Evidence": 0, "Assignment": 0, "Review": 0, "SiteVisit": 0}
    assert Panel.objects.visible_to(user).count() == (1 if who == "conflicted" else 0)


def everybody(world):
    return [*filter(None, world.people.values()), *world.cast.everybody.values(), world.stranger, world.speaker]


class TestPredicateAndQuerysetAgree:
    """For the whole cast: what the list shows is what the rule allows, and nothing else."""

    @pytest.mark.parametrize("turn", range(len(Status)))
    def test_applications_in_every_status(self, world, turn):
        with transaction.atomic():
            statuses = list(Status)[turn:] + list(Status)[:turn]
            for application, status in zip(Application.objects.order_by("pk"), statuses, strict=False):
                Application.objects.filter(pk=application.pk).update(status=status)
            rows = list(Application.objects.select_related("branch"))
            for user in everybody(world):
                allowed = {row.pk for row in rows if user.has_perm("applications.view", row)}
                assert set(Application.objects.visible_to(user).values_list("pk", flat=True)) == allowed, user.name
            transaction.set_rollback(True)

    def test_evidence(self, world):
        rows = list(Evidence.objects.all())
        for user in everybody(world):
            allowed = {
                row.pk
                for row in rows
                if any(user.has_perm("applications.view", citation.application) for citation in row.citations.all())
            }
            assert set(Evidence.objects.visible_to(user).values_list("pk", flat=True)) == allowed, user.name

    def test_assignments(self, world):
        rows = list(Assignment.objects.all())
        for user in everybody(world):
            allowed = {row.pk for row in rows if user.has_perm("reviews.declare_conflict", row)}
            assert set(Assignment.objects.visible_to(user).values_list("pk", flat=True)) == allowed, user.name

    def test_reviews(self, world):
        rows = list(Review.objects.select_related("slot"))
        for user in everybody(world):
            allowed = {row.pk for row in rows if user.has_perm("reviews.view_review", row)}
            visible = Review.objects.visible_to(user).select_related("slot")
            assert {row.pk for row in visible if row.reviewer_id == user.pk or not row.sealed} == allowed, user.name

    def test_administrators_of_the_system_see_no_application(self, world):
        for key in ("system_admin", "security_admin", "auditor", "outsider"):
            for user in (world.people[key], world.cast.everybody[key]):
                assert list(Application.objects.visible_to(user)) == []
