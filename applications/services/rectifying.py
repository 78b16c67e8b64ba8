"""整改: 差距 → 原因 → 措施 → 责任人 → 时限 → 完成 → 复核. Whoever did it never reviews it.

Every write locks the entry's row and names the version its page was showing, so that of two people at one entry the
second is told instead of writing over the first.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import (
    Application,
    CheckDecision,
    Evidence,
    Rectification,
    RectificationTag,
    SelfCheck,
    SelfCheckItem,
)
from applications.services import gate
from applications.states import SELF_CHECKING
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES
from standards.models import Criterion

Source, State = Rectification.Source, Rectification.State
# What is known of a gap; all else is said by marking it done and by the review.
WORDS = ("gap", "cause", "measure", "responsible", "due_on", "criterion")


def open_rectification(
    application: Application,
    *,
    by: User,
    gap: str,
    tags: Iterable[str] = (),
    source: str = Source.OTHER,
    self_check: SelfCheck | None = None,
    **words: Any,
) -> Rectification:
    """Put a gap on the ledger; what else is known of it may follow later. `words`: fields out of WORDS.

    Safe to repeat: an open entry that says the same is what it gives back.
    Codes: `no_gap`, `foreign_tag`, `foreign_criterion`.
    """
    criterion = words.get("criterion")
    with audit.recorded():
        _require_live(application, doing="登记整改")
        _require_words(
            application,
            gap=gap,
            tags=tags,
            criterion=criterion,
            held_rubric=self_check.rubric_id if self_check else None,
        )
        told = {"source": source, "self_check": self_check, "gap": gap.strip(), **words}
        if held := application.rectifications.filter(state=State.OPEN, **told).first():
            return held
        rectification = Rectification.objects.create(application=application, created_by=by, **told)
        _tag(rectification, tags)
        audit.record(
            "rectification.open", application, by=by, branch=application.branch,
            gap=rectification.gap, criterion=criterion.code if criterion else "", tags=list(tags),
        )  # fmt: skip
    return rectification


def open_for_gaps(self_check: SelfCheck, *, by: User) -> int:
    """Put every 有差距 of the self-check that has no entry yet on the ledger; returns how many. Safe to repeat."""
    application = self_check.application
    with audit.recorded():
        _require_live(application, doing="登记整改")
        items = unrecorded_gaps(self_check)
        for item in items:
            open_rectification(
                application, gap=gap_of(item), source=Source.SELF_CHECK, self_check=self_check,
                criterion=item.criterion, by=by,
            )  # fmt: skip
    return len(items)


def unrecorded_gaps(self_check: SelfCheck) -> list[SelfCheckItem]:
    """The items found wanting of which this self-check has no entry on the ledger, in reading order."""
    recorded = self_check.rectifications.exclude(criterion=None).values("criterion")
    found = self_check.items.filter(verdict=SelfCheckItem.Verdict.GAP).exclude(criterion__in=recorded)
    return list(found.select_related("criterion").order_by("criterion__order", "criterion"))


def gap_of(item: SelfCheckItem) -> str:
    """What the ledger says of an item found wanting, until somebody says it better."""
    return (item.remark or f"“{item.criterion.title}”未达到标准")[:300]


def open_from_return(decision: CheckDecision, *, by: User) -> int:
    """Put what the committee said of single criteria on the ledger, or its reason where it named none.

    What is there already is passed over, so a second press does nothing. Returns how many are new.
    """
    application = decision.application
    with audit.recorded():
        _require_live(application, doing="登记整改")
        fresh = unrecorded_remarks(decision)
        for criterion, remark in fresh:
            open_rectification(
                application, gap=remark, source=Source.RETURN, criterion=criterion, due_on=decision.due_on, by=by
            )
    return len(fresh)


def unrecorded_remarks(decision: CheckDecision) -> list[tuple[Criterion | None, str]]:
    """The remarks of a return that the ledger does not hold yet, each with its criterion where the standard has it."""
    application = decision.application
    leaves = {leaf.code: leaf for leaf in application.track.rubric.leaves_for(application.branch.line)}
    said = [(leaves.get(item.get("code")), str(item.get("remark", "")).strip()[:300]) for item in decision.items]
    said = [(criterion, remark) for criterion, remark in said if remark] or [(None, decision.reason.strip()[:300])]
    held = set(application.rectifications.filter(source=Source.RETURN).values_list("criterion", "gap"))
    return [(criterion, gap) for criterion, gap in said if (criterion.pk if criterion else None, gap) not in held]


def edit_rectification(
    rectification: Rectification,
    *,
    by: User,
    version: int,
    tags: Iterable[str],
    proofs: Sequence[Evidence] | None = None,
    **words: Any,
) -> Rectification:
    """Replace the words of an open entry (all fields of WORDS, outcome and proofs where they are given as well).

    What changes nothing is no save. Codes `stale`, `conflict`, `gone`, `foreign_evidence` and those of opening.
    """
    application = rectification.application
    with audit.recorded():
        current = _locked(rectification, State.OPEN, version=version, doing="修改")
        _require_words(
            application, gap=words["gap"], tags=tags, criterion=words["criterion"], held=current.tag_names,
            held_rubric=current.criterion.rubric_id if current.criterion else None,
        )  # fmt: skip
        before = {name: _said(getattr(current, name)) for name in words} | {"tags": sorted(current.tag_names)}
        after = {name: _said(value) for name, value in words.items()} | {"tags": sorted(tags)}
        if proofs is not None:
            before["evidence"] = sorted(proof.sha256 for proof in current.proofs.all())
            after["evidence"] = sorted(proof.sha256 for proof in _own(proofs, application))
        changes = {name: [before[name], value] for name, value in after.items() if before[name] != value}
        if changes:
            for name, value in words.items():
                setattr(current, name, value)
            _tag(current, tags)
            if proofs is not None:
                current.proofs.set(proofs)
            _save(current, *words)
            audit.record("rectification.edit", current, by=by, branch=application.branch, **changes)
    return current


def finish_rectification(
    rectification: Rectification,
    *,
    by: User,
    version: int,
    done_on: datetime.date,
    outcome: str,
    proofs: Sequence[Evidence] = (),
) -> Rectification:
    """Say that it is done; a second person reviews it.

    Codes: `unfinished` (cause, measure, person or date missing), `no_outcome`, `future`, `foreign_evidence`.
    """
    application = rectification.application
    if done_on > timezone.localdate():
        raise ValidationError("完成日期不能晚于今天。", code="future")
    if not outcome.strip():
        raise ValidationError("请填写完成情况：做了什么、达到什么效果。", code="no_outcome")
    with audit.recorded():
        current = _locked(rectification, State.OPEN, version=version, doing="标记完成")
        _own(proofs, application)
        if current.missing:
            raise ValidationError(
                f"还没有填写{'、'.join(current.missing)}，请先在上面补齐并保存，再标记完成。", code="unfinished"
            )
        current.state, current.done_by, current.done_on, current.outcome = State.DONE, by, done_on, outcome.strip()
        # A new result asks for a new word on it: what was said of the last one stays in the log.
        current.reviewed_by, current.reviewed_at, current.review_remark = None, None, ""
        _save(current, "state", "done_by", "done_on", "outcome", "reviewed_by", "reviewed_at", "review_remark")
        current.proofs.set(proofs)
        audit.record(
            "rectification.finish", current, by=by, branch=application.branch,
            done_on=done_on, outcome=current.outcome, evidence=[proof.sha256 for proof in proofs],
        )  # fmt: skip
    return current


def review_rectification(rectification: Rectification, *, by: User, version: int, remark: str = "") -> Rectification:
    """A second person finds it done: the entry is closed. Code `same_person` for whoever did it."""
    with audit.recorded():
        current = _reviewed(rectification, by=by, version=version, remark=remark)
        current.state = State.REVIEWED
        _save(current, "state", "reviewed_by", "reviewed_at", "review_remark")
        audit.record("rectification.review", current, by=by, branch=current.application.branch, remark=remark)
    return current


def send_back_rectification(rectification: Rectification, *, by: User, version: int, remark: str) -> Rectification:
    """A second person finds it wanting: back to work, and the branch is told why. Code `no_reason`."""
    if not remark.strip():
        raise ValidationError("请写明哪里没有整改到位，支部才知道还要做什么。", code="no_reason")
    with audit.recorded():
        current = _reviewed(rectification, by=by, version=version, remark=remark)
        done = current.done_on
        current.state, current.done_by, current.done_on = State.OPEN, None, None
        _save(current, "state", "done_by", "done_on", "reviewed_by", "reviewed_at", "review_remark")
        branch = current.application.branch
        audit.record("rectification.send_back", current, by=by, branch=branch, done_on=[done, None], remark=remark)
        notices.post(
            notices.holders(branch, *BRANCH_ROLES),
            "rectification.sent_back",
            about=f"rectification:{current.pk}:{current.version}",
            title=f"整改须继续：{current.gap}"[:200],
            body=remark.strip(),
            url=current.get_absolute_url(),
        )
    return current


def delete_rectification(rectification: Rectification, *, by: User, version: int) -> None:
    """Take an open entry off the ledger; the log keeps what it said."""
    application = rectification.application
    with audit.recorded():
        current = _locked(rectification, State.OPEN, version=version, doing="删除")
        said = {name: value for name in WORDS if (value := _said(getattr(current, name)))}
        audit.record("rectification.delete", current, by=by, branch=application.branch, **said, tags=current.tag_names)
        current.delete()


# Inside


def _own(proofs: Sequence[Evidence], application: Application) -> Sequence[Evidence]:
    """Files of the branch's own library, locked so that none of them is deleted before it is named here."""
    wanted = {proof.pk for proof in proofs}
    held = Evidence.objects.select_for_update(no_key=True).filter(pk__in=wanted, branch=application.branch_id)
    if len(held.order_by("pk")) != len(wanted):
        raise ValidationError("所选材料中有的已不在本支部材料库，请重新选择。", code="foreign_evidence")
    return proofs


def _reviewed(rectification: Rectification, *, by: User, version: int, remark: str) -> Rectification:
    current = _locked(rectification, State.DONE, version=version, doing="复核")
    if current.done_by_id == by.pk:
        raise ValidationError("完成和复核须是两个人：这一条由您标记完成，请由书记或上级党委复核。", code="same_person")
    current.reviewed_by, current.reviewed_at, current.review_remark = by, timezone.now(), remark.strip()[:300]
    return current


def _locked(rectification: Rectification, *states: str, version: int, doing: str) -> Rectification:
    """The row as it is, locked. Codes `gone`, `conflict` (another state), `stale` (another version)."""
    rows = Rectification.objects.select_for_update(no_key=True, of=("self",))
    current = rows.filter(pk=rectification.pk).select_related("application__branch", "criterion").first()
    if current is None:
        raise ValidationError("这条整改刚被删除，请回到整改台账查看。", code="gone")
    gate.require_status(current.application, *SELF_CHECKING, doing=f"{doing}整改")
    if current.state not in states:
        raise ValidationError(
            f"未能{doing}：这条整改现在是“{current.get_state_display()}”，可能已有他人先行办理，请刷新页面查看。",
            code="conflict",
        )
    if current.version != version:
        raise ValidationError(
            f"这条整改刚在另一个页面或由他人改过，为免互相覆盖，本次没有{doing}；您填写的内容还在，核对后再次提交即以您的为准。",
            code="stale",
        )
    return current


def _save(rectification: Rectification, *fields: str) -> None:
    rectification.version += 1
    rectification.save(update_fields=[*fields, "version"])


def _require_live(application: Application, *, doing: str) -> None:
    current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    gate.require_status(current, *SELF_CHECKING, doing=doing)


def _require_words(
    application: Application,
    *,
    gap: str,
    tags: Iterable[str],
    criterion: Criterion | None,
    held: Sequence[str] = (),
    held_rubric: int | None = None,
) -> None:
    """A gap in words, tags of the plan and a criterion of its standard, or what the entry or its self-check holds already."""
    if not gap.strip():
        raise ValidationError("请写明差距：哪一点没有做到。", code="no_gap")
    if unknown := [tag for tag in tags if tag not in application.track.problem_tags and tag not in held]:
        raise ValidationError(f"本活动没有问题类型“{'、'.join(unknown)}”，请重新选择。", code="foreign_tag")
    if criterion and criterion.rubric_id not in (application.track.rubric_id, held_rubric):
        raise ValidationError("该指标不在本支部适用的评分标准中。", code="foreign_criterion")


def _tag(rectification: Rectification, tags: Iterable[str]) -> None:
    """The entry's tags become these; those that stay keep their rows."""
    wanted = list(dict.fromkeys(tags))
    rectification.tags.exclude(name__in=wanted).delete()
    held = set(rectification.tags.values_list("name", flat=True))
    RectificationTag.objects.bulk_create(
        [RectificationTag(rectification=rectification, name=name) for name in wanted if name not in held]
    )


def _said(value: Any) -> Any:
    return value.code if isinstance(value, Criterion) else value
