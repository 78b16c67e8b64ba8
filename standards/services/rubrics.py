"""Writes on rubrics: what they say as one hash, publishing, retiring."""

import hashlib
import json

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from branches import audit
from branches.models import User
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
