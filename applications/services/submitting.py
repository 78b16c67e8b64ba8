"""The 申报表 and its way to the committee: fill in, submit, withdraw, start again."""

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications import snapshots
from applications.completeness import missing_for_submit
from applications.models import Application, Snapshot
from applications.services import gate
from applications.services.preparing import committee_people, locked
from applications.states import Status
from branches import audit, notices
from branches.models import User


def save_form(application: Application, data: dict[str, str], *, version: int, by: User) -> Application:
    """Save the fields of the 申报表 as they are: a draft is never refused for gaps. Code `stale` on a lost race."""
    with audit.recorded():
        current = locked(application, doing="修改申报表")
        changed = {key: [current.form_data.get(key, ""), value] for key, value in data.items()
                   if current.form_data.get(key, "") != value}  # fmt: skip
        if not changed:
            # The same words sent twice, by the page and by its autosave, are no conflict.
            application.form_data, application.form_version = current.form_data, current.form_version
            return application
        if current.form_version != version:
            raise ValidationError(
                "申报表刚在另一个页面或由他人保存过，为免互相覆盖，本次没有保存；您填写的内容还在，请核对后再存。",
                code="stale",
            )
        merged = {**current.form_data, **data}
        Application.objects.filter(pk=application.pk).update(
            form_data=merged, form_version=version + 1, updated_at=timezone.now()
        )
        application.form_data, application.form_version = merged, version + 1
        audit.record("form.save", application, by=by, branch=application.branch, fields=changed)
    return application


def submit_application(application: Application, *, by: User, seen: str = "") -> Snapshot:
    """The secretary in person submits (S1-55): check completeness, freeze the content, give a receipt, tell the committee.

    `seen` is the hash of the content the secretary read through. Raises ValidationError with one message per thing
    that is missing (code `incomplete`), `changed` when the content is no longer what was read, or the gate's codes.
    """
    with audit.recorded():
        # Locked, then read afresh: what is judged and frozen is what was last saved, whoever saved it.
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        application = Application.objects.for_work().get(pk=application.pk)
        if application.status == Status.PREPARING and (missing := missing_for_submit(application)):
            raise ValidationError([ValidationError(text, code="incomplete") for text in missing])
        content = snapshots.content_of(application)
        if seen and seen != snapshots.digest(content):
            raise ValidationError(
                "您核对之后，申报内容又有改动（可能是经办人刚刚保存），本次没有提交；请重新核对后再提交。",
                code="changed",
            )
        number = application.submissions + 1
        receipt = f"{application.track.campaign.code}-{application.pk:06d}-{number}"
        now = timezone.now()
        gate.move(
            application, "submit", by=by, note=receipt,
            submissions=number, receipt_number=receipt, submitted_at=now, submitted_by=by,
        )  # fmt: skip
        snapshot = Snapshot.objects.create(
            application=application, number=number, receipt_number=receipt, content=content,
            hash=snapshots.digest(content), created_at=now, created_by=by,
        )  # fmt: skip
        notices.post(
            committee_people(application.branch),
            "application.submitted",
            about=f"application:{application.pk}:{number}",
            title=f"{application.branch.short_name}提交了申报，请核查",
            body=f"{application.track}，回执号{receipt}。",
            url=application.get_absolute_url(),
        )
    return snapshot


def withdraw_application(application: Application, *, by: User) -> Application:
    """Take the application back before the committee has decided."""
    with audit.recorded():
        gate.move(application, "withdraw", by=by)
    return application


def reopen_application(application: Application, *, by: User) -> Application:
    """Start again after a withdrawal, while the stage is open; everything filled in is still there."""
    with audit.recorded():
        gate.move(application, "reopen", by=by)
    return application
