"""From raw scores to plaques: compute, freeze, decide, publish, approve, name; and replay what was frozen."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils import timezone

from applications.models import Application, VetoRecord
from applications.services import gate
from applications.states import HOLDING, TABLE, Status
from branches import audit, notices
from branches.models import User
from branches.roles import BRANCH_ROLES
from reviews import calculation, gathering
from reviews.models import Approval, Award, Panel, PresentationSlot, PublicNotice, ResultRow, ResultSet
from standards import workdays
from standards.models import Track

# What replaying compares, as people call it.
ROW_FIELDS = {
    "final": "总分",
    "rank": "名次",
    "tied": "并列",
    "outcome": "结论",
    "components": "各项得分",
    "reserve_order": "候补次序",
    "decided_by": "同分依据",
    "grade": "等次",
    "stars": "得星",
    "note": "说明",
}


# Freezing, deciding, publishing, naming


def enter_review(track: Track, *, by: User) -> int:
    """Where no panel scores (all by self-assessment and check), everybody handed up enters 考评 at once.

    Returns how many did. Codes: `has_panels` (being given to a panel is what starts a review), `nobody`, the gate's.
    """
    if any(component.by_panel for component in track.components.all()):
        raise ValidationError("本轨道由考核组、专家组评分，请到“考核组与分工”安排分工。", code="has_panels")
    with audit.recorded():
        Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        waiting = Application.objects.for_work().filter(track=track, status=Status.RECOMMENDED).order_by("pk")
        moved = [gate.move(application, "start_review", by=by) for application in waiting]
        if not moved:
            raise ValidationError("没有已推荐或已上报、等待考评的支部。", code="nobody")
        audit.record("track.enter", track, by=by, branches=len(moved))
    return len(moved)


def freeze_results(track: Track, *, by: User | None) -> ResultSet:
    """Compute from the raw scores and keep everything; a second run keeps a second set beside the first."""
    with audit.recorded():
        # Locked so that two freezes get two numbers and see the same reviews; read afresh, as its rules count too.
        track = Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        if ResultSet.objects.filter(track=track, decided_at__isnull=False).exists():
            raise ValidationError("该轨道的结果已定案，不能再重新计算。", code="decided")
        if on_stage := PresentationSlot.objects.on_stage().filter(application__track=track).first():
            raise ValidationError(
                f"{on_stage.application.branch.short_name}正在展示，收评后才能计算。", code="on_stage"
            )
        method, inputs = gathering.method_of(track), gathering.inputs_of(track)
        if not inputs:
            raise ValidationError("还没有进入考评的支部，无法计算。", code="nobody")
        rows, blocked = calculation.compute(method, inputs)
        number = (ResultSet.objects.filter(track=track).aggregate(last=Max("number"))["last"] or 0) + 1
        result = ResultSet.objects.create(
            track=track,
            number=number,
            method=method,
            inputs=inputs,
            inputs_hash=inputs_digest(method, inputs),
            blocked=blocked,
            frozen_by=by,
        )
        ResultRow.objects.bulk_create([_as_row(result, row) for row in rows])
        audit.record("result.freeze", result, by=by, inputs_hash=result.inputs_hash, rows=len(rows), blocked=blocked)
    return result


def _as_row(result: ResultSet, row: dict[str, Any]) -> ResultRow:
    return ResultRow(
        result=result,
        application_id=row["application"],
        components=row["components"],
        final=None if row["final"] is None else Decimal(row["final"]),
        rank=row["rank"],
        tied=row["tied"],
        decided_by=row["decided_by"],
        outcome=row["outcome"],
        reserve_order=row["reserve_order"],
        grade=row["grade"],
        stars=row["stars"],
        note=row["note"],
    )


def inputs_digest(method: dict[str, Any], inputs: list[dict[str, Any]]) -> str:
    text = json.dumps([method, inputs], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def replay(result: ResultSet) -> list[str]:
    """Compute a frozen set again from its own inputs; every difference in words, none when it matches to the cent."""
    problems = []
    if inputs_digest(result.method, result.inputs) != result.inputs_hash:
        problems.append("输入与冻结时的哈希不符。")
    rows, blocked = calculation.compute(result.method, result.inputs)
    if blocked != result.blocked:
        problems.append(f"不能公布的原因不同：冻结“{result.blocked}”，重算“{blocked}”。")
    stored = {row.application_id: row for row in result.rows.all()}
    if set(stored) != {row["application"] for row in rows}:
        problems.append("支部名单与冻结时不同。")
    for row in rows:
        kept = stored.get(row["application"])
        if kept is None:
            continue
        fresh = _as_row(result, row)
        problems += [
            f"申报{kept.application_id}的{ROW_FIELDS[name]}不同："
            f"冻结{getattr(kept, name)}，重算{getattr(fresh, name)}。"
            for name in ROW_FIELDS
            if getattr(kept, name) != getattr(fresh, name)
        ]
    return problems


def decide(result: ResultSet, *, by: User, reason: str = "") -> ResultSet:
    """Take this set as the decision: winners 拟命名, reserves 候补, the rest 未入选; sealed until published.

    Codes: `blocked` (a tie across the line), `stale` (scores or candidates changed since freezing), `decided`,
    `unfinished` (sheets not handed in or branches without a score, and no reason given for going on without them).
    """
    if result.blocked:
        raise ValidationError(result.blocked, code="blocked")
    with audit.recorded():
        # Locked so that the set is decided once, on the very scores it was computed from.
        track = Track.objects.select_for_update(no_key=True).get(pk=result.track_id)
        if ResultSet.objects.filter(track=track, decided_at__isnull=False).exists():
            raise ValidationError("该轨道已有定案的结果，请刷新页面。", code="decided")
        if inputs_digest(gathering.method_of(track), gathering.inputs_of(track)) != result.inputs_hash:
            raise ValidationError("冻结之后评分或参评支部有变化，请重新计算并核对差异后再定案。", code="stale")
        if not reason.strip() and (open_ends := unfinished(result)):
            raise ValidationError(f"{open_ends}；请催办后重新计算，或写明不再等待的理由。", code="unfinished")
        ResultSet.objects.filter(pk=result.pk).update(decided_at=timezone.now())
        actions: dict[str, str] = {ResultRow.Outcome.SELECTED: "select", ResultRow.Outcome.RESERVE: "reserve"}
        outcomes = dict(result.rows.values_list("application_id", "outcome"))
        for application in Application.objects.for_work().filter(pk__in=outcomes).order_by("pk"):
            gate.move(application, actions.get(outcomes[application.pk], "reject"), by=by)
        audit.record("result.decide", result, by=by, inputs_hash=result.inputs_hash, reason=reason.strip())
    result.refresh_from_db()
    return result


def unfinished(result: ResultSet) -> str:
    """What is still open behind the set, in words; "" when everything was handed in."""
    panels = Panel.objects.filter(track=result.track_id).with_progress()
    sheets = sum(max(due - done, 0) for due, done in panels.values_list("due", "done"))
    incomplete = result.rows.filter(outcome=ResultRow.Outcome.INCOMPLETE).count()
    parts = [f"还有{sheets}份评分未提交"] if sheets else []
    parts += [f"{incomplete}个支部资料不全、将列为未入选"] if incomplete else []
    return "，".join(parts)


def fill_vacancies(track: Track, *, by: User) -> list[Application]:
    """A veto after the decision frees a place: the first reserves move up, in their order. Returns who moved.

    Code `approved`: the list of names the city party committee has approved is not added to.
    """
    with audit.recorded():
        Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        if Approval.objects.filter(track=track).exists():
            raise ValidationError("命名名单已经批准，不再递补。", code="approved")
        waiting = Application.objects.for_work().filter(track=track, status=Status.RESERVE)
        # Who had won and waits here since a veto was lifted has no order of a reserve and goes first, by the place won.
        decided = ResultRow.objects.filter(result__track=track, result__decided_at__isnull=False)
        order = {
            pk: (order or 0, rank or 0)
            for pk, order, rank in decided.values_list("application", "reserve_order", "rank")
        }
        moved = sorted(waiting, key=lambda application: order[application.pk])[: vacancies(track)]
        for application in moved:
            gate.move(application, "promote", by=by, note="候补递补")
        if moved:
            names = [application.branch.short_name for application in moved]
            audit.record("result.fill", track, by=by, promoted=names)
    return moved


def vacancies(track: Track) -> int:
    """Places of the quota that nobody holds any more."""
    if not track.is_competition or not track.quota:
        return 0
    held = Application.objects.filter(track=track, status__in=HOLDING).count()
    return max(track.quota - held, 0)


def closing_day(track: Track, opens_on: date) -> date:
    """The last day of the track's N working days; code `calendar_unpublished` where the calendar is not known yet."""
    return workdays.add_workdays(opens_on, track.notice_days)


def publish(track: Track, *, opens_on: date, body: str, by: User, closes_on: date | None = None) -> PublicNotice:
    """Put the names up for N working days (公示); everyone in the system sees them, and every branch its own outcome.

    Who moves up after that is put up again, in a notice of its own. Codes: `undecided`, `published` (nobody new),
    `nobody`, `vacancy` (a place is free and a reserve waits), `open_veto`, `bad_dates`, `calendar_unpublished`.
    """
    result = ResultSet.objects.filter(track=track, decided_at__isnull=False).first()
    if result is None:
        raise ValidationError("结果尚未定案，不能公示。", code="undecided")
    closes_on = closes_on or closing_day(track, opens_on)
    if closes_on < opens_on:
        raise ValidationError("公示截止日不能早于开始日。", code="bad_dates")
    with audit.recorded():
        Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        earlier = PublicNotice.objects.filter(track=track).count()
        selected = list(
            Application.objects.for_work().filter(track=track, status=Status.SELECTED).order_by("branch__path")
        )
        if not selected and earlier:
            raise ValidationError("拟命名名单已经公示，请刷新页面。", code="published")
        if not selected:
            raise ValidationError("没有拟命名的支部，不能公示。", code="nobody")
        _require_no_open_veto(selected)
        if vacancies(track) and Application.objects.filter(track=track, status=Status.RESERVE).exists():
            raise ValidationError("有空出的名额，候补尚未递补；请先办理候补递补再公示。", code="vacancy")
        notice = PublicNotice.objects.create(
            track=track,
            number=earlier + 1,
            result=result,
            title=f"关于{track.award_name}{'递补' if earlier else ''}拟命名名单的公示",
            body=body,
            opens_on=opens_on,
            closes_on=closes_on,
            published_by=by,
        )
        notice.applications.set(selected)
        Track.objects.filter(pk=track.pk, announced_at=None).update(announced_at=timezone.now())
        for application in selected:
            gate.move(application, "publish", by=by)
        audit.record("notice.publish", notice, by=by, names=len(selected), closes_on=closes_on)
        for application in selected:
            notices.post(
                notices.holders(application.branch, *BRANCH_ROLES),
                "application.published",
                about=f"application:{application.pk}",
                title=f"本支部进入拟命名公示：{track}",
                url=f"/reviews/notices/{notice.pk}/",
            )
    return notice


def record_approval(track: Track, *, approved_by: str, number: str, approved_on: date, by: User) -> Approval:
    """Record the city party committee's approval (S2-44), only after every notice period is over.

    Codes: `unpublished`, `notice_running`, `approved_early` (dated before the notice ended), `approved`.
    """
    last = PublicNotice.objects.filter(track=track).aggregate(last=Max("closes_on"))["last"]
    if last is None:
        raise ValidationError("尚未公示，不能登记批准。", code="unpublished")
    if timezone.localdate() <= last:
        raise ValidationError(f"公示到{last:%Y年%m月%d日}结束，期满后方可报批。", code="notice_running")
    if approved_on <= last:
        raise ValidationError(f"批准日期须在公示结束（{last:%Y年%m月%d日}）之后。", code="approved_early")
    with audit.recorded():
        # Locked so that the second of two people is told so.
        Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        if Application.objects.filter(track=track, status=Status.SELECTED).exists():
            raise ValidationError("还有拟命名的支部没有公示，请先公示再报批。", code="unpublished")
        if Approval.objects.filter(track=track).exists():
            raise ValidationError("批准文号已登记，请刷新页面。", code="approved")
        approval = Approval.objects.create(
            track=track, approved_by=approved_by, number=number, approved_on=approved_on, recorded_by=by
        )
        audit.record("award.approval", approval, by=by, number=number, approved_on=approved_on)
    return approval


def name_winners(track: Track, *, by: User) -> list[Award]:
    """Name every published branch under the approval, with its plaque number, validity and a notice to it."""
    approval = Approval.objects.filter(track=track).first()
    if approval is None:
        raise ValidationError("尚未登记市局党委的批准，不能命名。", code="unapproved")
    with audit.recorded():
        Track.objects.select_for_update(no_key=True).get(pk=track.pk)
        winners = list(
            Application.objects.for_work().filter(track=track, status=Status.PUBLISHED).order_by("branch__path")
        )
        _require_no_open_veto(winners)
        if not winners:
            raise ValidationError("没有待命名的支部；如已命名请刷新页面。", code="nobody")
        naming = TABLE["name"]
        if uncleared := [text for winner in winners if (text := gate.missing_clearance(naming, winner))]:
            raise ValidationError([ValidationError(text, code="not_cleared") for text in uncleared])
        prefix = f"{track.plaque_prefix or track.code}-"
        awards = []
        for number, application in enumerate(winners, _last_plaque(prefix) + 1):
            gate.move(application, "name", by=by, note=approval.number)
            awards.append(
                Award(
                    application=application,
                    title=track.award_name,
                    document_number=approval.number,
                    plaque_number=f"{prefix}{number:03d}",
                    named_on=approval.approved_on,
                    valid_until=_years_later(approval.approved_on, track.valid_years),
                    named_by=by,
                )
            )
        Award.objects.bulk_create(awards)
        for waiting in Application.objects.for_work().filter(track=track, status=Status.RESERVE).order_by("pk"):
            gate.move(waiting, "reject", by=by, note="命名完成，候补结束")
        audit.record("award.name", track, by=by, awards=len(awards), document=approval.number)
        for award in awards:
            notices.post(
                notices.holders(award.application.branch, *BRANCH_ROLES),
                "application.named",
                about=f"application:{award.application_id}",
                title=f"本支部被命名为{award.title}",
                body=f"命名文号：{award.document_number}；牌匾编号：{award.plaque_number}。",
                url="/reviews/awards/",
            )
    return awards


def _last_plaque(prefix: str) -> int:
    """The highest number ever given under the prefix, by whatever track: a plaque's number is never given twice."""
    given = Award.objects.filter(plaque_number__startswith=prefix).values_list("plaque_number", flat=True)
    return max((int(rest) for number in given if (rest := number[len(prefix) :]).isdigit()), default=0)


def _require_no_open_veto(applications: list[Application]) -> None:
    # Locked, as proposing a veto locks them: one proposed meanwhile is either seen here or comes after the naming.
    list(Application.objects.select_for_update(no_key=True).filter(pk__in=[a.pk for a in applications]).order_by("pk"))
    waiting = VetoRecord.objects.filter(application__in=applications, state=VetoRecord.State.PROPOSED)
    if names := list(waiting.values_list("application__branch__short_name", flat=True)):
        raise ValidationError(f"{'、'.join(names)}有待确认的一票否决，请先由纪检督察处理。", code="open_veto")


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
