"""The branch's material library: what comes in, what it says of itself, what cites it, what goes out again."""

import datetime
import secrets
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import Q, Sum
from django.utils import timezone

from applications.models import Application, Citation, Evidence, PartialUpload, Snapshot
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


def reserved_bytes(branch: Branch) -> int:
    """How much more it will take when everything under way has arrived."""
    return PartialUpload.objects.under_way().filter(branch=branch).aggregate(coming=Sum("size"))["coming"] or 0


def require_room(branch: Branch, size: int, *, besides: PartialUpload | None = None) -> None:
    """Code `over_quota` when the library has no room for so much, counting what is under way but `besides`."""
    coming = reserved_bytes(branch) - (besides.size if besides else 0)
    left = settings.BRANCH_QUOTA_BYTES - used_bytes(branch) - coming
    if size > left:
        raise ValidationError(
            f"本支部材料库空间不足：还剩{uploads.readable(max(left, 0))}，这个文件有{uploads.readable(size)}。"
            "请删除没有用到的材料，或联系系统管理员扩容。",
            code="over_quota",
        )


def store_upload(branch: Branch, upload: uploads.Upload, *, by: User, besides: PartialUpload | None = None) -> Evidence:
    """Put a judged file into the branch's library."""
    return store_evidence(
        branch, by=by, name=upload.name, content_type=upload.content_type, sha256=upload.sha256, size=upload.size,
        file=upload.file, taken_on=upload.taken_on, besides=besides,
    )  # fmt: skip


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
    besides: PartialUpload | None = None,
) -> Evidence:
    """Store a judged file once per branch and content; the same content again returns what is there (`was_there`).

    The bytes, and the small picture of a photograph, go to the storage before the transaction: a slow film holds up no
    writer. Each writer writes under a name of its own, so that none can build on what another has only half written;
    what loses, or is refused after all, is taken away again. Code `over_quota` when there is no room for it.
    """
    if existing := Evidence.objects.filter(branch=branch, sha256=sha256).first():
        existing.was_there = True
        return existing
    require_room(branch, size, besides=besides)
    path = put_file(f"evidence/{branch.pk}/{sha256}", file)
    thumbnail = _put_thumbnail(path, file) if content_type in uploads.PHOTOS else ""
    kept = False
    try:
        with audit.recorded():
            # Locked so that two tabs sending the same file store it once, and together stay within the quota.
            Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
            evidence = Evidence.objects.filter(branch=branch, sha256=sha256).first()
            if evidence:
                evidence.was_there = True
                return evidence
            require_room(branch, size, besides=besides)
            evidence = Evidence.objects.create(
                branch=branch, sha256=sha256, name=name, content_type=content_type, size=size, uploaded_by=by,
                file=path, thumbnail=thumbnail, taken_on=taken_on,
            )  # fmt: skip
            audit.record("evidence.upload", evidence, by=by, branch=branch, sha256=sha256, size=size)
        kept = True
    finally:
        if not kept:
            _take_away(path, thumbnail)
    return evidence


def put_file(path: str, file: File) -> str:
    """Write under a name nobody else has: not every storage refuses to write over what is there."""
    return default_storage.save(f"{path}-{secrets.token_hex(4)}", file)


def _put_thumbnail(path: str, file: File) -> str:
    picture = uploads.thumbnail(file)
    return put_file(f"{path}.thumb", picture) if picture else ""


def _take_away(*paths: str) -> None:
    for path in filter(None, paths):
        default_storage.delete(path)


def make_thumbnail(evidence: Evidence) -> Evidence:
    """The small picture of a photograph that came in before there were any. Safe to repeat."""
    if evidence.is_image and not evidence.thumbnail:
        with evidence.file.open("rb") as file:
            made = _put_thumbnail(str(evidence.file.name), file)
        # Whoever is second to make one throws it away.
        if not Evidence.objects.filter(pk=evidence.pk, thumbnail="").update(thumbnail=made):
            _take_away(made)
            evidence.refresh_from_db(fields=["thumbnail"])
        else:
            evidence.thumbnail = made
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
        _require_there(evidence)
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


def cite_under(application: Application, evidence: Evidence, criteria: list[Criterion], *, by: User) -> None:
    """Let one file stand for exactly these criteria: cite it under the new ones, take it off the others."""
    with audit.recorded():
        wanted = {criterion.pk for criterion in criteria}
        cited = application.citations.filter(evidence=evidence).select_related("application__branch", "criterion")
        before = {citation.criterion_id: citation for citation in cited}
        for criterion in criteria:
            if criterion.pk not in before:
                cite(application, criterion, evidence, by=by)
        for pk, citation in before.items():
            if pk not in wanted:
                uncite(citation, by=by)


def _require_there(evidence: Evidence) -> None:
    """Hold the file against being discarded at this moment; code `gone` when it is already."""
    # Locked, so that a discard waits for the citation and then sees it.
    if not Evidence.objects.select_for_update(no_key=True).filter(pk=evidence.pk).exists():
        raise ValidationError("这份材料刚刚被删除，请刷新页面。", code="gone")


# What nothing uses may go


def discard_evidence(branch: Branch, files: list[Evidence], *, by: User) -> list[tuple[Evidence, str]]:
    """Delete those files of the branch that nothing uses; returns the ones kept, each with the reason in words.

    What a citation, a record of a meeting, a proof or a submission once handed in names is never deleted.
    """
    frozen = _frozen_hashes(branch)
    kept, gone = [], []
    with audit.recorded():
        # Locked in one order, so that whoever cites one of them waits, and then finds it gone.
        rows = Evidence.objects.select_for_update().filter(pk__in=[file.pk for file in files], branch=branch)
        held = list(rows.order_by("pk"))
        unused = set(Evidence.objects.filter(pk__in=[file.pk for file in held]).unused().values_list("pk", flat=True))
        for evidence in held:
            if evidence.pk not in unused:
                kept.append((evidence, "正在被引用或作为记录的附件，请先取消引用"))
            elif evidence.sha256 in frozen:
                kept.append((evidence, "已随申报提交，须留档备查"))
            else:
                audit.record(
                    "evidence.discard", evidence, by=by, branch=branch, sha256=evidence.sha256, size=evidence.size
                )
                gone.append((evidence.file.name, evidence.thumbnail.name))
                evidence.delete()
    _forget_files([path for paths in gone for path in paths if path])
    return kept


def _frozen_hashes(branch: Branch) -> set[str]:
    """The hashes of all files that a submission of the branch names."""
    contents = Snapshot.objects.filter(application__branch=branch).values_list("content", flat=True)
    return {item["sha256"] for content in contents for item in content.get("evidence", [])}


def _forget_files(paths: list[str]) -> None:
    """Take the bytes out of the storage, after the rows are gone for good; bytes another row names stay."""
    named = Evidence.objects.filter(Q(file__in=paths) | Q(thumbnail__in=paths)).values_list("file", "thumbnail")
    still = {path for row in named for path in row}
    _take_away(*(path for path in paths if path not in still))
