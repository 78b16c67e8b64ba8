"""自查: start, fill in item by item, finish; take over into the formal self-assessment what the branch chooses.

A self-check never touches a stored score by itself (S1-42), and goes on as long as the application lives: also while it
is checked and reviewed. Its own row is the lock, so that it holds up nobody who works on the self-assessment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from applications.models import Application, Assessment, SelfCheck, SelfCheckItem
from applications.services import gate, preparing
from applications.states import SELF_CHECKING
from branches import audit
from branches.models import User
from standards import answers
from standards.models import Criterion
from standards.services.answering import store_answer

MET, GAP = SelfCheckItem.Verdict.MET, SelfCheckItem.Verdict.GAP


def start_self_check(application: Application, *, by: User, note: str = "", carry: bool = False) -> SelfCheck:
    """Begin the next one. `carry` takes over what the last one says, to be gone through again.

    Code `open_check` while another is unfinished.
    """
    with audit.recorded():
        current = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        gate.require_status(current, *SELF_CHECKING, doing="开展自查")
        gate.require_rubric(application)
        last = current.self_checks.first()
        if last and last.is_open:
            raise ValidationError(f"{last}还没有完成，请先完成它，再开始下一次。", code="open_check")
        self_check = SelfCheck.objects.create(
            application=application, rubric=application.track.rubric, number=last.number + 1 if last else 1,
            note=note.strip()[:200], started_by=by,
        )  # fmt: skip
        carried = _carry(last, self_check) if carry and last else 0
        audit.record(
            "self_check.start", application, by=by, branch=application.branch,
            number=self_check.number, criteria=carried,
        )  # fmt: skip
    return self_check


def _carry(last: SelfCheck, self_check: SelfCheck) -> int:
    """Copy the items that the same standard still asks for; nobody's hand is on them until they are saved again."""
    if last.rubric_id != self_check.rubric_id:
        return 0
    items = [
        SelfCheckItem(
            self_check=self_check, criterion_id=item.criterion_id, answer=item.answer, points=item.points,
            remark=item.remark, verdict=item.verdict,
        )
        for item in last.items.all()
    ]  # fmt: skip
    SelfCheckItem.objects.bulk_create(items)
    return len(items)


def locked(self_check: SelfCheck, *, doing: str) -> SelfCheck:
    """Lock the row and make sure that it is there and unfinished (codes `gone`, `finished`)."""
    fresh = SelfCheck.objects.select_for_update(no_key=True).filter(pk=self_check.pk).first()
    if fresh is None:
        raise ValidationError("这次自查刚被撤销，没有保存；请回到自查整改页查看。", code="gone")
    if not fresh.is_open:
        raise ValidationError(f"{fresh}已经完成，不能再{doing}；需要时请开始新一次自查。", code="finished")
    return fresh


def save_item(
    self_check: SelfCheck,
    criterion: Criterion,
    *,
    answer: Mapping[str, Any],
    remark: str,
    verdict: str,
    version: int,
    by: User,
) -> SelfCheckItem:
    """Save one item. `version` is the one the page was showing, 0 for none: another one meanwhile is code `stale`.

    Codes: `foreign_criterion`, `bad_verdict`, `finished`, `gone`, or those of AnswerError.
    """
    line = self_check.application.branch.line
    if criterion.pk not in {leaf.pk for leaf in self_check.rubric.leaves_for(line)}:
        raise ValidationError("该指标不在本次自查对照的标准中。", code="foreign_criterion")
    if verdict and verdict not in SelfCheckItem.Verdict.values:
        raise ValidationError("结论只能是“达标”或“有差距”。", code="bad_verdict")
    points = preparing.score_answer(criterion, answer)
    with audit.recorded():
        current = locked(self_check, doing="修改")
        saved, before = store_answer(
            current.items, criterion,
            answer=answer, points=points, remark=remark, version=version, verdict=verdict, updated_by=by,
        )  # fmt: skip
        application = self_check.application
        audit.record(
            "self_check.save", application, by=by, branch=application.branch,
            number=current.number, criterion=criterion.code, points=[before, points], verdict=verdict,
        )  # fmt: skip
    return saved


def finish_self_check(self_check: SelfCheck, *, by: User) -> SelfCheck:
    """Close it; from then on it is a record. Code `empty_check` where not a single conclusion was drawn."""
    with audit.recorded():
        current = locked(self_check, doing="完成")
        verdicts = list(current.items.exclude(verdict="").values_list("verdict", flat=True))
        if not verdicts:
            raise ValidationError("还没有一项作出“达标”或“有差距”的结论，请先逐项自查。", code="empty_check")
        self_check.finished_by, self_check.finished_at = by, timezone.now()
        self_check.save(update_fields=["finished_by", "finished_at"])
        application = self_check.application
        audit.record(
            "self_check.finish", application, by=by, branch=application.branch,
            number=current.number, met=verdicts.count(MET), gaps=verdicts.count(GAP),
        )  # fmt: skip
    return self_check


def discard_self_check(self_check: SelfCheck, *, by: User) -> None:
    """Take back one that was started by mistake. Code `not_empty` once anything was saved in it."""
    with audit.recorded():
        current = locked(self_check, doing="撤销")
        if current.items.filter(updated_by__isnull=False).exists() or current.rectifications.exists():
            raise ValidationError("本次自查已有保存的内容，不能撤销；请填完后点“完成自查”。", code="not_empty")
        application = self_check.application
        audit.record("self_check.discard", application, by=by, branch=application.branch, number=current.number)
        current.delete()


# Into the formal self-assessment


@dataclass(frozen=True)
class Offer:
    """One item of a self-check beside what the self-assessment says of the same criterion."""

    criterion: Criterion
    item: SelfCheckItem
    standing: Assessment | None

    @property
    def version(self) -> int:
        """Which state of the standing answer is shown; 0 where there is none."""
        return self.standing.version if self.standing else 0

    @property
    def fresh(self) -> bool:
        """Nothing stands there yet."""
        return self.standing is None or not (self.standing.answer or self.standing.remark)

    @property
    def words(self) -> str:
        return answers.entry(self.criterion, self.item.answer).words

    @property
    def standing_words(self) -> str:
        return answers.entry(self.criterion, self.standing.answer).words if self.standing else ""

    @property
    def same(self) -> bool:
        said = self.standing and (self.standing.answer, self.standing.points, self.standing.remark)
        return said == (self.item.answer, self.item.points, self.item.remark)


def offers(self_check: SelfCheck) -> list[Offer]:
    """What could be taken over, in reading order; nothing that says nothing, nothing of a standard that was replaced."""
    application = self_check.application
    if self_check.rubric_id != application.track.rubric_id:
        return []
    items = {item.criterion_id: item for item in self_check.items.all() if item.answer or item.remark}
    standing = {answer.criterion_id: answer for answer in application.assessments.all()}
    leaves = self_check.rubric.leaves_for(application.branch.line)
    return [Offer(leaf, items[leaf.pk], standing.get(leaf.pk)) for leaf in leaves if leaf.pk in items]


def copy_to_assessment(self_check: SelfCheck, chosen: Mapping[int, int] | None = None, *, by: User) -> int:
    """Write items of the self-check as answers of the self-assessment; returns how many.

    `chosen` names the criteria, each with the version of the answer that the page showed as standing there (0 for
    none): code `stale` when it is another by now, and then nothing is written. Without it, all that the
    self-assessment has no answer for. Code `nothing` when there is nothing to take over.
    """
    application = self_check.application
    with audit.recorded():
        preparing.locked(application, doing="带入自评")
        gate.require_rubric(application)
        open_to_us = {offer.criterion.pk: offer for offer in offers(self_check)}
        if chosen is None:
            chosen = {pk: offer.version for pk, offer in open_to_us.items() if offer.fresh}
        taken = [open_to_us[pk] for pk in chosen if pk in open_to_us]
        if not taken:
            raise ValidationError("没有可以带入的内容：没有勾选，或本次自查还没有填写。", code="nothing")
        changes = {}
        for offer in taken:
            saved, before = store_answer(
                application.assessments, offer.criterion, answer=offer.item.answer, points=offer.item.points,
                remark=offer.item.remark, version=chosen[offer.criterion.pk], updated_by=by,
            )  # fmt: skip
            changes[offer.criterion.code] = [before, saved.points]
        preparing.store_self_score(application)
        audit.record(
            "assessment.copy", application, by=by, branch=application.branch,
            number=self_check.number, criteria=len(taken), answers=changes,
        )  # fmt: skip
    return len(taken)
