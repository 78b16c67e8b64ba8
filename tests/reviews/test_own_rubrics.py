"""Rubrics of other bureaus the whole way: spreadsheet in, publish, self-assess, check, panel, ranking, PDF, spreadsheet out."""

import io
import re
from decimal import Decimal
from pathlib import Path

import openpyxl
import pypdf
import pytest
from django.core.management import call_command
from django.utils import timezone

from applications import pdf
from applications.models import Application
from applications.services import checking, preparing
from branches.roles import Role
from reviews.models import ResultRow
from reviews.services import panels, results, scoring_desk
from standards.models import Rubric
from standards.services.rubrics import CRITERION_CONTENT, RULE_CONTENT
from tests import factories
from tests.reviews.own_rubrics import OWN
from tests.road import Road, fresh

FOLDER = Path(__file__).resolve().parents[1] / "standards" / "rubrics"
# Whose sheets are good and whose weak: the check, then the three of the panel.
CHECKS = {"A-1": "good", "B-2": "weak", "A-3": "good"}
PANEL = {"A-1": ("good", "good", "weak"), "B-2": ("good", "good", "good"), "A-3": ("weak", "weak", "weak")}
BRANCHES = ("A-1", "B-2", "A-3")


def answer_of(leaf, given):
    """The answer to one criterion from the plain notation of `own_rubrics`."""
    rules = {rule.label: str(rule.pk) for rule in leaf.rules.all()}
    if leaf.kind == "points":
        return {"points": given}
    if leaf.kind == "levels":
        return {"level": rules[given]}
    if leaf.kind in ("count", "deduct"):
        return {"times": {rules[label]: str(number) for label, number in given.items()}}
    return {"met": given}


def answers_for(leaves, given):
    return [(leaf, answer_of(leaf, given[leaf.code])) for leaf in leaves if leaf.asked]


def brought_in(code):
    """The rubric of that spreadsheet, imported and published."""
    call_command("import_rubric", FOLDER / f"{code}.xlsx", "--publish", verbosity=0)
    return Rubric.objects.get(code=code)


def track_for(rubric, bands):
    campaign = factories.CampaignFactory()
    track = factories.tiny_track(campaign, rubric, quota=1, tie_breakers=["visit"], grade_component="visit")
    track.components.filter(source="presentation").delete()
    track.components.filter(source="check").update(weight=40)
    track.components.filter(source="visit").update(weight=60, method="mean")
    for order, (name, stars) in enumerate(bands):
        track.grades.create(name=name, stars=stars, order=order)
    return track


class Walk:
    """One rubric, three branches, everybody filling in by the services."""

    def __init__(self, code, cast, bureau):
        self.own, self.cast, self.road = OWN[code], cast, Road(cast)
        self.rubric = brought_in(code)
        self.track = track_for(self.rubric, self.own.bands)
        preparing.open_campaign(self.track.campaign, by=cast.campaign_admin)
        people = [factories.UserFactory(unit=bureau.city) for _ in range(3)]
        for user in people:
            factories.GrantFactory(user=user, role=Role.ASSESSOR, branch=bureau.city)
        self.panel = panels.form_panel(
            self.track, self.track.components.get(source="visit"), kind="assessors", name="考核组", members=people,
            leader=people[0], by=cast.campaign_admin,
        )  # fmt: skip

    def application(self, code):
        return fresh(Application.objects.get(track=self.track, branch__code=code))

    def submit(self, code):
        application = self.application(code)
        by = self.road.person(application.branch, Role.SECRETARY)
        for leaf, answer in answers_for(self.rubric.leaves_for(application.branch.line), self.own.good):
            preparing.save_answer(application, leaf, answer=answer, remark="见材料。", version=0, by=by)
        self.road.fill(application)
        return self.road.submit(application)

    def check(self, code):
        application = self.application(code)
        by = self.road.person(application.branch, Role.COMMITTEE_CLERK, Role.COMMITTEE_HEAD)
        given = getattr(self.own, CHECKS[code])
        for leaf, answer in answers_for(self.rubric.leaves_for(application.branch.line), given):
            checking.save_check(application, leaf, answer=answer, remark="", version=0, by=by)
        checking.accept_application(
            fresh(application), members="核查员A", checked_on=timezone.localdate(), conclusion="同意。", by=by
        )

    def visit(self, code):
        application = self.application(code)
        pairs = [(member.user, application) for member in self.panel.members.all()]
        panels.assign(self.panel, by=self.cast.campaign_admin, pairs=pairs)
        visit = scoring_desk.schedule_visit(
            self.panel, fresh(application), kind="onsite", visited_on=timezone.localdate(), note="",
            by=self.cast.campaign_admin,
        )  # fmt: skip
        for number, assignment in enumerate(self.panel.assignments.filter(application=application).order_by("pk")):
            review = scoring_desk.start_review(assignment, visit=visit)
            given = dict(getattr(self.own, PANEL[code][number]))
            given |= self.own.spoiled if (code, number) == ("A-3", 2) else {}
            for leaf, answer in answers_for(scoring_desk.leaves_of(review), given):
                scoring_desk.save_score(review, leaf, answer=answer, remark="", version=0, by=review.reviewer)
            scoring_desk.finish_review(review, comment="", by=review.reviewer)


def numbers_of(file):
    """Every cell of the two sheets that carry the content."""
    book = openpyxl.load_workbook(file)
    return {name: [list(row) for row in book[name].iter_rows(values_only=True)] for name in ("指标", "细则")}


def content_of(rubric):
    return [
        [getattr(criterion, name) for name in CRITERION_CONTENT]
        + [[getattr(rule, name) for name in RULE_CONTENT] for rule in criterion.rules.all()]
        for criterion in rubric.outline
    ]


@pytest.mark.parametrize("code", OWN)
def test_rubric_of_another_bureau_goes_the_whole_way(code, cast, bureau, tmp_path):
    walk = Walk(code, cast, bureau)
    own = walk.own
    for place, branch in enumerate(BRANCHES):
        walk.submit(branch)
        assert walk.application(branch).self_score == Decimal(own.totals["good"][place])
        walk.check(branch)
        assert walk.application(branch).check_score == Decimal(own.totals[CHECKS[branch]][place])
    walk.road.hand_up(*[walk.application(branch) for branch in BRANCHES])
    for branch in BRANCHES:
        walk.visit(branch)

    result = results.freeze_results(walk.track, by=cast.campaign_admin)
    rows = {row.application.branch.code: row for row in ResultRow.objects.filter(result=result)}
    found = tuple((str(rows[branch].final), rows[branch].rank, rows[branch].grade) for branch in BRANCHES)
    assert found == own.places
    assert results.replay(result) == []
    assert rows["A-3"].outcome == ("disqualified" if own.spoiled else "not_selected")

    snapshot = walk.application("A-1").snapshots.get()
    pages = pypdf.PdfReader(io.BytesIO(pdf.render(snapshot))).pages
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    assert "合计" in text and own.totals["good"][0] in text
    assert [leaf.title for leaf in walk.rubric.leaves_for("派出所") if re.sub(r"\s", "", leaf.title) not in text] == []

    out = tmp_path / "out.xlsx"
    call_command("export_rubric", code, out, verbosity=0)
    assert numbers_of(out) == numbers_of(FOLDER / f"{code}.xlsx")
    call_command("import_rubric", out, "--publish", verbosity=0)
    again = Rubric.objects.get(code=code, version=2)
    assert content_of(again) == content_of(walk.rubric)
