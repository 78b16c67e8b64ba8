"""One small world in which every page has something to show: two counties, each with a branch on the stage.

甲县 (county_a) is "own", 乙县 (county_b) is "other". Both branches a1 and b1 are 考评中 with files, checks, lists, visits,
sheets, a presentation under way, a frozen result and a proposed veto. The other tests' cast is joined by people whose
grants reach only 甲县, by a reviewer who stepped back and by one whose grant ran out.
"""

import datetime
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse
from django.test import override_settings
from django.utils import timezone

from applications.models import Application, Citation, Evidence, PartialUpload, RecommendationList, Supersession
from applications.services import appealing, inspecting, preparing, rectifying, self_checking
from branches import ledger
from branches.models import Job, Notice, RoleGrant, User
from branches.roles import Role
from branches.views import errors
from reviews.models import PublicNotice, ResultSet
from reviews.services import panels, results, scoring_desk
from standards.models import Campaign, Criterion, RubricUpload
from standards.services import campaigns, importing, local_plans, study
from tests import factories
from tests.conftest import build_bureau, build_cast
from tests.road import Road
from tests.uploads import photo

WORKBOOK = Path(__file__).parent / "standards" / "rubrics" / "Z1.xlsx"
NOBODY = 987654321  # the key of nothing


def build() -> SimpleNamespace:
    """Call inside a transaction that is rolled back when its readers are done."""
    bureau = build_bureau()
    cast = build_cast(bureau)
    people = people_of(bureau, cast)
    campaign = factories.CampaignFactory(code="OPEN")
    rubric = factories.tiny_rubric()
    track = factories.tiny_track(campaign, rubric)
    preparing.open_campaign(campaign, by=cast.campaign_admin)
    draft = factories.CampaignFactory(code="DRAFT")
    for each in (campaign, draft):
        each.refresh_from_db()
        each.basis_file.save("plan.pdf", ContentFile(b"%PDF-1.4\n"))
    world = SimpleNamespace(
        bureau=bureau, cast=cast, people=people, campaign=Campaign.objects.get(pk=campaign.pk), draft=draft,
        draft_track=factories.tiny_track(draft, rubric, code="D"), track=track, rubric=rubric,
        draft_rubric=factories.RubricFactory(), road=Road(cast),
    )  # fmt: skip
    world.draft_criterion = Criterion.objects.create(rubric=world.draft_rubric, order=1, code="A", title="未完稿")
    world.own = Application.objects.get(track=track, branch=bureau.a1)
    world.other = Application.objects.get(track=track, branch=bureau.b1)
    published(world)
    world.local_plans = [
        local_plan(world, cast.committee_clerk, bureau.county_a),
        local_plan(world, cast.other_head, bureau.county_b),
    ]
    papers(world)
    self_checked(world)
    reviewing(world)
    world.vetoes = [inspecting.propose_veto(a, basis="反映待查。", by=cast.inspector) for a in (world.own, world.other)]
    world.notice = old_notice(world)
    world.honours = [honour_of(world, branch) for branch in (bureau.a1, bureau.b1)]
    appealed(world)
    world.superseded = Supersession.objects.create(
        track=track, old=rubric, new=rubric, reason="按新要求修订。", made_by=cast.campaign_admin
    )
    people["expired"].role_grants.update(valid_from=days(-30), valid_to=days(-1))
    people["expired"] = User.objects.get(pk=people["expired"].pk)  # its grants were already read
    return world


@contextmanager
def standing(blocker, tmp_path_factory):
    """The world for all tests of a module: built once, gone after the last of them.

    Drawing the pages of 403 and 404 thousands of times, and keeping a copy of what every page was drawn from, would be
    most of the work: both are left out. Those pages have tests of their own.
    """
    media = tmp_path_factory.mktemp("world")
    with pytest.MonkeyPatch.context() as patch, blocker.unblock():
        patch.setattr(errors, "render", lambda *args, status, **kwargs: HttpResponse(status=status))
        patch.setattr("django.test.client.store_rendered_templates", lambda *args, **kwargs: None)
        with transaction.atomic():
            with override_settings(MEDIA_ROOT=media):
                world = build()
            world.media = media
            yield world
            transaction.set_rollback(True)


def days(number: int) -> datetime.date:
    return factories.days(number)


def people_of(bureau, cast) -> dict[str, User]:
    """One person per column of the table; None is somebody who has not logged in."""

    def somebody(key: str, role: str, node) -> User:
        user = factories.UserFactory(unit=bureau.city, name=key)
        RoleGrant.objects.create(user=user, role=role, branch=node)
        return user

    county = bureau.county_a
    return {
        "secretary": cast.secretary,
        "clerk": cast.clerk,
        "committee_clerk": cast.committee_clerk,
        "committee_head": cast.committee_head,
        "inspector": somebody("甲县纪检督察", Role.INSPECTOR, county),
        "assessor": cast.assessor,
        "expert": cast.expert,
        "conflicted": somebody("已回避的考核组员", Role.ASSESSOR, bureau.city),
        "expired": somebody("到期的考核组员", Role.ASSESSOR, bureau.city),
        "campaign_admin": cast.campaign_admin,
        "county_admin": somebody("甲县活动管理员", Role.CAMPAIGN_ADMIN, county),
        "system_admin": somebody("甲县系统管理员", Role.SYSTEM_ADMIN, county),
        "security_admin": somebody("甲县安全管理员", Role.SECURITY_ADMIN, county),
        "auditor": somebody("甲县审计员", Role.AUDITOR, county),
        "outsider": cast.outsider,
        "anonymous": None,
    }


def published(world) -> None:
    """The city's plan, signed by 甲县's branch, a plan of 乙县's committee for its own branches, more time for one of each."""
    plan = world.campaign.publications.get()
    study.acknowledge(plan, world.bureau.a1, by=world.cast.secretary)
    local = study.publish_to_branches(
        world.campaign, kind="local", title="乙县分局本级方案", body="补充要求。", scope=world.bureau.county_b,
        by=world.cast.other_head,
    )  # fmt: skip
    world.publications = [plan, local]
    dynamic = world.track.stages.get(kind="dynamic")
    world.extensions = [
        campaigns.extend_stage(dynamic, branch, until=days(9), reason="防汛", by=world.cast.campaign_admin)
        for branch in (world.bureau.a1, world.bureau.b1)
    ]


def local_plan(world, user, committee):
    """A committee's own plan, published with a file."""
    plan = local_plans.save_local_plan(world.campaign, committee, title="本级方案", body="补充要求", by=user)
    plan.file.save("local.pdf", ContentFile(b"%PDF-1.4\n"))
    return local_plans.publish_local_plan(plan, by=user)


def papers(world) -> None:
    """Both branches handed up by their committees, with a cited file and a printed form each."""
    for application, secretary in ((world.own, world.cast.secretary), (world.other, world.cast.secretary_b1)):
        name, picture = f"{application.branch.short_name}现场照片.jpg", photo()
        evidence = Evidence.objects.create(
            branch=application.branch, sha256=f"{application.pk:064d}", name=name, content_type="image/jpeg",
            size=len(picture), uploaded_by=secretary, file=ContentFile(picture, name=f"{application.pk}.jpg"),
        )  # fmt: skip
        leaf = world.track.rubric.leaves_for("")[0]
        Citation.objects.create(application=application, criterion=leaf, evidence=evidence)
        world.road.to(application, "checked")
        world.road.hand_up(application)
        snapshot = application.snapshots.get()
        snapshot.pdf.save("form.pdf", ContentFile(b"%PDF-1.4\n"))
    world.own, world.other = (Application.objects.for_work().get(pk=a.pk) for a in (world.own, world.other))
    world.uploads = [
        PartialUpload.objects.create(branch=a.branch, owner=user, name="专题片.mp4", size=9, fingerprint="x").key
        for a, user in ((world.own, world.cast.secretary), (world.other, world.cast.secretary_b1))
    ]
    world.evidence = [Evidence.objects.get(branch=a.branch) for a in (world.own, world.other)]
    world.citations = [a.citations.get() for a in (world.own, world.other)]
    world.lists = {each.committee_id: each for each in RecommendationList.objects.all()}


def self_checked(world) -> None:
    """Both branches examine themselves, and each has put a gap on its ledger."""
    people = ((world.own, world.cast.clerk), (world.other, world.cast.secretary_b1))
    world.self_checks = [self_checking.start_self_check(application, by=user) for application, user in people]
    world.rectifications = [
        rectifying.open_rectification(application, gap="党课少一次", by=user) for application, user in people
    ]


def reviewing(world) -> None:
    """甲县's branch is visited by assessor, conflicted and expired and presents before the expert; 乙县's by others."""
    cast, people, track, admin = world.cast, world.people, world.track, world.cast.campaign_admin
    visit, stage = (track.components.get(source=source) for source in ("visit", "presentation"))
    stranger, speaker = (
        factories.UserFactory(unit=world.bureau.city, name=name) for name in ("他组考核员", "他组专家")
    )
    for user, role in ((stranger, Role.ASSESSOR), (speaker, Role.EXPERT)):
        RoleGrant.objects.create(user=user, role=role, branch=world.bureau.city)

    def panel(component, kind, name, members, application):
        formed = panels.form_panel(
            track, component, kind=kind, name=name, members=members, leader=members[0], by=admin
        )  # fmt: skip
        panels.assign(formed, by=admin, pairs=[(user, application) for user in members])
        return formed

    near = [cast.assessor, people["conflicted"], people["expired"]]
    world.panels = {
        "assessor": panel(visit, "assessors", "甲组", near, world.own),
        "stranger": panel(visit, "assessors", "乙组", [stranger], world.other),
        "expert": panel(stage, "experts", "甲专家组", [cast.expert], world.own),
        "speaker": panel(stage, "experts", "乙专家组", [speaker], world.other),
    }
    world.sheets, world.sessions, world.slots = {}, {}, {}
    for key, application in (("assessor", world.own), ("stranger", world.other)):
        held = scoring_desk.schedule_visit(
            world.panels[key], application, kind="dynamic", visited_on=timezone.localdate(), note="", by=admin
        )
        for assignment in world.panels[key].assignments.select_related("user", "application__branch"):
            world.sheets[assignment.user_id] = scoring_desk.start_review(assignment, visit=held)
    world.result = results.freeze_results(track, by=admin)  # a first draft: not while somebody is on the stage
    for key in ("expert", "speaker"):
        session = scoring_desk.draw_order(world.panels[key], held_on=timezone.localdate(), minutes_each=8, by=admin)
        slot = scoring_desk.open_slot(session.slots.get(), by=admin)
        assignment = world.panels[key].assignments.get()
        world.sheets[assignment.user_id] = scoring_desk.start_review(assignment, slot=slot)
        world.sessions[key], world.slots[key] = session, slot
    world.stranger, world.speaker = stranger, speaker
    # The assessor has handed in, the others are at it.
    world.road.score(world.sheets[cast.assessor.pk], "0.9")
    back = world.sheets[people["conflicted"].pk].assignment
    panels.declare_conflict(back, remark="曾任该支部书记。", by=people["conflicted"])


def appealed(world) -> None:
    """Last year both branches were taken out and have appealed; of this year's each has a word of the inspectors."""
    track, cast = world.notice.track, world.cast
    world.clearances = [
        inspecting.clear(a, point="name", remark="", by=cast.inspector) for a in (world.own, world.other)
    ]
    world.vetoed = [
        world.road.veto(factories.ApplicationFactory(branch=each.branch, track=track, status="submitted"))
        for each in (world.own, world.other)
    ]
    world.appeals = [
        appealing.file_appeal(application.vetoes.get(), grounds="事实有出入。", by=secretary)
        for application, secretary in zip(world.vetoed, (cast.secretary, cast.secretary_b1), strict=True)
    ]


def old_notice(world) -> PublicNotice:
    """Last year's list of names, on a track of its own: what everybody may read."""
    track = factories.tiny_track(world.campaign, world.rubric, code="OLD", award_name="往年称号")
    result = ResultSet.objects.create(
        track=track, number=1, method={}, inputs=[], inputs_hash="", frozen_by=world.cast.campaign_admin
    )
    return PublicNotice.objects.create(
        track=track, result=result, title="往年拟命名名单的公示", body="现予公示。", opens_on=days(-400),
        closes_on=days(-390), published_by=world.cast.campaign_admin,
    )  # fmt: skip


def honour_of(world, branch):
    return ledger.record_honour(
        branch, name=f"{branch.short_name}集体嘉奖", level="city", holder="collective", recipient="", issuer="市局",
        document_number="", awarded_on=days(-90), by=world.cast.clerk,
    )  # fmt: skip


def notice_of(user: User) -> Notice:
    return Notice.objects.create(recipient=user, kind="campaign.opened", about="world", due_on=days(0), title="通知")


def job_of(user: User) -> Job:
    return Job.objects.create(task="world", target=str(user.pk), owner=user)


def workbook_of(user: User) -> RubricUpload:
    return importing.keep_upload(WORKBOOK.read_bytes(), WORKBOOK.name, by=user)
