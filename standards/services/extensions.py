"""Taking an extension back, or shortening it: told to those who had it, kept in the log."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES
from standards import deadlines
from standards.models import Extension


def revoke_extension(extension: Extension, *, reason: str, by: User) -> None:
    """Take it back before it runs out: the stage's own date counts again. What was handed in meanwhile stays valid.

    Codes: `no_reason`, `over` (it has run out, or the stage was prolonged beyond it: nothing to take back), `gone`
    (somebody else did).
    """
    if not reason.strip():
        raise ValidationError("请写明撤销延期的理由，对方会看到。", code="no_reason")
    with audit.recorded():
        current = Extension.objects.select_for_update(no_key=True, of=("self",)).filter(pk=extension.pk).first()
        if current is None:
            raise ValidationError("这项延期已被他人撤销，请刷新页面。", code="gone")
        if not is_running(current):
            raise ValidationError("这项延期已经到期或不再起作用，无需撤销。", code="over")
        audit.record(
            "stage.unextend", current, by=by, branch=current.branch, until=[current.until, current.stage.closes_on],
            reason=reason.strip(),
        )  # fmt: skip
        stage, branch = current.stage, current.branch
        current.delete()
        closes = stage.closes_on
        notices.post(
            notices.holders(branch, *BRANCH_ROLES, *COMMITTEE_ROLES),
            "stage.unextended",
            about=f"stage:{stage.pk}:{extension.pk}",
            title=f"“{stage}”的延期已撤销：{stage.track}",
            body=f"理由：{reason.strip()}\n现在的截止日：{closes:%Y年%m月%d日}24时。" if closes else reason.strip(),
            url="/",
        )


def is_running(extension: Extension) -> bool:
    """Whether it still gives more time than the stage itself does."""
    closes = extension.stage.closes_on
    return timezone.now() < deadlines.end_of(extension.until) and (closes is None or extension.until > closes)
