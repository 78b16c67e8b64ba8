"""The frozen content of a submission: plain values only, one canonical text, one hash. The PDF knows nothing else."""

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import prefetch_related_objects

from applications.models import Application
from branches.models import Branch
from standards import printing

# 1: criteria with points only. 2: each answer in words, subheadings, stars, notes and vetoes. Both are printed.
SCHEMA = 2


def content_of(application: Application) -> dict[str, Any]:
    """Everything the 申报表 prints, as plain JSON values; numbers as text exactly as they are shown."""
    prefetch_related_objects([application], "branch__members", "track__form_fields")
    branch, track = application.branch, application.track
    content = {
        "schema": SCHEMA,
        "campaign": {"name": track.campaign.name, "round": track.campaign.round_label, "code": track.campaign.code},
        "track": {
            "award": track.award_name,
            "round": track.round_label,
            "mode": track.get_mode_display(),
            "copies": track.form_copies,
        },
        "road": application.road_label,
        "branch": _branch(branch),
        "fields": [
            {
                "key": field.key,
                "label": field.label,
                "kind": field.kind,
                "value": application.form_data.get(field.key, ""),
            }
            for field in track.form_fields.all()
        ],
        "plan": [
            {
                "measure": item.measure,
                "indicator": item.indicator,
                "baseline": item.baseline,
                "target": item.target,
                "actual": item.actual,
                "responsible": item.responsible,
                "due_on": item.due_on,
            }
            for item in application.plan_items.all()
        ],
        "tasks": [
            {
                "name": record.task.name,
                "held_on": record.held_on,
                "expected": record.expected,
                "present": record.present,
                "auxiliaries": record.auxiliaries_present,
            }
            for record in application.task_records.select_related("task").order_by("task__stage__order", "task__order")
        ],
        "assessment": _assessment(application),
        "evidence": [
            {"criterion": code, "name": name, "sha256": sha256}
            for code, name, sha256 in application.citations.order_by("criterion__order", "pk").values_list(
                "criterion__code", "evidence__name", "evidence__sha256"
            )
        ],
    }
    return json.loads(json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False))


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical text of the content."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _branch(branch: Branch) -> dict[str, Any]:
    secretary = branch.secretary
    parent = branch.get_parent()
    return {
        "name": branch.name,
        "parent": parent.name if parent else "",
        "line": branch.line or "无",
        "founded_on": branch.founded_on,
        "term_ends_on": branch.term_ends_on,
        "full_members": branch.full_members,
        "probationary_members": branch.probationary_members,
        "officers": branch.officers,
        "auxiliaries": branch.auxiliaries,
        "solid": f"{branch.solid_grade} {branch.solid_basis}".strip() or "无",
        "secretary": {
            "name": secretary.name,
            "title": secretary.rank_title or "无",
            "since": secretary.since,
            "phone": secretary.phone,
        }
        if secretary
        else None,
        "committee": [
            {"name": member.name, "post": member.post, "duties": member.duties} for member in branch.members.all()
        ],
    }


def _assessment(application: Application) -> dict[str, Any]:
    saved = {answer.criterion_id: answer for answer in application.assessments.all()}
    return printing.content_of(application.track.rubric, application.branch.line, saved)
