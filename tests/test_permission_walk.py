"""Every address × every role × own, other's and nobody's object, against the table written by hand."""

import copy
import uuid
from collections import defaultdict

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from reviews.models import ResultRow
from tests import world as worlds
from tests.conftest import BACKEND
from tests.permission_table import TABLE
from tests.world import NOBODY

pytestmark = pytest.mark.django_db

SIGNS = {200: ".", 302: ">", 403: "x", 404: "-", 400: "!", 409: "!", 422: "!"}
ROWS = [line.split() for line in TABLE.splitlines() if line.strip() and not line.startswith("#")]
HEADER = next(line for line in TABLE.splitlines() if line.startswith("#")).split()[1:]
EXPECTED = {(name, method): (kind, dict(zip(HEADER, cells, strict=True))) for name, method, kind, *cells in ROWS}
METHODS = defaultdict(set)
for name, method in EXPECTED:
    METHODS[name].add(method)

# What hidden fields hold when somebody has tampered with them.
FIELDS = (
    "self_check", "decision", "rectify", "done_on",
    "branch", "evidence", "criterion", "application", "version", "form-TOTAL_FORMS", "form-INITIAL_FORMS", "more",
    "pair", "visit", "slot", "stage", "until", "minutes_each", "held_on", "dimension", "seen", "mark", "hash", "read",
    "to", "parent", "after", "position", "revision", "undo",
    "scope", "number", "lifts", "full_members", "founded_on",
    "move", "point", "submission", "return-submission", "accept-submission", "members", "leader", "component", "unit",
    "role", "police_no", "valid_from", "active", "opens_on", "approved_on", "visited_on", "applications", "next",
    "ids", "return-item", "keep",
    "delivery", "task",
)  # fmt: skip
GARBAGE = ["1:", "²", "9" * 18, "9" * 30, "9" * 5000]


def names(patterns, prefix=""):
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            yield prefix + pattern.name
        else:
            yield from names(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else prefix)


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory):
    with worlds.standing(django_db_blocker, tmp_path_factory) as built:
        built.addresses = Addresses(built)
        built.clients = dict(zip(HEADER, map(client_of, built.people.values()), strict=True))
        yield built


@pytest.fixture(autouse=True)
def its_surroundings(world, media, settings):
    settings.MEDIA_ROOT = world.media


def client_of(user):
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user, backend=BACKEND)
        client.get("/readyz")  # the session notes when it was seen: once, not before every request that is undone
    return client


class Addresses:
    """The arguments of an address for own, other and nothing, by the kind of object it is about and who asks."""

    def __init__(self, world):
        self.world = world
        self.people = dict(zip(HEADER, world.people.values(), strict=True))
        users = [user for user in world.people.values() if user]
        strangers = [world.cast.secretary_b1, world.cast.other_head]
        self.notices = {user.pk: worlds.notice_of(user).pk for user in users + strangers}
        self.workbooks = [worlds.workbook_of(u).pk for u in (world.cast.campaign_admin, world.cast.expert)]
        self.jobs = {user.pk: worlds.job_of(user).pk for user in users + strangers}

    def of(self, kind: str, column: str) -> list[dict]:
        found = getattr(self, f"_{kind}")(column) if kind != "·" else [{}]
        return found if all(isinstance(each, dict) for each in found) else [{"pk": pk} for pk in (*found, NOBODY)]

    def _app(self, _):
        return self.world.own.pk, self.world.other.pk

    def _task(self, _):
        task = self.world.track.stages.get(kind="mobilise").tasks.get(kind="members_meeting").pk
        return [{"pk": pk, "task_pk": task} for pk in (*self._app(_), NOBODY)]

    def _measure(self, _):
        measures = [each.plan_items.get().pk for each in (self.world.own, self.world.other)]
        return [{"pk": pk, "item_pk": measure} for pk, measure in zip(self._app(_), measures, strict=True)] + [
            {"pk": NOBODY, "item_pk": NOBODY}
        ]

    def _answer(self, _):
        leaf = self.world.rubric.leaves_for("")[0].pk
        return [{"pk": pk, "criterion_pk": leaf} for pk in (*self._app(_), NOBODY)]

    def _self_check(self, _):
        return [each.pk for each in self.world.self_checks]

    def _self_item(self, _):
        leaf = self.world.rubric.leaves_for("")[0].pk
        return [{"pk": pk, "criterion_pk": leaf} for pk in (*self._self_check(_), NOBODY)]

    def _rectification(self, _):
        return [each.pk for each in self.world.rectifications]

    def _join(self, _):
        return [{"track_pk": pk} for pk in (self.world.track.pk, self.world.track.pk, NOBODY)]

    def _evidence(self, _):
        return [each.pk for each in self.world.evidence]

    def _file(self, _):
        pairs = [(a.pk, e.pk) for a, e in zip((self.world.own, self.world.other), self.world.evidence, strict=True)]
        return [{"pk": pk, "evidence_pk": evidence} for pk, evidence in (*pairs, (NOBODY, NOBODY))]

    def _partial(self, _):
        """An upload of 甲县's secretary, one of 乙县's, none."""
        return [{"key": key} for key in (*self.world.uploads, uuid.UUID(int=0))]

    def _partial_of(self, _):
        return [{"pk": pk, **key} for pk, key in zip((*self._app(_), NOBODY), self._partial(_), strict=True)]

    def _branch(self, _):
        return self.world.bureau.a1.pk, self.world.bureau.b1.pk

    def _honour(self, _):
        return [each.pk for each in self.world.honours]

    def _citation(self, _):
        return [each.pk for each in self.world.citations]

    def _veto(self, _):
        return [each.pk for each in self.world.vetoes]

    def _vetoed(self, _):
        return [each.pk for each in self.world.vetoed]

    def _standing(self, _):
        return [each.vetoes.get().pk for each in self.world.vetoed]

    def _appeal(self, _):
        return [each.pk for each in self.world.appeals]

    def _clearance(self, _):
        return [each.pk for each in self.world.clearances]

    def _branch(self, _):
        return self.world.bureau.a1.pk, self.world.bureau.b1.pk

    def _ranking(self, _):
        near, far = self.world.bureau.county_a.pk, self.world.bureau.county_b.pk
        return [{"track_pk": self.world.track.pk, "committee_pk": pk} for pk in (near, far, NOBODY)]

    def _campaign(self, _):
        return self.world.campaign.pk, self.world.draft.pk

    def _setup(self, _):
        return [{"pk": pk, "step": "basis"} for pk in (*self._campaign(_), NOBODY)]

    def _setup_track(self, _):
        tracks = (self.world.track, self.world.draft_track)
        found = [{"pk": track.campaign_id, "step": "scoring", "track_pk": track.pk} for track in tracks]
        return [*found, {**found[0], "pk": NOBODY}]

    def _plan_file(self, _):
        return self._campaign(_)

    def _stage(self, _):
        return [track.stages.first().pk for track in (self.world.track, self.world.draft_track)]

    def _local(self, _):
        near, far = (plan.organiser_id for plan in self.world.local_plans)
        return [{"pk": self.world.campaign.pk, "branch_pk": pk} for pk in (near, far, NOBODY)]

    def _extension(self, _):
        return [each.pk for each in self.world.extensions]

    def _publication(self, _):
        return [each.pk for each in self.world.publications]

    def _rubric(self, _):
        return self.world.rubric.pk, self.world.draft_rubric.pk

    def _workbook(self, _):
        return self.workbooks

    def _outline(self, _):
        """A criterion of the published rubric, and the draft's."""
        leaf = self.world.rubric.leaves_for("")[0].pk
        pairs = (
            (self.world.rubric.pk, leaf),
            (self.world.draft_rubric.pk, self.world.draft_criterion.pk),
            (NOBODY, leaf),
        )
        return [{"pk": pk, "criterion_pk": criterion} for pk, criterion in pairs]

    def _track(self, _):
        return [{"track_pk": pk} for pk in (self.world.track.pk, self.world.draft_track.pk, NOBODY)]

    def _person(self, _):
        return self.world.cast.secretary_a2.pk, self.world.cast.secretary_b1.pk

    def _grant(self, _):
        return [user.role_grants.get().pk for user in (self.world.cast.secretary_a2, self.world.cast.secretary_b1)]

    def _notice(self, column):
        return self._of_mine(self.notices, column)

    def _job(self, column):
        return self._of_mine(self.jobs, column)

    def _of_mine(self, rows, column):
        user = self.people[column] or self.world.cast.other_head
        return rows[user.pk], rows[self.world.cast.secretary_b1.pk]

    def _sheet(self, column):
        """The reviewer's own and one of another panel; for all others one that is handed in and one that is not."""
        experts = column == "exp"
        own = self.people[column] if column in ("exp", "con", "xpd") else self.world.cast.assessor
        other = self.world.speaker if experts else self.world.stranger
        return self.world.sheets[own.pk].pk, self.world.sheets[other.pk].pk

    def _work(self, column):
        sheets = {sheet.pk: sheet.assignment_id for sheet in self.world.sheets.values()}
        return [sheets[pk] for pk in self._sheet(column)]

    def _score(self, column):
        leaf = self.world.rubric.leaves_for("")[0].pk
        return [{"pk": pk, "criterion_pk": leaf} for pk in (*self._sheet(column), NOBODY)]

    def _panel(self, column):
        own, other = ("expert", "speaker") if column == "exp" else ("assessor", "stranger")
        return self.world.panels[own].pk, self.world.panels[other].pk

    def _session(self, _):
        return self.world.sessions["expert"].pk, self.world.sessions["speaker"].pk

    def _slot(self, _):
        return self.world.slots["expert"].pk, self.world.slots["speaker"].pk

    def _superseded(self, _):
        return [self.world.superseded.pk]

    def _result(self, _):
        return [self.world.result.pk]

    def _row(self, _):
        rows = ResultRow.objects.filter(result=self.world.result)
        return [rows.get(application=application).pk for application in (self.world.own, self.world.other)]

    def _public(self, _):
        return [self.world.notice.pk]


def form_of(world, name, number):
    """What the button itself always sends along."""
    if name == "applications:join":
        return {"branch": (world.bureau.a1, world.bureau.b1, world.bureau.a1)[number].pk}
    if name in ("applications:assessment", "applications:self_check"):
        return {"dimension": world.rubric.dimensions[0].key}
    return {}


def ask(client, method, url, data=None):
    """One request, undone: in the database and in the browser, which a logout empties."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        answer = client.get(url) if method == "GET" else client.post(url, data or {})
        answer.getvalue()
        transaction.set_rollback(True)
    client.cookies = cookies
    return answer


def sign(answer) -> str:
    if answer.status_code == 302 and answer.url.startswith("/login/?next="):
        return "L"
    return SIGNS.get(answer.status_code, str(answer.status_code))


def test_every_address_stands_in_the_table():
    assert set(names(get_resolver().url_patterns)) == set(METHODS)


@pytest.mark.parametrize(("name", "method"), EXPECTED, ids=lambda part: part.replace(":", "."))
def test_answer_is_the_one_of_the_table(world, name, method):
    kind, expected = EXPECTED[name, method]
    got = {
        column: "".join(
            sign(ask(client, method, reverse(name, kwargs=kwargs), form_of(world, name, number)))
            for number, kwargs in enumerate(world.addresses.of(kind, column))
        )
        for column, client in world.clients.items()
    }
    assert {
        column: f"{cells}, not {expected[column]}" for column, cells in got.items() if cells != expected[column]
    } == {}


@pytest.mark.parametrize("name", [name for name, methods in METHODS.items() if methods == {"POST"}])
def test_action_refuses_to_be_looked_at(world, name):
    kind, _ = EXPECTED[name, "POST"]
    url = reverse(name, kwargs=world.addresses.of(kind, "adm")[0])
    answers = {column: ask(world.clients[column], "GET", url).status_code for column in ("adm", "out", "ano")}
    assert answers == {"adm": 405, "out": 405, "ano": 302}


def test_tampered_fields_break_nothing(world):
    """Whoever is let through may send anything: no address answers 500."""
    broken = {}
    for name, method in EXPECTED:
        if method == "GET" or name == "branches:logout":
            continue
        kind, cells = EXPECTED[name, method]
        for column in HEADER:
            if cells[column][0] in ".>!":
                for word in GARBAGE:
                    url = reverse(name, kwargs=world.addresses.of(kind, column)[0])
                    answer = ask(world.clients[column], "POST", url, dict.fromkeys(FIELDS, word))
                    if answer.status_code >= 500:
                        broken[name, column, word] = repr(answer.exc_info[1])[:200]
                break
    assert broken == {}
