"""Submitting and accepting thousands at once, for measuring: the rows the services would leave, without their queries."""

from collections.abc import Iterator

from django.db.models import prefetch_related_objects
from django.utils import timezone

from applications import snapshots
from applications.models import Application, CheckDecision, CheckItem, Snapshot
from applications.states import Status
from branches import audit
from branches.models import Notice
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role
from reviews.demo.answers import Marking
from reviews.demo.branch_work import Case
from reviews.demo.bureau import Bureau
from reviews.demo.calendar import Dates
from standards.models import Track

# Up to this many go through the services one by one.
ONE_BY_ONE = 300
CHUNK = 200


def split(cases: list[Case]) -> tuple[list[Case], list[Case]]:
    """Those for the services and those for this module: everything is small, or only the first ones are honest."""
    return (cases, []) if len(cases) <= ONE_BY_ONE else (cases[: ONE_BY_ONE // 2], cases[ONE_BY_ONE // 2 :])


def _chunks(cases: list[Case]) -> Iterator[list[Case]]:
    for start in range(0, len(cases), CHUNK):
        yield cases[start : start + CHUNK]


def submit(cases: list[Case], track: Track, bureau: Bureau) -> None:
    """筹备中 → 已申报 with snapshot, receipt, log and notice to the committee."""
    prefetch_related_objects([track], "form_fields")
    now = timezone.now()
    for chunk in _chunks(cases):
        prefetch_related_objects([case.application for case in chunk], "plan_items", "assessments", "branch__members")
        frozen, told = [], []
        for case in chunk:
            application, by = case.application, bureau.at(case.branch, Role.SECRETARY)
            committee = bureau.committee_of(case.branch)
            case.branch._cached_parent_obj = committee
            receipt = f"{track.campaign.code}-{application.pk:06d}-1"
            application.status, application.submissions = Status.SUBMITTED, 1
            application.receipt_number, application.submitted_at, application.submitted_by = receipt, now, by
            content = snapshots.content_of(application)
            frozen.append(
                Snapshot(
                    application=application, number=1, receipt_number=receipt, content=content,
                    hash=snapshots.digest(content), created_at=now, created_by=by,
                )
            )  # fmt: skip
            audit.record(
                "application.submit", application, by=by, branch=case.branch, status=["preparing", "submitted"],
                note=receipt,
            )  # fmt: skip
            told += [
                _notice(
                    application, bureau.at(committee, role), "submitted", f"{case.branch.short_name}提交了申报，请核查"
                )
                for role in COMMITTEE_ROLES
            ]
            # Only what was read for the snapshot: thousands of answers need not stay in memory.
            application._prefetched_objects_cache.clear()
        Snapshot.objects.bulk_create(frozen)
        Notice.objects.bulk_create(told)
        Application.objects.bulk_update(
            [case.application for case in chunk],
            ["status", "submissions", "receipt_number", "submitted_at", "submitted_by"],
        )


def accept(cases: list[Case], track: Track, bureau: Bureau, dates: Dates, *, members: str, conclusion: str) -> None:
    """已申报 → 审核通过 with the score, the decision, log and notice to the branch."""
    marking = Marking(track.rubric)
    for chunk in _chunks(cases):
        points: dict[int, dict] = {case.application.pk: {} for case in chunk}
        for pk, criterion, value in CheckItem.objects.filter(application__in=points).values_list(
            "application", "criterion", "points"
        ):
            points[pk][str(criterion)] = value
        decisions, told = [], []
        for case in chunk:
            application, clerk = case.application, bureau.at(bureau.committee_of(case.branch), Role.COMMITTEE_CLERK)
            application.status = Status.CHECKED
            score = marking.total(case.branch.line, points[application.pk])
            application.check_score, application.check_detail = score.total, marking.rubric.detail(score)
            decisions.append(
                CheckDecision(
                    application=application, outcome=CheckDecision.Outcome.ACCEPTED, reason=conclusion, members=members,
                    checked_on=dates.day("check", 0.9), score=application.check_score, decided_by=clerk,
                )
            )  # fmt: skip
            audit.record(
                "application.accept", application, by=clerk, branch=case.branch, status=["submitted", "checked"]
            )
            told += [
                _notice(application, bureau.at(case.branch, role), "accepted", f"申报通过核查：{track}")
                for role in BRANCH_ROLES
            ]
        CheckDecision.objects.bulk_create(decisions)
        Notice.objects.bulk_create(told)
        Application.objects.bulk_update([case.application for case in chunk], ["status", "check_score", "check_detail"])


def _notice(application: Application, recipient, what: str, title: str) -> Notice:
    return Notice(
        recipient=recipient, kind=f"application.{what}", about=f"application:{application.pk}:1", title=title,
        due_on=timezone.localdate(), url=application.get_absolute_url(),
    )  # fmt: skip
