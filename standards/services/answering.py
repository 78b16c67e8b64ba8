"""Storing one answer of a sheet: the self-assessment's, the check's, the score's. What was shown is what is replaced."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from standards.models import Criterion, ScoredAnswer


def store_answer(
    rows: Any,
    criterion: Criterion,
    *,
    answer: Mapping[str, Any],
    points: Decimal | None,
    remark: str,
    version: int,
    **signed: Any,
) -> tuple[Any, Decimal | None]:
    """Write one of the rows of a sheet (`application.check_items`, `review.scores` …); returns it and its points before.

    `version` is the one the page was showing, 0 for none; another one in the database means that somebody else saved
    the same item meanwhile: code `stale`, nothing is written. The caller holds the lock on the sheet.
    """
    remark = remark.replace("\x00", "")  # the one character that PostgreSQL refuses to hold
    saved = rows.filter(criterion=criterion).first()
    if (saved.version if saved else 0) != version:
        raise stale(criterion, saved)
    given = {"answer": dict(answer), "points": points, "remark": remark, "version": version + 1, **signed}
    if saved is None:
        return rows.create(criterion=criterion, **given), None
    before = saved.points
    for name, value in given.items():
        setattr(saved, name, value)
    saved.save()
    return saved, before


def stale(criterion: Criterion, saved: ScoredAnswer | None) -> ValidationError:
    """The refusal of a save that would write over another."""
    return ValidationError(
        f"“{criterion.title}”刚被{saved.last_hand if saved else '他人'}改过，请核对后再保存；您填写的内容还在。",
        code="stale",
    )
