"""From the fields of a page to an answer the arithmetic understands, and back: one naming for every scoring page.

The fields of a criterion carry its key: `c7-points`, `c7-level`, `c7-met`, `c7-t31` (times by rule 31), `c7-remark`,
`c7-version`. What was typed is passed on as typed; `standards.scoring` says what is wrong with it.
"""

from collections.abc import Mapping
from typing import Any

from standards import scoring
from standards.models import Criterion


def answer_from(data: Mapping[str, str], criterion: Criterion) -> dict[str, Any]:
    """The answer in a page's POST data; {} where nothing was filled in."""
    prefix = f"c{criterion.key}-"
    if criterion.kind == scoring.POINTS:
        typed = data.get(f"{prefix}points", "").strip()
        return {"points": typed} if typed else {}
    if criterion.kind == scoring.LEVELS:
        chosen = data.get(f"{prefix}level", "")
        return {"level": chosen} if chosen else {}
    if criterion.kind in (scoring.COUNT, scoring.DEDUCT):
        typed_times = {str(rule.pk): data.get(f"{prefix}t{rule.pk}", "").strip() for rule in criterion.rules.all()}
        return {"times": typed_times} if any(typed_times.values()) else {}
    if criterion.kind == scoring.CHECK or (criterion.kind == scoring.VETO and criterion.asked):
        met = data.get(f"{prefix}met", "")
        return {"met": met == "yes"} if met in ("yes", "no") else {}
    return {}


def shown(criterion: Criterion, answer: Mapping[str, Any] | None) -> dict[str, str]:
    """The values of the criterion's fields for an answer, by field name: the reverse of `answer_from`."""
    answer, prefix = answer or {}, f"c{criterion.key}-"
    if criterion.kind == scoring.POINTS:
        return {f"{prefix}points": str(answer.get("points", ""))}
    if criterion.kind == scoring.LEVELS:
        return {f"{prefix}level": str(answer.get("level", ""))}
    if criterion.kind in (scoring.COUNT, scoring.DEDUCT):
        times = answer.get("times") or {}
        return {f"{prefix}t{rule.pk}": str(times.get(str(rule.pk), "")) for rule in criterion.rules.all()}
    if criterion.kind == scoring.CHECK or (criterion.kind == scoring.VETO and criterion.asked):
        met = answer.get("met")
        return {f"{prefix}met": "" if met is None else "yes" if met else "no"}
    return {}
