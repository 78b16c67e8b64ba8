"""Writes on the versions of a rubric: a blank draft, a copy of an older one, retiring, throwing a draft away."""

import copy
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max, Q

from branches import audit
from branches.models import User
from standards.models import Campaign, Criterion, Rubric, ScoreRule, Track

# What a copy takes over from the rubric it is made from.
KEPT = ("source", "total_points", "points_suggested", "rescale", "cap_total")


def create_rubric(*, code: str, name: str, total_points: Decimal, by: User) -> Rubric:
    """A blank draft, the first version of its code. Codes `taken` (the code exists: copy that one), `bad_code`."""
    if Rubric.objects.filter(code=code).exists():
        raise ValidationError(f"编码“{code}”已经有标准了；请换一个编码，或在列表中以它为蓝本新建下一版。", code="taken")
    with audit.recorded():
        rubric = _insert(Rubric(code=code, name=name, total_points=total_points))
        audit.record("rubric.create", rubric, by=by, total=total_points)
    return rubric


def copy_rubric(rubric: Rubric, *, by: User, code: str = "", name: str = "") -> Rubric:
    """“New year from…”: a draft with all criteria and rules, the next version of the same code or of another one.

    Writes one rubric, one batch of criteria per level and one of rules, whatever the size. Codes `draft_exists` (a
    draft of that code is waiting already: two clicks make one copy), `taken` (somebody was faster).
    """
    code = code or rubric.code
    with audit.recorded():
        # Every version of the code locked, so that two people copying at once do not both take the next number.
        versions = list(Rubric.objects.select_for_update(no_key=True).filter(code=code).order_by("pk"))
        if waiting := next((each for each in versions if each.is_draft), None):
            raise ValidationError(f"{waiting}还是草稿；请先改好发布，或删除它，再新建下一版。", code="draft_exists")
        version = (Rubric.objects.filter(code=code).aggregate(last=Max("version"))["last"] or 0) + 1
        kept = {each: getattr(rubric, each) for each in KEPT}
        made = _insert(Rubric(code=code, version=version, name=name or rubric.name, based_on=rubric, **kept))
        copied = copy_criteria(rubric, made)
        audit.record("rubric.copy", made, by=by, based_on=str(rubric), criteria=copied)
    return made


def copy_criteria(source: Rubric, target: Rubric) -> int:
    """All criteria and rules of one rubric as new rows of another, in order. Returns the number of criteria."""
    # Read from the database, not from memory: a draft may have been changed a second ago.
    rows = list(Criterion.objects.filter(rubric=source).prefetch_related("rules"))
    made: dict[int, Criterion] = {}
    level = [row for row in rows if row.parent_id is None]
    while level:
        batch = [_twin(row, rubric=target, parent=made.get(row.parent_id or 0), version=1) for row in level]
        Criterion.objects.bulk_create(batch)
        made |= {row.pk: twin for row, twin in zip(level, batch, strict=True)}
        above = {row.pk for row in level}
        level = [row for row in rows if row.parent_id in above]
    rules = [_twin(rule, criterion=made[row.pk]) for row in rows for rule in row.rules.all()]
    ScoreRule.objects.bulk_create(rules)
    return len(rows)


def _twin(row: Any, **changes: object) -> Any:
    """An unsaved copy of a row that belongs elsewhere; lists are its own, nothing read with the old one comes along."""
    fields = {each.attname: copy.deepcopy(getattr(row, each.attname)) for each in row._meta.concrete_fields}
    for name in ("id", *(f"{name}_id" for name in changes)):
        fields.pop(name, None)
    return type(row)(**(fields | changes))


def _insert(rubric: Rubric) -> Rubric:
    try:
        with transaction.atomic():
            rubric.save(force_insert=True)
    except IntegrityError:
        raise ValidationError(
            f"{rubric.code} 第{rubric.version}版刚由他人新建；请刷新列表查看。", code="taken"
        ) from None
    return rubric


def uses_of(rubric: Rubric) -> list[Track]:
    """The tracks that are judged by the rubric, as a whole or for one component, campaigns that are over left out."""
    mine = Q(rubric=rubric) | Q(components__rubric=rubric)
    over = Campaign.Status.CLOSED
    return list(Track.objects.filter(mine).exclude(campaign__status=over).select_related("campaign").distinct())


def retire_rubric(rubric: Rubric, *, by: User) -> Rubric:
    """published → retired. Codes `not_published`, and `in_use` with the tracks of campaigns that are not over."""
    with audit.recorded():
        current = _locked(rubric)
        if current.status != Rubric.Status.PUBLISHED:
            raise ValidationError("只有已发布的标准可以停用；请刷新页面查看最新状态。", code="not_published")
        if used := uses_of(current):
            raise ValidationError(f"该标准正用于{_named(used)}，不能停用；请先替换标准，或等活动结束。", code="in_use")
        current.status = Rubric.Status.RETIRED
        current.save(update_fields=["status"])
        audit.record("rubric.retire", current, by=by, status=["已发布", "已停用"])
    rubric.refresh_from_db()
    return rubric


def delete_rubric(rubric: Rubric, *, by: User) -> None:
    """Throw a draft away. Codes `not_draft` (what was published stays for the record), `in_use` (a track names it)."""
    with audit.recorded():
        current = _locked(rubric)
        if not current.is_draft:
            raise ValidationError("已发布的标准留存备查，不能删除；不再使用时可以停用。", code="not_draft")
        mine = Q(rubric=current) | Q(components__rubric=current)
        if used := list(Track.objects.filter(mine).select_related("campaign").distinct()):
            raise ValidationError(f"{_named(used)}已选用该草稿，请先改选其他标准再删除。", code="in_use")
        audit.record("rubric.delete", current, by=by, criteria=current.criteria.count())
        current.delete()


def _locked(rubric: Rubric) -> Rubric:
    """The row under its lock, as it is now. Refuses one that is gone (code `gone`)."""
    current = Rubric.objects.select_for_update(no_key=True).filter(pk=rubric.pk).first()
    if current is None:
        raise ValidationError("该标准已被删除；请回到列表查看。", code="gone")
    return current


def _named(tracks: list[Track]) -> str:
    return "、".join(f"“{track.campaign.short_name}·{track}”" for track in tracks)
