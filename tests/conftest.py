"""The fixed cast of all tests: one small bureau, one person per role, both real plans, and the road of an application.

市局党委 (city)
├── 市局机关党委 (headquarters): branches office1, office2 (自荐)
├── 甲县分局党委 (county_a, 推荐单位): branches a1, a2, a3
└── 乙县分局党委 (county_b, 推荐单位): branches b1, b2
"""

import datetime
import unittest.mock
from types import SimpleNamespace

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client

from applications.models import Application
from applications.services import preparing
from branches.models import Branch, CommitteeMember, RoleGrant, User
from branches.roles import Role
from reviews.demo import calendar
from standards import loading
from standards.models import Campaign, Rubric, Track
from tests import factories
from tests.road import Road

BACKEND = "branches.auth.PoliceNumberBackend"


def pytest_configure(config):
    # Before Django reads them: nothing here needs collected files, strong password hashes or the installation's folders.
    django_settings.STORAGES = {
        **django_settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    django_settings.CELERY_TASK_ALWAYS_EAGER = False
    django_settings.QUIET_HOURS = None  # at whatever hour the tests run


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Both plans once per session. Their audit entries are left out, so that each test starts with an empty log."""
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            # The log refuses to be emptied; between transactional tests the test database must be, on every connection.
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            with connection.cursor() as cursor:
                cursor.execute(f"ALTER DATABASE {name} SET branches.allow_truncate = 'on'")
                cursor.execute("SET branches.allow_truncate = 'on'")
        load_plans()


def load_plans():
    with unittest.mock.patch("branches.audit._append"):
        loading.load(loading.read())


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path
    return settings.MEDIA_ROOT


@pytest.fixture
def pg_only(request):
    """For tests of real row locks and parallel connections."""
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: SQLite has one writer at a time, there is no row lock to race for")


@pytest.fixture
def plans(db):
    """R1, R2, R3, P1 published; S1, S2 drafts. A transactional test finds an emptied database: loaded afresh there."""
    if not Rubric.objects.filter(code="R1").exists():
        load_plans()
    rubrics = {rubric.code: rubric for rubric in Rubric.objects.all()}
    return SimpleNamespace(**rubrics, S1=Campaign.objects.get(code="S1"), S2=Campaign.objects.get(code="S2"))


# People and places

COMMITTEE, GRASSROOTS = Branch.Kind.COMMITTEE, Branch.Kind.BRANCH


def build_bureau() -> SimpleNamespace:
    city = factories.BranchFactory(kind=COMMITTEE, code="SJ", short_name="市局", name="市局党委")
    make = factories.BranchFactory
    headquarters = make(parent=city, kind=COMMITTEE, code="JG", short_name="市局机关", name="市局机关党委")
    county_a = make(parent=city, kind=COMMITTEE, code="A", short_name="甲县分局", name="甲县分局党委", recommends=True)
    county_b = make(parent=city, kind=COMMITTEE, code="B", short_name="乙县分局", name="乙县分局党委", recommends=True)
    nodes = {"city": city, "headquarters": headquarters, "county_a": county_a, "county_b": county_b}
    grassroots = [
        ("office1", headquarters, "JG-1", "政治部", "机关"), ("office2", headquarters, "JG-2", "法制支队", "法制"),
        ("a1", county_a, "A-1", "甲县城关所", "派出所"), ("a2", county_a, "A-2", "甲县东关所", "派出所"),
        ("a3", county_a, "A-3", "甲县刑侦大队", "刑侦"), ("b1", county_b, "B-1", "乙县城关所", "派出所"),
        ("b2", county_b, "B-2", "乙县交警中队", "交警"),
    ]  # fmt: skip
    for key, parent, code, short_name, line in grassroots:
        nodes[key] = make(
            parent=parent, code=code, short_name=short_name, name=f"{short_name}党支部", line=line,
            nominates_itself=parent == headquarters, solid_grade="达标", solid_basis="党组〔2026〕2号",
            founded_on=datetime.date(2001, 7, 1), term_ends_on=datetime.date(2028, 7, 1),
            full_members=12, probationary_members=1, officers=14, auxiliaries=9,
        )  # fmt: skip
    CommitteeMember.objects.bulk_create(
        [
            CommitteeMember(
                branch=nodes[key], name=f"{name}·{place[3]}", post=post, duties="党建工作", rank_title="所长",
                since=datetime.date(2024, 3, 1), phone="0000-1000000", is_secretary=post == "书记", order=order,
            )
            for place in grassroots
            for key in [place[0]]
            for order, (name, post) in enumerate([("支部书记A", "书记"), ("支委B", "组织委员"), ("支委C", "宣传委员")])
        ]
    )  # fmt: skip
    return SimpleNamespace(**{key: Branch.objects.get(pk=node.pk) for key, node in nodes.items()})


@pytest.fixture
def bureau(db):
    return build_bureau()


PEOPLE = [  # key, unit, roles on which node
    ("secretary", "a1", Role.SECRETARY, "a1"),
    ("clerk", "a1", Role.CLERK, "a1"),
    ("secretary_a2", "a2", Role.SECRETARY, "a2"),
    ("secretary_a3", "a3", Role.SECRETARY, "a3"),
    ("secretary_b1", "b1", Role.SECRETARY, "b1"),
    ("secretary_b2", "b2", Role.SECRETARY, "b2"),
    ("committee_clerk", "county_a", Role.COMMITTEE_CLERK, "county_a"),
    ("committee_head", "county_a", Role.COMMITTEE_HEAD, "county_a"),
    ("other_head", "county_b", Role.COMMITTEE_HEAD, "county_b"),
    ("headquarters_head", "headquarters", Role.COMMITTEE_HEAD, "headquarters"),
    ("headquarters_secretary", "office1", Role.SECRETARY, "office1"),
    ("secretary_office2", "office2", Role.SECRETARY, "office2"),
    ("inspector", "city", Role.INSPECTOR, "city"),
    ("inspector2", "city", Role.INSPECTOR, "city"),
    ("assessor", "city", Role.ASSESSOR, "city"),
    ("assessor2", "county_b", Role.ASSESSOR, "city"),
    ("expert", "city", Role.EXPERT, "city"),
    ("expert2", "city", Role.EXPERT, "city"),
    ("expert3", "county_a", Role.EXPERT, "city"),
    ("campaign_admin", "headquarters", Role.CAMPAIGN_ADMIN, "city"),
    ("system_admin", "city", Role.SYSTEM_ADMIN, "city"),
    ("security_admin", "city", Role.SECURITY_ADMIN, "city"),
    ("auditor", "city", Role.AUDITOR, "city"),
    ("outsider", "city", None, None),
]


def build_cast(bureau) -> SimpleNamespace:
    """One person per key of PEOPLE; `cast.everybody` maps key → user. assessor2 sits in 乙县, expert3 in 甲县 (回避)."""
    password = make_password(factories.PASSWORD)
    users = User.objects.bulk_create(
        [
            User(
                police_no=f"{100001 + number}", name=f"{role.label if role else '无授权人员'}·{key}",
                unit=getattr(bureau, unit), email=f"{key}@example.test", password=password,
            )
            for number, (key, unit, role, _) in enumerate(PEOPLE)
        ]
    )  # fmt: skip
    RoleGrant.objects.bulk_create(
        [
            RoleGrant(user=user, role=role, branch=getattr(bureau, node))
            for user, (_, _, role, node) in zip(users, PEOPLE, strict=True)
            if role
        ]
    )
    everybody = {key: user for user, (key, *_) in zip(User.objects.order_by("pk"), PEOPLE, strict=True)}
    return SimpleNamespace(**everybody, everybody=everybody)


@pytest.fixture
def cast(bureau):
    return build_cast(bureau)


@pytest.fixture
def client_of(db):
    """`client_of(user)`: a client that is logged in as the user."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend=BACKEND)
        return client

    return make


@pytest.fixture
def login():
    """`login(client, user)` for the `client` fixture of pytest-django."""
    return lambda client, user: client.force_login(user, backend=BACKEND)


# Campaigns


def opened(campaign: Campaign, *, by: User) -> Campaign:
    """Open it as the office does: approval on record, every branch enrolled where the calendar has begun."""
    Campaign.objects.filter(pk=campaign.pk).update(
        approved_by="市局党委", approval_number="党发〔2026〕6号", approved_on=datetime.date(2026, 1, 5)
    )
    campaign.refresh_from_db()
    return preparing.open_campaign(campaign, by=by)


@pytest.fixture
def s2_track(plans, cast):
    """S2, open, its calendar on the tenth day of April: apply, check, recommend and nominate all take work today."""
    track = Track.objects.get(campaign=plans.S2)
    calendar.stand_in(track, "apply")
    opened(plans.S2, by=cast.campaign_admin)
    return Track.objects.select_related("campaign", "rubric").get(pk=track.pk)


@pytest.fixture
def s1_track(plans, cast):
    """S1, open: the “四强” track with `apply` open today; the three 示范点 rounds stay in their years, long closed."""
    track = Track.objects.get(campaign=plans.S1, code="T2-2021")
    calendar.stand_in(track, "apply")
    opened(plans.S1, by=cast.campaign_admin)
    return Track.objects.select_related("campaign", "rubric").get(pk=track.pk)


@pytest.fixture
def application(s2_track, bureau):
    """筹备中, branch a1 in S2, nothing filled in."""
    return Application.objects.for_work().get(track=s2_track, branch=bureau.a1)


@pytest.fixture
def s1_application(s1_track, bureau):
    return Application.objects.for_work().get(track=s1_track, branch=bureau.a1)


@pytest.fixture
def tiny_rubric(db):
    """Published, one criterion of each kind: fast, and every kind is met."""
    return factories.tiny_rubric()


@pytest.fixture
def tiny_track(tiny_rubric, cast):
    """A competition on the tiny rubric, every stage open today, every branch enrolled."""
    campaign = factories.CampaignFactory(code="TINY")
    track = factories.tiny_track(campaign, tiny_rubric)
    preparing.open_campaign(campaign, by=cast.campaign_admin)
    return Track.objects.select_related("campaign", "rubric").get(pk=track.pk)


@pytest.fixture
def tiny_application(tiny_track, bureau):
    return Application.objects.for_work().get(track=tiny_track, branch=bureau.a1)


@pytest.fixture
def wide_track(cast):
    """A competition on the rubric with every oddity, every stage open today, every branch enrolled."""
    campaign = factories.CampaignFactory(code="WIDE")
    track = factories.wide_track(campaign, factories.wide_rubric())
    preparing.open_campaign(campaign, by=cast.campaign_admin)
    return Track.objects.select_related("campaign", "rubric").get(pk=track.pk)


@pytest.fixture
def wide_application(wide_track, bureau):
    return Application.objects.for_work().get(track=wide_track, branch=bureau.a1)


@pytest.fixture
def applications(tiny_track):
    """All seven of the tiny track by branch code: {"A-1": …, …}."""
    return {a.branch.code: a for a in Application.objects.for_work().filter(track=tiny_track)}


@pytest.fixture
def road(cast):
    """`road.to(application, "checked")`: see tests/road.py."""
    return Road(cast)
