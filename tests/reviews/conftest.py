import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from applications.models import Application, Reader
from applications.states import Status
from branches.roles import Role
from reviews.models import Assignment, Panel, PanelMember, PresentationSession, PresentationSlot, Review, SiteVisit
from standards.models import ScoreComponent
from tests import factories


class Scored:
    """Candidates with given totals, written straight into the tables: the arithmetic is what is looked at."""

    def __init__(self, track, city, admin):
        self.track, self.city, self.admin = track, city, admin
        self.panels, self.people = {}, {}

    def candidate(self, application, check="90", own="90"):
        Application.objects.filter(pk=application.pk).update(
            status=Status.IN_REVIEW, check_score=check, self_score=own, self_complete=True
        )
        return Application.objects.for_work().get(pk=application.pk)

    def reviewers(self, source, number):
        """The first so many of the panel for the component, made when needed."""
        kind, role = ("assessors", Role.ASSESSOR) if source == "visit" else ("experts", Role.EXPERT)
        component = ScoreComponent.objects.get(track=self.track, code=source)
        if source not in self.panels:
            self.panels[source] = Panel.objects.create(
                track=self.track, component=component, kind=kind, name=f"{source}组", created_by=self.admin
            )
            self.people[source] = []
        while len(self.people[source]) < number:
            user = factories.UserFactory(unit=self.city)
            factories.GrantFactory(user=user, role=role, branch=self.city)
            PanelMember.objects.create(panel=self.panels[source], user=user, is_leader=not self.people[source])
            self.people[source].append(user)
        return self.panels[source], self.people[source][:number]

    def _sheets(self, source, application, totals, **event):
        panel, people = self.reviewers(source, len(totals))
        reviews = []
        for user, total in zip(people, totals, strict=True):
            assignment, _ = Assignment.objects.get_or_create(panel=panel, user=user, application=application)
            Reader.objects.get_or_create(application=application, user=user)
            reviews.append(
                Review.objects.create(
                    assignment=assignment, reviewer=user, application=application, component=panel.component,
                    status="final" if total is not None else "draft", total=total and Decimal(total),
                    finished_at=timezone.now(), **event,
                )
            )  # fmt: skip
        return reviews

    def visit(self, application, *totals, on=None):
        """One visit; a total of None is a sheet not handed in."""
        panel, _ = self.reviewers("visit", len(totals))
        visit = SiteVisit.objects.create(
            panel=panel, application=application, kind="dynamic", visited_on=on or timezone.localdate(),
            number=panel.visits.filter(application=application).count() + 1,
        )  # fmt: skip
        return self._sheets("visit", application, totals, visit=visit)

    def slot(self, application, *, opened=True, closed=True):
        panel, _ = self.reviewers("presentation", 1)
        session, _ = PresentationSession.objects.get_or_create(panel=panel, defaults={"held_on": timezone.localdate()})
        now = timezone.now()
        return PresentationSlot.objects.create(
            session=session, application=application, order=session.slots.count() + 1,
            opened_at=now - datetime.timedelta(minutes=9) if opened else None, closed_at=now if closed else None,
        )  # fmt: skip

    def present(self, application, *totals, closed=True):
        return self._sheets("presentation", application, totals, slot=self.slot(application, closed=closed))

    def whole(self, application, check, visit, presentation, own="90"):
        """A candidate with one total per component."""
        candidate = self.candidate(application, check, own)
        self.visit(candidate, visit)
        self.present(candidate, presentation)
        return candidate


@pytest.fixture
def scored(tiny_track, bureau, cast):
    return Scored(tiny_track, bureau.city, cast.campaign_admin)


@pytest.fixture
def field(scored, applications):
    """Five candidates of the tiny track (two places, one reserve): 90, 85, 80, 75 and 70 in everything."""
    marks = {"A-1": "90", "A-2": "85", "B-1": "80", "B-2": "75", "JG-1": "70"}
    return {code: scored.whole(applications[code], mark, mark, mark) for code, mark in marks.items()}
