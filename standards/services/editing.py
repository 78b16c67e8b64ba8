"""Writes on a draft rubric: its head, one criterion with its rules, points from one to another.

Every write locks the rubric's row first, so that two editors of one draft wait for each other and codes, order and
levels are judged by what stands in the database. Only drafts: code `not_draft`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from branches import audit
from branches.models import User
from standards import scoring
from standards.models import Criterion, Rubric, ScoreRule
from standards.services.rubrics import CRITERION_CONTENT, RULE_CONTENT

HEAD = ("name", "source", "total_points", "points_suggested", "rescale", "cap_total")


@contextmanager
def draft(rubric: Rubric) -> Iterator[Rubric]:
    """The rubric locked and read afresh inside the recorded transaction; its revision is kept if it was counted on."""
    with audit.recorded():
        # One editor at a time: order, levels and codes concern all rows of the rubric, not only the edited one.
        current = Rubric.objects.select_for_update(no_key=True).get(pk=rubric.pk)
        refuse_frozen(current)
        before = current.revision
        yield current
        if current.revision != before:
            current.save(update_fields=["revision"])
            rubric.revision = current.revision


def refuse_frozen(rubric: Rubric) -> None:
    """Code `not_draft`: what is published is never changed."""
    if not rubric.is_draft:
        raise ValidationError("这一版标准已不是草稿，不能再改；请从此版新建草稿后修改。", code="not_draft")


def criterion_of(rubric: Rubric, criterion: Criterion) -> Criterion:
    """The criterion as it stands now; code `gone` when somebody has deleted it meanwhile."""
    found = Criterion.objects.filter(rubric=rubric, pk=criterion.pk).prefetch_related("rules").first()
    if found is None:
        raise ValidationError(f"“{criterion}”刚被他人删除；请刷新页面查看最新的大纲。", code="gone")
    return found


def head_mark(rubric: Rubric) -> str:
    """What a page that shows the head sends back with it, so that a change in between is noticed."""
    return "|".join(str(getattr(rubric, name)) for name in HEAD)


def save_rubric(rubric: Rubric, *, fields: Mapping[str, Any], mark: str, by: User) -> Rubric:
    """Change the head: name, source, total, rescaling. Code `stale` when somebody else changed it since `mark`."""
    with draft(rubric) as current:
        if mark != head_mark(current):
            raise ValidationError("标准的基本信息刚被他人改过，请比较两份内容后再保存。", code="stale")
        changes = _changes(current, {name: fields[name] for name in HEAD if name in fields})
        if changes:
            current.revision += 1
            current.save(update_fields=list(changes))
            audit.record("rubric.save", current, by=by, **changes)
    rubric.refresh_from_db()
    return rubric


def save_criterion(
    criterion: Criterion,
    *,
    fields: Mapping[str, Any],
    rules: Sequence[Mapping[str, Any]],
    version: int,
    by: User,
) -> Criterion:
    """Replace what the criterion says and its rules (a row with `pk` keeps its identity, rows left out go).

    Codes: `stale` when it is no longer at `version`, `gone`, `duplicate_code`. Nothing is written or counted when
    nothing differs.
    """
    with draft(criterion.rubric) as rubric:
        current = criterion_of(rubric, criterion)
        if current.version != version:
            raise ValidationError("这一项刚被他人改过，请比较两份内容后再保存。", code="stale")
        _refuse_duplicate(rubric, fields.get("code", current.code), current.pk)
        changes = _changes(current, {name: fields[name] for name in CRITERION_CONTENT if name in fields})
        if ruled := _save_rules(current, rules):
            changes["rules"] = ruled
        if changes:
            rubric.revision += 1
            current.version += 1
            current.save()
            audit.record("criterion.save", current, by=by, **changes)
    criterion.refresh_from_db()
    return criterion


def move_points(rubric: Rubric, *, giver: Criterion, taker: Criterion, points: Decimal, by: User) -> None:
    """Take points from one criterion and give them to another. Codes `same`, `not_positive`, `not_enough`, `gone`."""
    with draft(rubric) as current:
        giving, taking = criterion_of(current, giver), criterion_of(current, taker)
        if giving.pk == taking.pk:
            raise ValidationError("请选择两个不同的指标。", code="same")
        if points <= 0:
            raise ValidationError("移动的分值须大于0。", code="not_positive")
        if points > giving.max_points:
            have = scoring.plain(giving.max_points)
            raise ValidationError(f"“{giving}”只有{have}分，不够移出{scoring.plain(points)}分。", code="not_enough")
        current.revision += 1
        for each, change in ((giving, -points), (taking, points)):
            before = each.max_points
            each.max_points, each.version = before + change, each.version + 1
            each.save(update_fields=["max_points", "version"])
            audit.record("criterion.points", each, by=by, max_points=[str(before), str(each.max_points)])


def _refuse_duplicate(rubric: Rubric, code: str, own: int) -> None:
    if Criterion.objects.filter(rubric=rubric, code=code).exclude(pk=own).exists():
        raise ValidationError(
            {"code": ValidationError(f"编号“{code}”已用在另一项上，请换一个。", code="duplicate_code")}
        )


def _changes(instance: Rubric | Criterion | ScoreRule, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set what differs; the differences as the log shows them."""
    changed = {}
    for name, value in values.items():
        before = getattr(instance, name)
        if before != value:
            setattr(instance, name, value)
            changed[name] = [logged(before), logged(value)]
    return changed


def logged(value: Any) -> Any:
    """A value as the log shows it."""
    return scoring.plain(value) if isinstance(value, Decimal) else value


def _save_rules(criterion: Criterion, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Make the criterion's rules these; the new list in words for the log, empty when it was already so."""
    standing = {rule.pk: rule for rule in criterion.rules.all()}
    kept: list[ScoreRule] = []
    changed = False
    for order, row in enumerate(rows):
        # A row whose rule somebody removed becomes a new one: what was typed is not lost.
        rule = standing.get(row.get("pk") or 0) or ScoreRule(criterion=criterion)
        differs = _changes(rule, {"order": order} | {name: row[name] for name in RULE_CONTENT if name in row})
        if differs or not rule.pk:
            changed = True
            rule.save()
        kept.append(rule)
    gone = set(standing) - {rule.pk for rule in kept}
    if gone:
        ScoreRule.objects.filter(pk__in=gone).delete()
    return [str(rule) for rule in kept] or ["（无）"] if changed or gone else []
