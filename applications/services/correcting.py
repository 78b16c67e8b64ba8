"""The committee keeps the facts on record by which its branches may apply."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application
from applications.states import Status
from branches import audit, notices
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES

FIELDS = (
    *("solid_grade", "solid_basis", "full_members", "probationary_members", "officers", "auxiliaries"),
    *("founded_on", "term_ends_on", "line"),
)


def correct_branch(branch: Branch, *, by: User, **facts: Any) -> Branch:
    """Change the named facts; what stays the same is neither logged nor told.

    What was submitted stays as it was frozen. Codes: `no_basis` (过硬 without its document), `line_in_use` (the branch
    already answers by the criteria of its 警种).
    """
    if facts.get("solid_grade") and not facts.get("solid_basis", branch.solid_basis):
        raise ValidationError("登记过硬支部等次须同时填写认定文号。", code="no_basis")
    with audit.recorded():
        # Locked so that the old values in the log are those this change replaced.
        current = Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
        changes = {
            name: [getattr(current, name), facts[name]]
            for name in FIELDS
            if name in facts and getattr(current, name) != facts[name]
        }
        if "line" in changes and line_in_use(current):
            raise ValidationError(
                "本支部已按现在的警种填写自评或提交申报，警种不能再改；确需更改请联系市局机关党委。", code="line_in_use"
            )
        if changes:
            for name, (_, value) in changes.items():
                setattr(current, name, value)
            current.save(update_fields=list(changes))
            audit.record("branch.correct", current, by=by, branch=current, **changes)
            notices.post(
                notices.holders(current, *BRANCH_ROLES),
                "application.corrected",
                # Each correction is told of, also the second of a day.
                about=f"branch:{current.pk}:{timezone.now():%H%M%S}",
                title="党委更正了本支部的登记情况，请核对",
                url="/applications/",
            )
    return current


def line_in_use(branch: Branch) -> bool:
    """Whether answers or a submission of a running campaign go by the branch's 警种."""
    running = Application.objects.running().filter(branch=branch)
    gone = (Status.PREPARING, Status.WITHDRAWN, Status.VETOED)
    return running.exclude(status__in=gone).exists() or running.filter(assessments__isnull=False).exists()
