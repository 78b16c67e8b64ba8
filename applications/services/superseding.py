"""Replacing the standard of a running track by a newer version of it, with every answer that was given by the old one.

Only while no application is past 已申报: from the check on, others have judged by the old version. Snapshots stay as
they were signed. What no longer fits is taken off the application and kept in `Supersession.dropped`.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone

from applications.models import Application, CheckDecision, Citation, Supersession
from applications.services import gate
from applications.services.effects import DROPPED, KEPT, TABLES, Effect, Fate, Plan, plan_for
from applications.states import PAST_CHECK, SEALED, Status
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES
from standards import deadlines, scoring
from standards.models import Campaign, Publication, Rubric, Stage, Track
from standards.services import campaigns as campaign_services
from standards.services import study

# Rows named in one statement; SQLite takes no more than a thousand values.
CHUNK = 900
# Equal answers are rewritten in one statement; where fewer than this are equal, they go together in batches.
FEW = 5


def newer_versions(track: Track) -> list[Rubric]:
    """The published versions that could take the place of the track's, newest first."""
    later = Rubric.objects.filter(code=track.rubric.code, version__gt=track.rubric.version)
    return list(later.filter(status=Rubric.Status.PUBLISHED).order_by("-version"))


def why_not(track: Track, new: Rubric | None = None) -> ValidationError | None:
    """Why the standard cannot be replaced now, or not by this one.

    Codes `not_open`, `too_late` (somebody is past 已申报), `not_newer`, `dimension_gone` (a component counts one).
    """
    if track.campaign.status != Campaign.Status.OPEN:
        status = track.campaign.get_status_display()
        return ValidationError(
            f"“{track.campaign.short_name}”{status}，只有进行中的活动才需要替换标准。", code="not_open"
        )
    judged = Q(status__in=PAST_CHECK | SEALED) | Q(status=Status.VETOED, check_score__isnull=False)
    if number := Application.objects.filter(judged, track=track).count():
        return ValidationError(
            f"已有{number}个支部按原标准通过核查或进入考评，不能再替换；新标准请用于下一轮。", code="too_late"
        )
    if new is None:
        return None
    newer = new.code == track.rubric.code and new.version > track.rubric.version
    if not newer or new.status != Rubric.Status.PUBLISHED:
        return ValidationError("只能替换为同一套标准已发布的更新版本；请重新选择。", code="not_newer")
    return _lost_dimension(track, new)


def _lost_dimension(track: Track, new: Rubric) -> ValidationError | None:
    """A component that counts only some dimensions must still find them."""
    known = {top.code for top in new.dimensions}
    for component in track.components.filter(rubric=None):
        if lost := [code for code in component.dimensions if code not in known]:
            return ValidationError(
                f"计分构成“{component}”只取维度{'、'.join(lost)}，新版没有；请先在新版中保留该维度。",
                code="dimension_gone",
            )
    return None


def preview_supersession(track: Track, new: Rubric) -> Plan:
    """What would happen, nothing written. Raises what `why_not` finds."""
    if refusal := why_not(track, new):
        raise refusal
    return plan_for(track, new)


def supersede_rubric(
    track: Track, new: Rubric, *, reason: str, due_on: datetime.date | None, seen: str, by: User
) -> Supersession:
    """Replace the track's standard: answers, citations, totals, the record, notices, a publication; all or nothing.

    `seen` is the digest of the plan on the screen (code `changed` when it is no longer so). Submitted applications
    that change or lack something go back through the gate; they need `due_on` (codes `no_due_date`, `past_due`).
    """
    if not reason.strip():
        raise ValidationError("请写明替换标准的理由。", code="no_reason")
    with audit.recorded():
        # Track first, then its applications in order: whoever saves an answer waits, and then finds the new standard.
        Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        list(Application.objects.select_for_update(no_key=True).filter(track=track).order_by("pk").values_list("pk"))
        # So is the new one: it cannot be retired between being judged and being used.
        new = Rubric.objects.select_for_update(no_key=True).get(pk=new.pk)
        track = _read(track)
        plan = preview_supersession(track, new)
        if plan.digest != seen:
            raise ValidationError(
                "您核对之后，又有支部填写、提交或被退回，本次没有替换；请核对下面的最新情况后再确认。", code="changed"
            )
        _require_due(plan, due_on)
        record = _record(plan, reason=reason, by=by)
        for table in TABLES:
            _rewrite(plan, table)
        _move_citations(plan)
        _store_totals(plan)
        Track.objects.filter(pk=track.pk).update(rubric=new)
        _send_back(plan, record, due_on=due_on, by=by)
        _tell(plan, record, due_on=due_on, by=by)
    track.refresh_from_db()
    return record


def _read(track: Track) -> Track:
    """The track afresh, as the gate and the deadlines want it."""
    related = Track.objects.select_related("campaign", "rubric").prefetch_related("stages__extensions")
    return related.get(pk=track.pk)


def _require_due(plan: Plan, due_on: datetime.date | None) -> None:
    if not plan.returned:
        return
    if due_on is None:
        raise ValidationError(f"有{len(plan.returned)}份已提交的申报须退回补填，请填写修改期限。", code="no_due_date")
    if due_on < timezone.localdate():
        raise ValidationError("修改期限不能早于今天。", code="past_due")


# The record


def _record(plan: Plan, *, reason: str, by: User) -> Supersession:
    """The row that tells of it, and the log: one entry for the track, one for every application that changes."""
    effects = [
        {"code": row.code, "title": row.title, "fate": row.fate, "note": row.note, "numbers": dict(row.numbers)}
        for row in plan.rows
    ]
    record = Supersession.objects.create(
        track=plan.track, old=plan.track.rubric, new=plan.new, reason=reason, effects=effects,
        dropped=[item for effect in plan.effects for item in _dropped(effect)], returned=len(plan.returned), made_by=by,
    )  # fmt: skip
    audit.record(
        "track.supersede", plan.track, by=by, rubric=[str(plan.track.rubric), str(plan.new)], reason=reason,
        effects={row.code: {"fate": row.fate, **row.numbers} for row in plan.rows}, returned=len(plan.returned),
    )  # fmt: skip
    for effect in plan.effects:
        changed = {fate.code: [fate.before, fate.after] for fate in effect.touched}
        if changed or effect.uncited or effect.before != effect.after:
            audit.record(
                "application.supersede", effect.application, by=by, branch=effect.application.branch,
                total=[effect.before, effect.after], answers=changed, missing=list(effect.missing),
            )  # fmt: skip
    return record


def _dropped(effect: Effect) -> Iterator[dict[str, Any]]:
    """What is taken off an application, as it was."""
    owner = {"application": effect.application.pk, "branch": effect.application.branch.short_name}
    for fate in [*effect.fates, *effect.checks]:
        if fate.kind == DROPPED:
            points = None if fate.before is None else str(fate.before)
            yield {
                **owner, "table": fate.table, "code": fate.code, "answer": fate.given, "points": points,
                "remark": fate.remark, "why": fate.why,
            }  # fmt: skip
    outline = effect.application.track.rubric.outline if effect.uncited else []
    codes = {criterion.pk: criterion.code for criterion in outline}
    for citation in effect.uncited:
        evidence = citation.evidence
        yield {
            **owner, "table": "citation", "code": codes.get(citation.criterion_id, ""), "evidence": evidence.pk,
            "name": evidence.name, "sha256": evidence.sha256,
        }  # fmt: skip


# The answers


def _rewrite(plan: Plan, table: str) -> None:
    """Move all rows of one table to the new criteria, with their new keys and points; in bulk."""
    model: Any = TABLES[table]
    fates = [fate for effect in plan.effects for fate in (effect.fates if table == "self" else effect.checks)]
    for chunk in _chunks([fate.pk for fate in fates if fate.kind == DROPPED]):
        model.objects.filter(pk__in=chunk).delete()
    changed: dict[tuple, list[Fate]] = defaultdict(list)
    moved = set()
    for fate in fates:
        if fate.new is None:
            continue
        moved.add((fate.old, fate.new))
        if fate.kind != KEPT or fate.given != fate.answer:
            changed[fate.new, repr(fate.answer), fate.after].append(fate)
    rare: list[Any] = []
    for group in changed.values():
        first = group[0]
        if len(group) < FEW:
            rare += [model(pk=fate.pk, answer=fate.answer, points=fate.after) for fate in group]
            continue
        for chunk in _chunks([fate.pk for fate in group]):
            model.objects.filter(pk__in=chunk).update(answer=first.answer, points=first.after)
    model.objects.bulk_update(rare, ["answer", "points"], batch_size=300)
    # A page that still shows the old answer must not write over the new one.
    for old, new in sorted(moved):
        rows = model.objects.filter(application__track=plan.track, criterion=old)
        rows.update(criterion=new, version=F("version") + 1)


def _move_citations(plan: Plan) -> None:
    lost = [citation.pk for effect in plan.effects for citation in effect.uncited]
    for chunk in _chunks(lost):
        Citation.objects.filter(pk__in=chunk).delete()
    later = {leaf.code: leaf.pk for leaf in plan.new.outline if not leaf.is_group}
    for old in plan.track.rubric.outline:
        if old.code in later:
            cited = Citation.objects.filter(application__track=plan.track, criterion=old)
            cited.update(criterion=later[old.code])


def _store_totals(plan: Plan) -> None:
    """The running totals, under the new version. What takes few values goes apart: it is much cheaper so."""
    rows: list[Application] = []
    complete: dict[bool, list[int]] = {True: [], False: []}
    for effect in plan.effects:
        if effect.score is None:
            continue
        row = effect.application
        row.self_score, row.self_detail = effect.score.total, plan.new.detail(effect.score)
        complete[effect.score.final].append(row.pk)
        rows.append(row)
    Application.objects.bulk_update(rows, ["self_score", "self_detail"], batch_size=200)
    for final, keys in complete.items():
        for chunk in _chunks(keys):
            Application.objects.filter(pk__in=chunk).update(self_complete=final, updated_at=timezone.now())


def _chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


# Who is told


def _send_back(plan: Plan, record: Supersession, *, due_on: datetime.date | None, by: User) -> None:
    """Return what was submitted and no longer stands; who has no time left gets it with the due date."""
    returned = [effect.application for effect in plan.returned]
    if not returned:
        return
    why = f"评分标准已替换为{record.new}：{record.reason}"
    gate.move_all(
        returned, "return", by=by, permission="applications.decide", note=why, returns=F("returns") + 1
    )  # fmt: skip
    CheckDecision.objects.bulk_create(
        [
            CheckDecision(
                application=each, outcome=CheckDecision.Outcome.RETURNED, reason=why, due_on=due_on, decided_by=by
            )
            for each in returned
        ]
    )
    stage = plan.track.stage(Stage.Kind.APPLY)
    if stage and due_on:
        late = [each.branch for each in returned if _ends_before(stage, each, due_on)]
        if late:
            campaign_services.extend_stage_for_all(stage, late, until=due_on, reason="标准替换后补填", by=by)
    _notify("application.returned", "申报退回补填", record, plan.returned, due_on)


def _ends_before(stage: Stage, application: Application, due_on: datetime.date) -> bool:
    ends = deadlines.deadline_for(stage, application.branch)
    return ends is not None and ends < deadlines.end_of(due_on)


def _tell(plan: Plan, record: Supersession, *, due_on: datetime.date | None, by: User) -> None:
    """Those who are still at work, and the publication that every branch signs for (S1-38)."""
    sent = {effect.application.pk for effect in plan.returned}
    working = [
        effect
        for effect in plan.effects
        if effect.application.status == Status.PREPARING and effect.application.pk not in sent
    ]
    _notify("rubric.superseded", "评分标准已更换", record, working, None)
    study.publish_to_branches(
        plan.track.campaign,
        kind=Publication.Kind.CHANGE,
        title=f"{plan.track}：评分标准改用{record.new}",
        body=f"替换理由：{record.reason}。请对照新版学习，已填内容能沿用的已全部沿用。",
        by=by,
        due_on=due_on,
    )


def _notify(
    kind: str, title: str, record: Supersession, effects: Iterable[Effect], due_on: datetime.date | None
) -> None:
    until = f"请于{due_on:%Y年%m月%d日}前补填并由书记重新提交。" if due_on else ""
    nudges = [
        notices.Nudge(
            branch=effect.application.branch,
            about=f"supersession:{record.pk}:{effect.application.pk}",
            title=f"{title}：{record.track}",
            body=f"{_in_words(effect)}理由：{record.reason}。{until}",
            url=effect.application.get_absolute_url(),
        )
        for effect in effects
    ]
    notices.nudge(kind, nudges, BRANCH_ROLES)


def _in_words(effect: Effect) -> str:
    """What became of one application, in a sentence for its secretary."""
    if not effect.fates:
        return "尚未填写自评，请按新版标准填写。"
    parts = [f"已填的{len(effect.fates)}项中，沿用{len(effect.fates) - effect.count(DROPPED)}项"]
    rescored = len(effect.touched) - effect.count(DROPPED)
    if rescored:
        parts.append(f"其中{rescored}项得分有变")
    if dropped := effect.count(DROPPED):
        parts.append(f"{dropped}项不再适用")
    if effect.missing:
        parts.append(f"现有{len(effect.missing)}项待填写")
    if effect.before is not None and effect.before != effect.after:
        parts.append(f"自评由{scoring.plain(effect.before)}分变为{scoring.plain(effect.after)}分")
    return f"{'，'.join(parts)}。"
