"""The audit log: append only, hash-chained, written as the last step of the transaction it tells of.

`recorded()` opens the transaction; `record()` inside it remembers an entry; when the block ends well the entries are
chained and inserted just before the commit. Last on purpose: the one row that every writer must lock (the head of the
chain) is then held for the shortest time and always taken after all other locks, so writers cannot deadlock over it.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone

from branches.models import AuditEntry, AuditHead, Branch, User

_origin: ContextVar[str] = ContextVar("audit_origin", default="系统")
_pending: ContextVar["list[_Draft] | None"] = ContextVar("audit_pending", default=None)


@dataclass
class _Draft:
    action: str
    target: str
    target_label: str
    actor: User | None
    branch_id: int | None
    changes: dict[str, Any] = field(default_factory=dict)


@contextmanager
def origin(text: str) -> Iterator[None]:
    """Say where the acts of this block come from: an address, a command, a task."""
    token = _origin.set(text[:120])
    try:
        yield
    finally:
        _origin.reset(token)


@contextmanager
def recorded() -> Iterator[None]:
    """One transaction with its audit entries; a nested call joins the outer one.

    A nested block that fails takes its entries along: what was rolled back never happened.
    """
    drafts = _pending.get()
    if drafts is not None:
        before = len(drafts)
        try:
            with transaction.atomic():
                yield
        except BaseException:
            del drafts[before:]
            raise
        return
    token = _pending.set([])
    try:
        with transaction.atomic():
            yield
            _append(_pending.get() or [])
    finally:
        _pending.reset(token)


def record(action: str, target: models.Model, *, by: User | None, branch: Branch | None = None, **changes: Any) -> None:
    """Remember one act. `changes` holds plain values: {field: new} or {field: [old, new]}; never file contents."""
    drafts = _pending.get()
    if drafts is None:
        raise RuntimeError("audit.record() must be called inside audit.recorded()")
    drafts.append(
        _Draft(
            action=action,
            target=f"{target._meta.model_name}:{target.pk}",
            target_label=str(target)[:200],
            actor=by,
            branch_id=branch.pk if branch else None,
            changes=changes,
        )
    )


def _append(drafts: list[_Draft]) -> None:
    if not drafts:
        return
    # Locked so that two transactions cannot chain onto the same entry; on SQLite, IMMEDIATE already queues writers.
    head, _ = AuditHead.objects.select_for_update(no_key=True).get_or_create(pk=1)
    entries = []
    now = timezone.now()
    for draft in drafts:
        entry = AuditEntry(
            seq=head.last_seq + 1,
            at=now,
            actor=draft.actor,
            actor_label=f"{draft.actor.name}（{draft.actor.police_no}）" if draft.actor else "系统",
            action=draft.action,
            target=draft.target,
            target_label=draft.target_label,
            branch_id=draft.branch_id,
            origin=_origin.get(),
            changes=json.loads(json.dumps(draft.changes, cls=DjangoJSONEncoder)),
            previous_hash=head.last_hash,
        )
        entry.hash = digest(entry)
        head.last_seq, head.last_hash = entry.seq, entry.hash
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries)
    head.save(update_fields=["last_seq", "last_hash"])


def digest(entry: AuditEntry) -> str:
    """SHA-256 over everything the entry says and the hash of the one before it."""
    said = [
        entry.seq,
        entry.at.astimezone(timezone.get_default_timezone()).isoformat(),
        entry.actor_id,
        entry.actor_label,
        entry.action,
        entry.target,
        entry.target_label,
        entry.branch_id,
        entry.origin,
        entry.changes,
        entry.previous_hash,
    ]
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def verify() -> tuple[int, str]:
    """Walk the chain from the start to where it ended when we began. Returns (entries checked, what is wrong or "")."""
    head = AuditHead.objects.filter(pk=1).first()
    if head is None:
        return 0, "链头不见了：无法确认审计记录完整。" if AuditEntry.objects.exists() else ""
    expected, count = "", 0
    for entry in AuditEntry.objects.filter(seq__lte=head.last_seq).order_by("seq").iterator(chunk_size=2000):
        count += 1
        if entry.seq != count:
            return count, f"第 {count} 条缺失：下一条的序号是 {entry.seq}。"
        if entry.previous_hash != expected or entry.hash != digest(entry):
            return count, f"第 {entry.seq} 条与哈希不符：内容或次序被改动过。"
        expected = entry.hash
    if (head.last_seq, head.last_hash) != (count, expected):
        return count, f"链头记有 {head.last_seq} 条，实际只有 {count} 条：末尾被删除过。"
    return count, ""
