"""The branch's material library: what comes in, what it says of itself, what cites it, what goes out again."""

import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Sum
from django.utils import timezone

from applications.models import Application, Citation, Evidence
from applications.services import gate
from applications.services.preparing import locked, require_criterion
from branches import audit, uploads
from branches.models import AuditEntry, Branch, User
from standards.models import Criterion

# Looking at one file is one line in the log, however many pieces of a film the browser asks for meanwhile.
LOOK_LASTS = datetime.timedelta(minutes=30)
FACTS = ("caption", "taken_on", "place")


def used_bytes(branch: Branch) -> int:
    """How much of its quota the branch's library takes."""
    return Evidence.objects.filter(branch=branch).aggregate(used=Sum("size"))["used"] or 0


def store_evidence(
    branch: Branch,
    *,
    by: User,
    name: str,
    content_type: str,
    sha256: str,
    size: int,
    file: File,
    taken_on: datetime.date | None = None,
) -> Evidence:
    """Store a judged file once per branch and content; the same content again returns what is there.

    The bytes, and the small picture of a photograph, go to the storage under their content's name before the
    transaction: a slow film holds up no writer. Code `over_quota` when the branch's library has no room for it.
    """
    if existing := Evidence.objects.filter(branch=branch, sha256=sha256).first():
        return existing
    _require_room(branch, size)
    path = _put_file(f"evidence/{branch.pk}/{sha256}", file)
    thumbnail = _put_thumbnail(path, file) if content_type in uploads.PHOTOS else ""
    with audit.recorded():
        # Locked so that two tabs sending the same file store it once, and together stay within the quota.
        Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
        if existing := Evidence.objects.filter(branch=branch, sha256=sha256).first():
            return existing
        _require_room(branch, size)
        evidence = Evidence.objects.create(
            branch=branch, sha256=sha256, name=name, content_type=content_type, size=size, uploaded_by=by, file=path,
            thumbnail=thumbnail, taken_on=taken_on,
        )  # fmt: skip
        audit.record("evidence.upload", evidence, by=by, branch=branch, sha256=sha256, size=size)
    return evidence


def _require_room(branch: Branch, size: int) -> None:
    if used_bytes(branch) + size > settings.BRANCH_QUOTA_BYTES:
        raise ValidationError("本支部材料库空间不足，请联系系统管理员扩容。", code="over_quota")


def _put_file(path: str, file: File) -> str:
    """Write the bytes once under the name of their content; a second writer's copy is thrown away."""
    if default_storage.exists(path):
        return path
    written = default_storage.save(path, file)
    if written != path:
        default_storage.delete(written)
    return path


def _put_thumbnail(path: str, file: File) -> str:
    picture = uploads.thumbnail(file)
    return _put_file(f"{path}.thumb", picture) if picture else ""


def make_thumbnail(evidence: Evidence) -> Evidence:
    """The small picture of a photograph that came in before there were any. Safe to repeat."""
    if evidence.is_image and not evidence.thumbnail:
        with evidence.file.open("rb") as file:
            evidence.thumbnail = _put_thumbnail(evidence.file.name, file)
        Evidence.objects.filter(pk=evidence.pk).update(thumbnail=evidence.thumbnail.name)
    return evidence


def describe_evidence(evidence: Evidence, facts: dict[str, Any], *, by: User) -> Evidence:
    """Say what a file shows, when and where it came about (keys of FACTS); what is not named stays."""
    with audit.recorded():
        changes = {key: [getattr(evidence, key), facts[key]] for key in FACTS
                   if key in facts and getattr(evidence, key) != facts[key]}  # fmt: skip
        if changes:
            for key, (_, value) in changes.items():
                setattr(evidence, key, value)
            evidence.save(update_fields=list(changes))
            audit.record("evidence.describe", evidence, by=by, branch=evidence.branch, **changes)
    return evidence


def note_view(evidence: Evidence, *, by: User) -> None:
    """Leave in the log who opened a file: once per person and look, not for every piece of a film."""
    looked = AuditEntry.objects.filter(
        actor=by, action="evidence.view", target=f"evidence:{evidence.pk}", at__gte=timezone.now() - LOOK_LASTS
    )
    if looked.exists():
        return
    with audit.recorded():
        audit.record("evidence.view", evidence, by=by, branch=evidence.branch, sha256=evidence.sha256)


def cite(application: Application, criterion: Criterion, evidence: Evidence, *, by: User) -> Citation:
    """Cite a file of the branch under one criterion; citing it twice changes nothing."""
    if evidence.branch_id != application.branch_id:
        raise ValidationError("只能引用本支部材料库中的材料。", code="foreign_evidence")
    require_criterion(application, criterion)
    with audit.recorded():
        locked(application, doing="引用佐证")
        gate.require_rubric(application)
        citation, created = Citation.objects.get_or_create(
            application=application, criterion=criterion, evidence=evidence
        )
        if created:
            audit.record(
                "evidence.cite", application, by=by, branch=application.branch,
                criterion=criterion.code, sha256=evidence.sha256,
            )  # fmt: skip
    return citation


def uncite(citation: Citation, *, by: User) -> None:
    """Take a file off a criterion; it stays in the branch's library."""
    application = citation.application
    with audit.recorded():
        locked(application, doing="取消引用")
        audit.record(
            "evidence.uncite", application, by=by, branch=application.branch,
            criterion=citation.criterion.code, sha256=citation.evidence.sha256,
        )  # fmt: skip
        citation.delete()
