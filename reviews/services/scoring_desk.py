"""What assessors and experts do: visits, presentations, scores item by item, and the final word."""

import random
import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from applications.models import Application
from applications.services.preparing import require_storable, score_answer
from applications.states import Status
from branches import audit
from branches.models import User
from reviews.models import (
    Assignment,
    Conflict,
    Panel,
    PresentationSession,
    PresentationSlot,
    Review,
    Score,
    SiteVisit,
)
from standards import scoring
from standards.models import Criterion, ScoreComponent, Track
from standards.services.answering import store_answer


def schedule_visit(
    panel: Panel, application: Application, *, kind: str, visited_on: date, note: str, by: User
) -> SiteVisit:
    """Add one dynamic or on-site visit; numbered per panel and branch, as many as the period brings (S2-36)."""
    if panel.component.source != ScoreComponent.Source.VISIT:
        raise ValidationError("该评审组不负责实地与动态考评。", code="wrong_panel")
    _require_in_review(application)
    with audit.recorded():
        # Locked so that two people adding a visit at once get two numbers.
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        number = panel.visits.filter(application=application).count() + 1
        visit = SiteVisit.objects.create(
            panel=panel, application=application, kind=kind, number=number,
            visited_on=visited_on, note=note, created_by=by,
        )  # fmt: skip
        audit.record("visit.schedule", application, by=by, branch=application.branch, visit=str(visit), on=visited_on)
    return visit


def schedule_visits(
    panel: Panel, applications: Iterable[Application], *, kind: str, visited_on: date, note: str, by: User
) -> list[SiteVisit]:
    """The same visit for several branches, all of them or none."""
    with audit.recorded():
        return [
            schedule_visit(panel, application, kind=kind, visited_on=visited_on, note=note, by=by)
            for application in applications
        ]


def draw_order(panel: Panel, *, held_on: date, minutes_each: int, by: User, seed: str = "") -> PresentationSession:
    """Draw the order of presentations by a recorded seed (抽签), a fresh one unless an old draw is to be repeated.

    Code `already_drawn` once a slot was opened.
    """
    if panel.component.source != ScoreComponent.Source.PRESENTATION:
        raise ValidationError("该评审组不负责现场展示。", code="wrong_panel")
    with audit.recorded():
        Panel.objects.select_for_update(no_key=True).get(pk=panel.pk)
        session, _ = PresentationSession.objects.get_or_create(panel=panel, defaults={"held_on": held_on})
        if session.slots.filter(opened_at__isnull=False).exists():
            raise ValidationError("展示已经开始，不能重新抽签。", code="already_drawn")
        seed = seed or secrets.token_hex(8)
        applications = sorted(
            Application.objects.filter(assignments__panel=panel, status=Status.IN_REVIEW).distinct(), key=lambda a: a.pk
        )
        random.Random(seed).shuffle(applications)  # noqa: S311 - the seed is recorded so the draw can be repeated
        session.slots.all().delete()
        PresentationSlot.objects.bulk_create(
            [
                PresentationSlot(session=session, application=application, order=order)
                for order, application in enumerate(applications, 1)
            ]
        )
        session.held_on, session.minutes_each = held_on, minutes_each
        session.draw_seed, session.drawn_at = seed, timezone.now()
        session.save()
        audit.record("presentation.draw", session, by=by, seed=seed, order=[a.pk for a in applications])
    return session


def open_slot(slot: PresentationSlot, *, by: User) -> PresentationSlot:
    """Call a branch to the stage; one at a time (code `another_open`), and only while it is in review."""
    _require_in_review(slot.application)
    try:
        with audit.recorded(), transaction.atomic():
            changed = PresentationSlot.objects.filter(pk=slot.pk, opened_at=None).update(opened_at=timezone.now())
            if changed != 1:
                raise ValidationError("该支部的展示已经开评过，请刷新页面。", code="conflict")
            audit.record("presentation.open", slot, by=by, branch=slot.application.branch, order=slot.order)
    except IntegrityError:
        raise ValidationError("还有一个支部正在展示，请先收评。", code="another_open") from None
    slot.refresh_from_db()
    return slot


def close_slot(slot: PresentationSlot, *, by: User) -> PresentationSlot:
    """End scoring for the branch on the stage; from now on its total may be shown."""
    with audit.recorded():
        changed = PresentationSlot.objects.filter(pk=slot.pk, closed_at=None, opened_at__isnull=False).update(
            closed_at=timezone.now()
        )
        if changed != 1:
            raise ValidationError("该支部不在展示中，无法收评；请刷新页面。", code="conflict")
        audit.record("presentation.close", slot, by=by, branch=slot.application.branch, order=slot.order)
    slot.refresh_from_db()
    return slot


def start_review(
    assignment: Assignment, *, visit: SiteVisit | None = None, slot: PresentationSlot | None = None
) -> Review:
    """The reviewer's own sheet for one visit or presentation; pressing the button twice gives the same sheet."""
    require_no_conflict(assignment.user, assignment.application)
    _require_in_review(assignment.application)
    event = visit or slot
    panel_id = visit.panel_id if visit else slot.session.panel_id if slot else None
    if event is None or event.application_id != assignment.application_id or panel_id != assignment.panel_id:
        raise ValidationError("请先选择一次考评或展示。", code="no_event")
    existing = Review.objects.filter(reviewer=assignment.user, visit=visit, slot=slot).first()
    if existing:
        return existing
    if slot and not slot.is_open:
        # A sheet begun before the branch is called would stop the order from being drawn again.
        raise ValidationError(_why_sealed(slot), code="slot_closed")
    with audit.recorded():
        review, created = Review.objects.get_or_create(
            reviewer=assignment.user,
            visit=visit,
            slot=slot,
            defaults={
                "assignment": assignment,
                "application": assignment.application,
                "component": assignment.panel.component,
            },
        )
        if created:
            branch = assignment.application.branch
            audit.record("review.start", review, by=assignment.user, branch=branch, event=str(event))
    return review


def save_score(
    review: Review, criterion: Criterion, *, answer: Mapping[str, Any], remark: str, version: int, by: User
) -> Score:
    """Save one item; the stored total follows. Refused once final, closed or conflicted.

    `version` is the one the page was showing, 0 for none. Codes: `stale` (saved on another page meanwhile),
    `foreign_criterion` (not of this sheet), those of AnswerError, and those of `_writable`.
    """
    if criterion.pk not in {leaf.pk for leaf in leaves_of(review)}:
        raise ValidationError("该指标不在这份评分表上。", code="foreign_criterion")
    points = score_answer(criterion, answer)
    with audit.recorded():
        _writable(review)
        score, _ = store_answer(review.scores, criterion, answer=answer, points=points, remark=remark, version=version)
        sheet = sheet_score(review)
        require_storable(sheet)
        detail = review.component.scoring_rubric.detail(sheet)
        Review.objects.filter(pk=review.pk).update(total=sheet.total, detail=detail, updated_at=timezone.now())
        review.total, review.detail = sheet.total, detail
        audit.record(
            "score.save", review, by=by, branch=review.application.branch, criterion=criterion.code, points=points
        )
    return score


def leaves_of(review: Review) -> list[Criterion]:
    """What this sheet asks for, in reading order."""
    return review.component.leaves_for(review.application.branch.line)


def sheet_score(review: Review) -> scoring.SheetScore:
    """The running total of a sheet, for the rubric of its component and the branch's 警种."""
    points = {str(pk): value for pk, value in review.scores.values_list("criterion_id", "points")}
    sheet = review.component.sheet.for_line(review.application.branch.line)
    return scoring.score_sheet(sheet, points)


def save_comment(review: Review, *, comment: str, by: User) -> Review:
    """Keep the words of a draft; they become final with the sheet."""
    with audit.recorded():
        current = _writable(review)
        if current.comment != comment:
            Review.objects.filter(pk=review.pk).update(comment=comment, updated_at=timezone.now())
            audit.record("review.comment", review, by=by, branch=review.application.branch, length=len(comment))
    review.comment = comment
    return review


def finish_review(review: Review, *, comment: str, by: User) -> Review:
    """Make it final: complete or not at all (code `incomplete`); from then on it cannot be changed."""
    with audit.recorded():
        # Locked before the sheet: a result is frozen and decided either with this review or before it, never beside it.
        Track.objects.select_for_update(no_key=True).get(pk=review.component.track_id)
        _writable(review)
        sheet = sheet_score(review)
        if sheet.missing:
            raise ValidationError(f"还有{len(sheet.missing)}项没有打分，全部打分后才能提交。", code="incomplete")
        changed = Review.objects.filter(pk=review.pk, status=Review.Status.DRAFT).update(
            status=Review.Status.FINAL,
            total=sheet.total,
            detail=review.component.scoring_rubric.detail(sheet),
            comment=comment,
            finished_at=timezone.now(),
        )
        if changed != 1:
            raise ValidationError("这份评分已经提交过，不能重复提交。", code="conflict")
        review.refresh_from_db()
        audit.record("review.finish", review, by=by, branch=review.application.branch, total=sheet.total)
    return review


def require_no_conflict(user: User, application: Application) -> None:
    if Conflict.objects.filter(application=application, user=user).exists():
        raise ValidationError("您与该支部存在回避关系，不能查看或评分。", code="conflict_of_interest")


def _require_in_review(application: Application) -> None:
    status = Application.objects.values_list("status", flat=True).get(pk=application.pk)
    if status != Status.IN_REVIEW:
        # Not which status: reviewers must not learn here what was decided.
        raise ValidationError("该支部的考评尚未开始或已经结束，不能评分。", code="not_in_review")


def _writable(review: Review) -> Review:
    """Lock the sheet and make sure it still takes scores."""
    current = Review.objects.select_for_update(no_key=True).get(pk=review.pk)
    if current.is_final:
        raise ValidationError("这份评分已提交，不能再改；确需修改请联系市局机关党委。", code="final")
    require_no_conflict(review.reviewer, review.application)
    _require_in_review(review.application)
    if current.slot_id:
        # Locked so that closing waits for what is being saved: after it nothing can change any more.
        slot = PresentationSlot.objects.select_for_update(no_key=True).get(pk=current.slot_id)
        if not slot.is_open:
            raise ValidationError(_why_sealed(slot), code="slot_closed")
    return current


def _why_sealed(slot: PresentationSlot) -> str:
    return "尚未开评，请等待主持人开评。" if slot.opened_at is None else "该支部展示已收评，不能再打分。"
