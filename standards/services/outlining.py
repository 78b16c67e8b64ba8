"""Writes on the outline of a draft rubric: adding, removing and bringing back, moving, duplicating criteria."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from branches import audit
from branches.models import User
from standards import soundness
from standards.models import Criterion, Rubric, ScoreRule
from standards.services.editing import draft
from standards.services.rubrics import CRITERION_CONTENT, RULE_CONTENT

UP, DOWN, IN, OUT = "up", "down", "in", "out"
CODE_LENGTH = 20


def add_criterion(
    rubric: Rubric, *, parent: Criterion | None = None, after: Criterion | None = None, by: User
) -> Criterion:
    """A new empty criterion after a given one, else last below `parent` (or at the top). Codes `too_deep`, `gone`.

    What gets something below it becomes a group. The code follows on from its neighbour's.
    """
    with draft(rubric) as current:
        tree = _Tree(current)
        neighbour = tree.find(after) if after else None
        above = neighbour.parent if neighbour else tree.find(parent) if parent else None
        tree.refuse_depth((above.level if above else 0) + 1)
        siblings = tree.below(above)
        place = siblings.index(neighbour) + 1 if neighbour else len(siblings)
        code = tree.free_code(siblings[place - 1].code if place else f"{above.code}-0" if above else "0")
        tree.become_group(above)
        made = Criterion.objects.create(rubric=current, parent=above, order=0, code=code, title="新指标")
        tree.insert(made, above, place)
        tree.number()
        audit.record("criterion.add", made, by=by, parent=above and above.code)
    return made


def delete_criterion(criterion: Criterion, *, by: User, revision: int | None = None) -> dict[str, Any]:
    """Remove the criterion and what stands below it; what `restore_criterion` needs to bring it all back.

    Code `stale` when the page showed an older revision: somebody may have written below it meanwhile.
    """
    with draft(criterion.rubric) as current:
        refuse_stale(current, revision)
        tree = _Tree(current)
        found = tree.find(criterion)
        whole = list(tree.subtree(found))
        place = tree.below(found.parent).index(found)
        kept = {"parent": found.parent_id, "place": place, "rows": [_row(each) for each in whole]}
        audit.record("criterion.delete", found, by=by, codes=[each.code for each in whole])
        Criterion.objects.filter(pk=found.pk).delete()
        tree.remove(found)
        tree.number()
    return kept


def restore_criterion(rubric: Rubric, kept: Mapping[str, Any], *, by: User) -> Criterion:
    """Bring back what was deleted under its old keys, where it stood; at the top when its parent is gone as well.

    Codes `restored` (a second click), `too_deep` (its parent has moved down meanwhile).
    """
    with draft(rubric) as current:
        tree = _Tree(current)
        if any(row["pk"] in tree.by_pk for row in kept["rows"]):
            raise ValidationError("这一项已经恢复过了；请刷新页面查看最新的大纲。", code="restored")
        above = tree.by_pk.get(kept["parent"] or 0)
        levels = {kept["parent"]: above.level if above else 0}
        for row in kept["rows"]:
            levels[row["pk"]] = levels[row["parent"]] + 1
        tree.refuse_depth(max(levels.values()))
        made = _recreate(tree, kept["rows"], above, kept["place"], same_keys=True)
        tree.number()
        audit.record("criterion.restore", made, by=by, count=len(kept["rows"]))
    return made


def duplicate_criterion(criterion: Criterion, *, by: User) -> Criterion:
    """A copy of the criterion with everything below it, right after it, under new codes."""
    with draft(criterion.rubric) as current:
        tree = _Tree(current)
        found = tree.find(criterion)
        place = tree.below(found.parent).index(found) + 1
        made = _recreate(tree, [_row(each) for each in tree.subtree(found)], found.parent, place)
        tree.number()
        audit.record("criterion.duplicate", made, by=by, source=found.code)
    return made


def move_criterion(
    criterion: Criterion, *, parent: Criterion | None, position: int, by: User, revision: int | None = None
) -> Criterion:
    """To this place below `parent` (None: the top). Codes `stale`, `gone`, `too_deep`, `cycle`."""
    with draft(criterion.rubric) as current:
        refuse_stale(current, revision)
        tree = _Tree(current)
        found, above = tree.find(criterion), tree.find(parent) if parent else None
        return tree.move(found, above, position, by=by)


def shift_criterion(criterion: Criterion, *, to: str, by: User) -> Criterion:
    """One step `up` or `down` among its siblings, `in` below the one before it, or `out` beside its parent.

    Said relative to what stands there now, so no revision is asked. Code `edge` where there is no such step.
    """
    with draft(criterion.rubric) as current:
        tree = _Tree(current)
        found = tree.find(criterion)
        siblings = tree.below(found.parent)
        place = siblings.index(found)
        if to == IN and place:
            return tree.move(found, siblings[place - 1], len(tree.below(siblings[place - 1])), by=by)
        if to == OUT and found.parent:
            return tree.move(found, found.parent.parent, tree.below(found.parent.parent).index(found.parent) + 1, by=by)
        target = place + (1 if to == DOWN else -1)
        if to not in (UP, DOWN) or not 0 <= target < len(siblings):
            words = {UP: "已经在最前", DOWN: "已经在最后", IN: "前面没有可以归入的指标", OUT: "已经在最上一级"}
            raise ValidationError(f"“{found}”{words.get(to, '不能这样移动')}。", code="edge")
        return tree.move(found, found.parent, target, by=by)


def refuse_stale(current: Rubric, revision: int | None) -> None:
    if revision is not None and revision != current.revision:
        raise ValidationError("大纲刚被他人改动；已为您换上最新的大纲，请看过后再做一次。", code="stale")


class _Tree:
    """The outline of a locked draft while it is being rearranged."""

    def __init__(self, rubric: Rubric) -> None:
        self.rubric = rubric
        self.by_pk = {criterion.pk: criterion for criterion in rubric.outline}
        self.tops = list(rubric.dimensions)
        self.codes = {criterion.code for criterion in rubric.outline}

    def find(self, criterion: Criterion) -> Criterion:
        if criterion.pk not in self.by_pk:
            raise ValidationError(f"“{criterion}”刚被他人删除；请刷新页面查看最新的大纲。", code="gone")
        return self.by_pk[criterion.pk]

    def below(self, parent: Criterion | None) -> list[Criterion]:
        return parent.parts if parent else self.tops

    def subtree(self, criterion: Criterion) -> Iterable[Criterion]:
        yield criterion
        for part in criterion.parts:
            yield from self.subtree(part)

    def insert(self, criterion: Criterion, parent: Criterion | None, place: int) -> None:
        criterion.parent, criterion.level = parent, (parent.level if parent else 0) + 1
        criterion.parts = getattr(criterion, "parts", [])
        self.by_pk[criterion.pk] = criterion
        self.codes.add(criterion.code)
        self.below(parent).insert(place, criterion)

    def remove(self, criterion: Criterion) -> None:
        self.below(criterion.parent).remove(criterion)

    def move(self, criterion: Criterion, parent: Criterion | None, position: int, *, by: User) -> Criterion:
        """Out of its place and into another; written, numbered and recorded."""
        if any(each is parent for each in self.subtree(criterion)):
            raise ValidationError("不能把一项移到它自己下面。", code="cycle")
        height = max(each.level for each in self.subtree(criterion)) - criterion.level
        self.refuse_depth((parent.level if parent else 0) + 1 + height)
        before = criterion.parent
        self.remove(criterion)
        place = max(0, min(position, len(self.below(parent))))
        self.insert(criterion, parent, place)
        if before != parent:
            self.become_group(parent)
            criterion.save(update_fields=["parent"])
        self.number()
        audit.record(
            "criterion.move", criterion, by=by, parent=[before and before.code, parent and parent.code], place=place + 1
        )
        return criterion

    def number(self) -> None:
        """Write the reading order where it changed, depth first from 1, and count the revision."""
        self.rubric.revision += 1
        order, moved = 0, []
        for top in self.tops:
            for criterion in self.subtree(top):
                order += 1
                if criterion.order != order:
                    criterion.order = order
                    moved.append(criterion)
        Criterion.objects.bulk_update(moved, ["order"], batch_size=500)

    def become_group(self, criterion: Criterion | None) -> None:
        """What has criteria below it is a group; its points stay as what they must come to."""
        if criterion is not None and not criterion.is_group:
            criterion.kind, criterion.version = Criterion.Kind.GROUP, criterion.version + 1
            criterion.save(update_fields=["kind", "version"])

    def refuse_depth(self, level: int) -> None:
        if level > soundness.LEVELS:
            raise ValidationError(f"最多{soundness.LEVELS}级，放在这里就超过了。", code="too_deep")

    def free_code(self, wish: str) -> str:
        """The next code after this one that nobody has: A9 → A10, A-01 → A-02, A → A-1."""
        stem = wish.rstrip("0123456789")
        digits = wish[len(stem) :]
        if not digits:
            stem, digits = f"{wish}-", "0"
        number = int(digits)
        while True:
            number += 1
            tail = str(number).zfill(len(digits))
            code = f"{stem[: CODE_LENGTH - len(tail)]}{tail}"
            if code not in self.codes:
                return code


def _row(criterion: Criterion) -> dict[str, Any]:
    """All a criterion says, as plain values, with its own and its parent's key."""
    return {
        "pk": criterion.pk,
        "parent": criterion.parent_id,
        "fields": {name: _plain(getattr(criterion, name)) for name in CRITERION_CONTENT},
        "rules": [{name: _plain(getattr(rule, name)) for name in RULE_CONTENT} for rule in criterion.rules.all()],
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | list) else str(value)


def _recreate(
    tree: _Tree, rows: list[Mapping[str, Any]], above: Criterion | None, place: int, *, same_keys: bool = False
) -> Criterion:
    """The rows as new criteria, the first of them at this place; codes that are taken are counted on."""
    new: dict[int, Criterion] = {}
    for number, row in enumerate(rows):
        parent = new[row["parent"]] if number else above
        code = row["fields"]["code"]
        code = code if code not in tree.codes else tree.free_code(code)
        fields = {**row["fields"], "code": code, "pk": row["pk"] if same_keys else None}
        made = Criterion.objects.create(rubric=tree.rubric, parent=parent, order=0, **fields)
        ScoreRule.objects.bulk_create(
            ScoreRule(criterion=made, order=order, **rule) for order, rule in enumerate(row["rules"])
        )
        tree.insert(made, parent, len(tree.below(parent)) if number else min(place, len(tree.below(parent))))
        new[row["pk"]] = made
    tree.become_group(above)
    first = new[rows[0]["pk"]]
    first.refresh_from_db()
    return first
