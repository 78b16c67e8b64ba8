"""Writes on rubrics: what they say as one hash, publishing, retiring."""

import hashlib
import json
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from branches import audit
from branches.models import AuditEntry, User
from standards import soundness
from standards.models import Rubric

# What a criterion and its rules say; order and parent come with the place in the outline.
CRITERION_CONTENT = (
    *("code", "title", "text", "kind", "max_points", "step", "floor", "is_bonus", "pick", "line", "weight"),
    *("veto_effect", "veto_cap", "method", "verify", "evidence_hints", "lines", "strong", "regulation", "note"),
)
RULE_CONTENT = ("label", "points", "max_times", "unit", "threshold", "per", "above", "steps", "first")


def content_hash(rubric: Rubric) -> str:
    """SHA-256 over everything that is scored by or read: criteria, points, wording, hints and rules, in order."""
    rows = [
        {name: getattr(criterion, name) for name in CRITERION_CONTENT}
        | {"parent": criterion.parent.code if criterion.parent else None}
        | {"rules": [{name: getattr(rule, name) for name in RULE_CONTENT} for rule in criterion.rules.all()]}
        for criterion in rubric.outline
    ]
    whole = [rubric.code, rubric.version, rubric.name, rubric.total_points, rubric.rescale, rubric.cap_total, rows]
    text = json.dumps(whole, cls=DjangoJSONEncoder, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def publish_rubric(rubric: Rubric, *, by: User | None) -> Rubric:
    """Freeze the rubric. Codes `not_draft`, and `unsound` once for every problem that keeps it from being published."""
    with audit.recorded():
        # Locked and read afresh: what is hashed and published is what stands in the database, not on somebody's screen.
        current = Rubric.objects.select_for_update(no_key=True).get(pk=rubric.pk)
        if current.status != Rubric.Status.DRAFT:
            raise ValidationError("该标准不是草稿，不能再次发布；请刷新页面查看最新状态。", code="not_draft")
        if wrong := [problem for problem in soundness.problems(current) if not problem.warning]:
            raise ValidationError([ValidationError(str(problem), code="unsound") for problem in wrong])
        current.content_hash = content_hash(current)
        current.status, current.published_at = Rubric.Status.PUBLISHED, timezone.now()
        current.save(update_fields=["content_hash", "status", "published_at"])
        rubric.refresh_from_db()
        audit.record("rubric.publish", rubric, by=by, content_hash=rubric.content_hash)
    return rubric


def altered_rubrics() -> Iterator[tuple[Rubric, str]]:
    """Every rubric that is no longer what was published, and how one can tell; nothing is written.

    What stands in the database is hashed again and held against the hash of the day it was published, and that one
    against the audit log, which nobody can change quietly. A draft that was published once has been reopened by hand.
    """
    logged: dict[str, list[str]] = {}
    published = AuditEntry.objects.filter(action="rubric.publish").order_by("seq")
    for target, changes in published.values_list("target", "changes"):
        logged.setdefault(target, []).append(changes.get("content_hash", ""))
    for rubric in Rubric.objects.order_by("code", "version"):
        said = logged.get(f"rubric:{rubric.pk}", [])
        if rubric.is_draft:
            if said or rubric.content_hash:
                yield rubric, "发布过的标准被改回了草稿。"
            continue
        rubric.read_afresh()
        if content_hash(rubric) != rubric.content_hash:
            yield rubric, "内容与发布时的哈希不符：发布之后被改动过。"
        if said and set(said) != {rubric.content_hash}:
            yield rubric, "哈希与审计日志中发布时所记的不符。"
