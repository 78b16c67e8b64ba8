"""The 申报表 and its way to the committee: fill in, submit, withdraw, start again."""

import datetime
import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from applications import changes, snapshots
from applications.completeness import missing_for_submit
from applications.models import Application, Snapshot
from applications.services import gate
from applications.services.preparing import committee_people, locked
from applications.states import Status
from branches import audit, notices
from branches.models import Notice, User
from branches.roles import Role


def mark_of(value: str) -> str:
    """Which state of one field a page was showing."""
    return hashlib.sha256(value.encode()).hexdigest()[:12]


def save_form(
    application: Application, data: Mapping[str, str], *, by: User, seen: Mapping[str, str] | None = None
) -> Application:
    """Save fields of the 申报表 as they are: a draft is never refused for gaps.

    `seen` holds per key the `mark_of` what the page was showing (nothing: an empty field). A field that somebody else
    changed meanwhile is left alone and the rest is saved all the same; then code `stale`, the keys left alone in
    `params`. A field this page did not touch is never in the way.
    """
    with audit.recorded():
        current = locked(application, doing="修改申报表")
        fresh, clashing = _sorted_out(current.form_data, data, seen)
        merged = {**current.form_data, **fresh}
        changed = {key: [current.form_data.get(key, ""), value] for key, value in fresh.items()
                   if current.form_data.get(key, "") != value}  # fmt: skip
        version = current.form_version + bool(changed)
        if merged != current.form_data:
            Application.objects.filter(pk=application.pk).update(
                form_data=merged, form_version=version, updated_at=timezone.now()
            )
        if changed:
            audit.record("form.save", application, by=by, branch=application.branch, fields=changed)
        application.form_data, application.form_version = merged, version
    if clashing:
        names = dict(application.track.form_fields.filter(key__in=clashing).values_list("key", "label"))
        labels = "、".join(f"“{names.get(key, key)}”" for key in clashing)
        raise ValidationError(
            f"{labels}刚在另一个页面或由他人保存过，为免互相覆盖，本次没有保存；您填写的内容还在，请对照后再决定。",
            code="stale",
            params={"keys": clashing},
        )
    return application


def _sorted_out(
    stored: Mapping[str, str], data: Mapping[str, str], seen: Mapping[str, str] | None
) -> tuple[dict[str, str], list[str]]:
    """What is to be written, and the keys that somebody else wrote to since the page was read."""
    fresh: dict[str, str] = {}
    clashing = []
    for key, value in data.items():
        before = stored.get(key, "")
        mark = mark_of(before) if seen is None else seen.get(key, mark_of(""))
        if value == before or mark == mark_of(before):
            fresh[key] = value
        elif mark != mark_of(value):
            clashing.append(key)
    return fresh, clashing


def submit_application(application: Application, *, by: User, seen: str = "", even_unchanged: bool = True) -> Snapshot:
    """The secretary in person submits (S1-55): check completeness, freeze the content, give a receipt, tell the committee.

    `seen` is the hash of the content the secretary read through. Raises ValidationError with one message per thing
    that is missing (code `incomplete`), `changed` when the content is no longer what was read, `unchanged` when it
    says what the last submission said and nobody confirmed that (`even_unchanged`), or the gate's codes.
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
        if application.status == Status.PREPARING and not even_unchanged and _says_the_same(application, content):
            raise ValidationError(
                "内容与上次提交完全相同，本次没有提交；确实要原样再交的，请勾选“不作修改，原样提交”。", code="unchanged"
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


def _says_the_same(application: Application, content: dict[str, Any]) -> bool:
    latest = application.snapshots.first()
    return latest is not None and not changes.compare(latest.content, content)


def withdraw_application(application: Application, *, by: User) -> Application:
    """Take the application back before the committee has decided; the submission keeps who did and when."""
    with audit.recorded():
        gate.move(application, "withdraw", by=by)
        Snapshot.objects.filter(application=application, number=application.submissions).update(
            withdrawn_at=timezone.now(), withdrawn_by=by
        )
    return application


def reopen_application(application: Application, *, by: User) -> Application:
    """Start again after a withdrawal, while the stage is open; everything filled in is still there."""
    with audit.recorded():
        gate.move(application, "reopen", by=by)
    return application


# The clerk is done, the secretary submits

READY = "application.ready"


def ask_secretary(application: Application, *, by: User) -> bool:
    """Tell the 书记 that everything is there, at most once a day; whether anybody was told now.

    Code `incomplete` while something is missing, `nobody` where the branch has no 书记 with an account.
    """
    if missing := missing_for_submit(application):
        raise ValidationError(f"还缺{len(missing)}项，补齐后再通知书记。", code="incomplete")
    if not notices.holders(application.branch, Role.SECRETARY):
        raise ValidationError("本支部还没有书记的账号，请联系系统管理员和安全管理员办理。", code="nobody")
    with audit.recorded():
        locked(application, doing="通知书记提交")
        told = notices.nudge(
            READY,
            [
                notices.Nudge(
                    application.branch,
                    _about(application),
                    title=f"申报材料已备齐，请您核对并提交：{application.track}",
                    body=f"{by.name}已填好全部内容。提交须由书记本人逐部分核对后确认。",
                    url=reverse("applications:preview", args=[application.pk]),
                )
            ],
            (Role.SECRETARY,),
            by=by,
        ).told
        if told:
            audit.record("application.ask_secretary", application, by=by, branch=application.branch)
    return bool(told)


def secretary_asked_at(application: Application) -> datetime.datetime | None:
    """When the 书记 was last told that all is ready."""
    sent = Notice.objects.filter(kind=READY, about=_about(application))
    return sent.order_by("-created_at").values_list("created_at", flat=True).first()


def _about(application: Application) -> str:
    return f"application:{application.pk}"
