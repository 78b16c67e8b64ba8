"""Two drafts for the standards editor: the R2 rubric as it is, and as many times over as makes a thousand criteria."""

from collections.abc import Iterator

from standards.models import Criterion, Rubric, ScoreRule
from standards.services.rubrics import CRITERION_CONTENT, RULE_CONTENT

SOURCE, LONG = "R2", 1000


def drafts() -> Iterator[tuple[Rubric, int]]:
    """Each draft with its number of criteria; made once in the database of this run."""
    source = Rubric.objects.filter(code=SOURCE).order_by("-version").first()
    if source is None:
        return
    for times in (1, -(-LONG // len(source.outline))):
        yield _copies(source, times), times * len(source.outline)


def _copies(source: Rubric, times: int) -> Rubric:
    draft, made_now = Rubric.objects.get_or_create(
        code=f"BENCH{times}", version=1, defaults={"name": source.name, "total_points": source.total_points * times}
    )
    if not made_now:
        return draft
    for number in range(times):
        made: dict[int, Criterion] = {}
        for each in source.outline:
            content = {name: getattr(each, name) for name in CRITERION_CONTENT} | {"code": f"{number}-{each.code}"}
            parent = made.get(each.parent_id or 0)
            order = number * len(source.outline) + each.order
            made[each.pk] = Criterion.objects.create(rubric=draft, parent=parent, order=order, **content)
            ScoreRule.objects.bulk_create(
                ScoreRule(
                    criterion=made[each.pk], order=rule.order, **{name: getattr(rule, name) for name in RULE_CONTENT}
                )
                for rule in each.rules.all()
            )
    return draft
