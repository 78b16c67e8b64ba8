"""Bring an application to any status the way people do: through the services, with every act in the audit log.

    road = Road(cast)
    road.to(application, "recommended")      # preparing → submitted → checked → recommended
    road.to(application, "named")            # … everything up to the plaque

Single steps: `fill`, `submit`, `accept`, `hand_up`, `review`, `present`, `decide`, `publish`, `name`.
A step that needs an open stage moves the track's calendar into it and back again.
"""

import datetime
from decimal import Decimal

from django.utils import timezone

from applications.models import Application, Assessment, CheckItem
from applications.services import checking, inspecting, planning, preparing, recommending, submitting
from applications.states import Status
from branches.models import Branch, User
from branches.roles import Role
from reviews.demo.answers import answer_for
from reviews.demo.calendar import within
from reviews.models import PublicNotice, ResultSet, Score
from reviews.services import panels, results, scoring_desk
from standards.models import ScoreComponent, Track

ORDER = [
    Status.PREPARING, Status.SUBMITTED, Status.CHECKED, Status.RECOMMENDED, Status.IN_REVIEW,
    Status.SELECTED, Status.PUBLISHED, Status.NAMED,
]  # fmt: skip


def fresh(application: Application) -> Application:
    """The application as the database has it, ready for the gate."""
    return Application.objects.for_work().get(pk=application.pk)


def form_values(track: Track) -> dict[str, str]:
    """A valid value for every field of the 申报表."""
    values = {"line": "党建引领 平安先行", "text": "全年开展主题党日12次。", "number": "10", "date": "2026-05-01"}
    return {field.key: values[field.kind] for field in track.form_fields.all()}


class Road:
    """The services, with the right person of the cast for each step."""

    def __init__(self, cast) -> None:
        self.cast = cast

    def person(self, branch: Branch, *roles: str) -> User:
        """Somebody of the cast who holds the role on the branch or on the nearest node above it."""
        holders = User.objects.filter(role_grants__role__in=roles, is_active=True)
        found = [(len(grant.path), user) for user in holders for grant in user.grants
                 if grant.role in roles and branch.path.startswith(grant.path)]  # fmt: skip
        if not found:
            raise LookupError(f"nobody of the cast is {roles} for {branch}")
        return max(found, key=lambda pair: pair[0])[1]

    # The branch

    def fill(self, application: Application, share: Decimal | str = "0.95") -> Application:
        """Everything that submitting asks for."""
        by = self.person(application.branch, Role.SECRETARY, Role.CLERK)
        application = fresh(application)
        row = {"measure": "每月开展主题党日", "indicator": "次数", "target": "12", "responsible": "支部书记A"}
        planning.save_plan(application, [{**row, "due_on": timezone.localdate() + datetime.timedelta(days=200)}], by=by)
        planning.file_plan(application, by=by)
        for task in application.tasks:
            if task.kind != "plan":
                planning.record_task(
                    application, task, by=by, held_on=timezone.localdate(), place="支部活动室", host="支部书记A",
                    expected=10, present=9, body="学习创建标准，部署创建工作。",
                )  # fmt: skip
        self.assess(application, share)
        if fresh(application).form_data != form_values(application.track):
            submitting.save_form(application, form_values(application.track), by=by)
        return fresh(application)

    def assess(self, application: Application, share: Decimal | str = "0.95") -> Application:
        """Answer every criterion: in bulk, the last one through the service, which brings the totals up to date."""
        by = self.person(application.branch, Role.SECRETARY, Role.CLERK)
        leaves = [leaf for leaf in application.track.rubric.leaves_for(application.branch.line) if leaf.asked]
        done = set(application.assessments.values_list("criterion_id", flat=True))
        todo = [leaf for leaf in leaves if leaf.pk not in done]
        Assessment.objects.bulk_create(
            [
                Assessment(
                    application=application, criterion=leaf, answer=answer_for(leaf, share), remark="已落实。",
                    points=preparing.score_answer(leaf, answer_for(leaf, share)), updated_by=by,
                )
                for leaf in todo[:-1]
            ]
        )  # fmt: skip
        for leaf in todo[-1:]:
            preparing.save_answer(
                application, leaf, answer=answer_for(leaf, share), remark="已落实。", version=0, by=by
            )
        return application

    def submit(self, application: Application) -> Application:
        with within(application.track, "apply"):
            submitting.submit_application(fresh(application), by=self.person(application.branch, Role.SECRETARY))
        return fresh(application)

    # The committee

    def check(self, application: Application, share: Decimal | str = "0.95") -> Application:
        """Score every criterion for the committee, without a decision."""
        by = self.person(application.branch, Role.COMMITTEE_CLERK, Role.COMMITTEE_HEAD)
        leaves = [leaf for leaf in application.track.rubric.leaves_for(application.branch.line) if leaf.asked]
        CheckItem.objects.bulk_create(
            [
                CheckItem(
                    application=application, criterion=leaf, answer=answer_for(leaf, share), checked_by=by,
                    points=preparing.score_answer(leaf, answer_for(leaf, share)),
                )
                for leaf in leaves
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        return application

    def accept(self, application: Application, share: Decimal | str = "0.95") -> Application:
        by = self.person(application.branch, Role.COMMITTEE_CLERK, Role.COMMITTEE_HEAD)
        self.check(application, share)
        checking.accept_application(
            fresh(application), members="核查员A、核查员B", checked_on=timezone.localdate(), conclusion="同意。", by=by
        )
        return fresh(application)

    def send_back(self, application: Application, reason: str = "请补充会议记录。") -> Application:
        by = self.person(application.branch, Role.COMMITTEE_CLERK, Role.COMMITTEE_HEAD)
        checking.return_application(fresh(application), reason=reason, due_on=None, by=by)
        return fresh(application)

    def hand_up(self, *applications: Application) -> None:
        """Each by its own road; the ranked ones of one committee in the order given."""
        ranked: dict[int, list[Application]] = {}
        for application in map(fresh, applications):
            head = self.person(application.branch, Role.COMMITTEE_HEAD)
            if application.road == "ranked":
                ranked.setdefault(preparing.checking_committee(application.branch).pk, []).append(application)
            elif application.road == "nominated":
                with within(application.track, "nominate"):
                    checking.nominate_application(fresh(application), by=head)
            else:
                with within(application.track, "forward"):
                    checking.forward_application(fresh(application), by=head)
        for committee, ordered in ranked.items():
            self.rank(ordered[0].track, Branch.objects.get(pk=committee), ordered)

    def rank(self, track: Track, committee: Branch, ordered: list[Application], *, confirm: bool = True):
        head = self.person(committee, Role.COMMITTEE_HEAD)
        ranking = recommending.list_for(track, committee)
        with within(track, "recommend"):
            ranking = recommending.list_for(track, committee)
            recommending.save_ranking(ranking, ordered, reasons={}, version=ranking.version, by=head)
            if confirm:
                recommending.confirm_ranking(ranking, version=ranking.version, by=head)
        return ranking

    # The inspectors

    def veto(self, application: Application) -> Application:
        record = inspecting.propose_veto(fresh(application), basis="查实违纪。", by=self.cast.inspector)
        inspecting.confirm_veto(record, remark="属实。", by=self.cast.inspector2)
        return fresh(application)

    # The panels

    def panel(self, track: Track, source: str = ScoreComponent.Source.VISIT, members: list[User] | None = None):
        """The track's panel for the component; formed of the cast's assessors or experts when there is none yet."""
        component = track.components.get(source=source)
        if found := component.panels.first():
            return found
        visit = source == ScoreComponent.Source.VISIT
        cast = self.cast
        people = members or ([cast.assessor, cast.assessor2] if visit else [cast.expert, cast.expert2, cast.expert3])
        return panels.form_panel(
            track, component, kind="assessors" if visit else "experts", name="第一考核组" if visit else "专家组",
            members=people, leader=people[0], by=cast.campaign_admin,
        )  # fmt: skip

    def assign(self, track: Track, source: str = ScoreComponent.Source.VISIT, applications=None):
        """Hand out everything (or the given applications) to the panel; what was 已推荐 becomes 考评中."""
        panel = self.panel(track, source)
        members = [member.user for member in panel.members.select_related("user")]
        pairs = [(user, app) for app in applications for user in members] if applications is not None else None
        panels.assign(panel, by=self.cast.campaign_admin, pairs=pairs)
        return panel

    def score(self, review, share: Decimal | str = "0.9", *, final: bool = True):
        """Score every criterion of a sheet, the last through the service; then make it final."""
        leaves = [leaf for leaf in review.component.leaves_for(review.application.branch.line) if leaf.asked]
        Score.objects.bulk_create(
            [
                Score(
                    review=review, criterion=leaf, answer=answer_for(leaf, share),
                    points=preparing.score_answer(leaf, answer_for(leaf, share)),
                )
                for leaf in leaves[:-1]
            ]
        )  # fmt: skip
        scoring_desk.save_score(
            review, leaves[-1], answer=answer_for(leaves[-1], share), remark="", version=0, by=review.reviewer
        )
        return scoring_desk.finish_review(review, comment="工作扎实。", by=review.reviewer) if final else review

    def visit(self, application: Application, shares=("0.9",), *, kind: str = "dynamic", on=None):
        """One visit, scored by every assigned member in turn with the given shares (the last one repeats)."""
        panel = self.assign(application.track, ScoreComponent.Source.VISIT, [application])
        visit = scoring_desk.schedule_visit(
            panel, fresh(application), kind=kind, visited_on=on or timezone.localdate(), note="",
            by=self.cast.campaign_admin,
        )  # fmt: skip
        for place, assignment in enumerate(panel.assignments.filter(application=application)):
            review = scoring_desk.start_review(assignment, visit=visit)
            self.score(review, shares[min(place, len(shares) - 1)])
        return visit

    def present(self, track: Track, shares: dict[int, str] | None = None):
        """Draw, then open, score and close every presentation of the track; `shares` by application pk."""
        panel = self.assign(track, ScoreComponent.Source.PRESENTATION)
        admin = self.cast.campaign_admin
        session = scoring_desk.draw_order(panel, held_on=timezone.localdate(), minutes_each=8, by=admin)
        for slot in session.slots.select_related("application"):
            scoring_desk.open_slot(slot, by=admin)
            for assignment in panel.assignments.filter(application=slot.application):
                self.score(
                    scoring_desk.start_review(assignment, slot=slot), (shares or {}).get(slot.application_id, "0.9")
                )
            scoring_desk.close_slot(slot, by=admin)
        return session

    def review(self, *applications: Application, share: Decimal | str = "0.9") -> None:
        """Score every component of the applications' track for them."""
        track = applications[0].track
        for application in applications:
            self.visit(application, (share,))
        if track.components.filter(source=ScoreComponent.Source.PRESENTATION).exists():
            self.present(track, {application.pk: str(share) for application in applications})

    # The city office

    def decide(self, track: Track) -> ResultSet:
        result = results.freeze_results(track, by=self.cast.campaign_admin)
        return results.decide(result, by=self.cast.campaign_admin)

    def publish(self, track: Track, *, over: bool = False):
        """Put the names up; `over=True`: the period ended yesterday."""
        today = timezone.localdate()
        opens = today - datetime.timedelta(days=8) if over else today
        closes = today + datetime.timedelta(days=-1 if over else 7)
        return results.publish(
            track, opens_on=opens, body="拟命名名单公示如下。", closes_on=closes, by=self.cast.campaign_admin
        )

    def approve(self, track: Track):
        """Record the approval; a running public notice is first made to have ended yesterday."""
        yesterday = timezone.localdate() - datetime.timedelta(days=1)
        PublicNotice.objects.filter(track=track, closes_on__gte=timezone.localdate()).update(
            opens_on=yesterday - datetime.timedelta(days=7), closes_on=yesterday
        )
        return results.record_approval(
            track, approved_by="市局党委", number="党发〔2026〕30号", approved_on=timezone.localdate(),
            by=self.cast.campaign_admin,
        )  # fmt: skip

    def name(self, track: Track):
        """Approve, have the inspectors' word, and name."""
        self.approve(track)
        for application in Application.objects.for_work().filter(track=track, status=Status.PUBLISHED):
            inspecting.clear(application, point="name", remark="", by=self.cast.inspector)
        return results.name_winners(track, by=self.cast.campaign_admin)

    # All of it

    def to(self, application: Application, status: str, **how) -> Application:
        """Walk the application forward to the status. `withdrawn`, `vetoed` and the losing ends work too."""
        application, track = fresh(application), application.track
        if status in (Status.WITHDRAWN, Status.VETOED):
            if status == Status.VETOED:
                return self.veto(application)
            application = self.to(application, Status.SUBMITTED)
            submitting.withdraw_application(application, by=self.person(application.branch, Role.SECRETARY))
            return fresh(application)
        steps = {
            Status.SUBMITTED: lambda: self.submit(self.fill(application, **how)),
            Status.CHECKED: lambda: self.accept(application),
            Status.RECOMMENDED: lambda: self.hand_up(application),
            Status.IN_REVIEW: lambda: self.assign(track, ScoreComponent.Source.VISIT, [application]),
            Status.SELECTED: lambda: (self.review(application), self.decide(track)),
            Status.PUBLISHED: lambda: self.publish(track),
            Status.NAMED: lambda: self.name(track),
        }
        for step in ORDER[ORDER.index(application.status) + 1 : ORDER.index(status) + 1]:
            steps[step]()
            application = fresh(application)
        if application.status != status:
            raise AssertionError(f"meant to reach {status}, is {application.status}")
        return application
