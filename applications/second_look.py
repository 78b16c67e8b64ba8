"""A second look: what the branch changed since the submission that the committee last judged."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from applications import changes
from applications.changes import Change
from applications.models import Application, CheckDecision, CheckItem, Snapshot
from applications.states import Status


@dataclass(frozen=True)
class SecondLook:
    """Two submissions side by side, and the return that lay between them, if there was one."""

    before: Snapshot
    after: Snapshot
    decision: CheckDecision | None = None
    remarks: dict[str, str] = field(default_factory=dict)

    @cached_property
    def changes(self) -> list[Change]:
        return changes.compare(self.before.content, self.after.content)

    @cached_property
    def codes(self) -> set[str]:
        return {change.code for change in self.changes if change.code}

    @property
    def facts(self) -> list[tuple[str, list[Change]]]:
        """What changed beside the criteria, section by section."""
        return changes.by_section([change for change in self.changes if not change.code])

    def of(self, code: str) -> list[Change]:
        return [change for change in self.changes if change.code == code]

    def shows(self, code: str) -> bool:
        """Whether the criterion wants a second look: changed, or remarked on."""
        return code in self.codes or code in self.remarks

    def is_stale(self, item: CheckItem | None, code: str) -> bool:
        """A score given before the branch changed the criterion: it says nothing of what stands there now."""
        return item is not None and code in self.codes and item.updated_at < self.after.created_at


def second_look(
    application: Application, decisions: Sequence[CheckDecision], items: Iterable[CheckItem]
) -> SecondLook | None:
    """None for a first look, and once it is concluded. Without a return the scores given before a withdrawal count."""
    if application.status != Status.SUBMITTED or application.submissions < 2 or not application.submitted_at:
        return None
    decision = decisions[0] if decisions else None
    seen = decision.decided_at if decision else _last_scored(items, application.submitted_at)
    if seen is None:
        return None
    after = application.snapshots.filter(number=application.submissions).first()
    before = application.snapshots.filter(created_at__lte=seen, number__lt=application.submissions).first()
    if before is None or after is None:
        return None
    remarks = {item["code"]: item["remark"] for item in decision.items} if decision else {}
    return SecondLook(before, after, decision, remarks)


def _last_scored(items: Iterable[CheckItem], before: datetime.datetime) -> datetime.datetime | None:
    return max((item.updated_at for item in items if item.updated_at < before), default=None)
