"""Publishing to the branches, signing for it, and who has studied it (S1-38, S1-41)."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone

from branches import audit, notices
from branches.models import Branch, Notice, User
from branches.roles import BRANCH_ROLES
from branches.todo import matter_of
from standards.models import Acknowledgement, Campaign, Publication, Stage

PUBLISHED, MANUAL = "rubric.published", "remind.manual"
# Who is counted, each on its own: (prefix of the fields, word).
GROUPS = (("officers", "民警"), ("auxiliaries", "辅警"))


def publish_to_branches(
    campaign: Campaign,
    *,
    kind: str,
    title: str,
    body: str,
    by: User | None,
    scope: Branch | None = None,
    due_on: datetime.date | None = None,
) -> Publication:
    """Send a plan, a standard or its revision to every active 党支部 in scope and ask it to sign and study (S1-38).

    `scope` is the committee whose subtree it is for, none for every branch. Tells their secretaries and clerks. Codes
    `not_open` (a draft is nobody's to sign), `past_due` (a last day that is gone).
    """
    if due_on and due_on < timezone.localdate():
        raise ValidationError("签收期限不能早于今天，请改为今天或以后的日期。", code="past_due")
    with audit.recorded():
        # Locked so that two publications at the same moment do not take the same number.
        current = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        if current.status != Campaign.Status.OPEN:
            raise ValidationError(
                f"“{campaign.short_name}”{current.get_status_display()}，不能向支部发布；请先开启活动。",
                code="not_open",
            )
        last = campaign.publications.aggregate(last=Max("number"))["last"] or 0
        publication = Publication.objects.create(
            campaign=campaign, number=last + 1, kind=kind, title=title[:160], body=body, scope=scope, due_on=due_on,
            published_by=by,
        )  # fmt: skip
        branches = list(Branch.objects.signing(scope))
        audit.record(
            "publication.publish", publication, by=by, branch=scope, kind=kind, number=publication.number,
            branches=len(branches), due_on=due_on,
        )  # fmt: skip
        notices.post(
            notices.holders_in(branches, *BRANCH_ROLES),
            PUBLISHED,
            about=f"publication:{publication.pk}",
            title=f"请签收：{publication.title}",
            body=_request(publication),
            url=publication.get_absolute_url(),
        )
    return publication


def _request(publication: Publication) -> str:
    until = f"请于{publication.due_on:%Y年%m月%d日}前" if publication.due_on else "请"
    return f"{until}签收，并组织全体民警、辅警学习，学习后登记应学、实学和补学人数。"


def publish_plan(campaign: Campaign, *, by: User | None) -> Publication:
    """What opening a campaign sends to every branch: its plan and standards."""
    tracks = list(campaign.tracks.select_related("rubric"))
    rubrics = dict.fromkeys(f"《{track.rubric.name}》" for track in tracks)
    return publish_to_branches(
        campaign,
        kind=Publication.Kind.PLAN,
        title=f"{campaign}：创建方案与标准",
        body=f"请学习《{campaign.name}》和{'、'.join(rubrics)}，了解创建工作的步骤、标准和要求。",
        by=by,
        due_on=study_by(campaign),
    )


def study_by(campaign: Campaign) -> datetime.date | None:
    """The last day of the first 动员 ahead; once that is over, of the first 申报: who assesses itself has studied."""
    for kind in (Stage.Kind.MOBILISE, Stage.Kind.APPLY):
        ahead = Stage.objects.filter(track__campaign=campaign, kind=kind, closes_on__gte=timezone.localdate())
        if ends := ahead.order_by("closes_on").values_list("closes_on", flat=True).first():
            return ends
    return None


def acknowledge(publication: Publication, branch: Branch, *, by: User) -> Acknowledgement:
    """签收: who and when, once per branch; pressing again changes nothing, whoever presses.

    Codes: `not_allowed` (neither its secretary nor its clerk), `not_addressed`, or `closed`.
    """
    _require_own(branch, by, doing="签收")
    if not publication.concerns(branch):
        raise ValidationError(f"“{publication}”不是发给{branch.short_name}的，无需签收。", code="not_addressed")
    with audit.recorded():
        _require_running(publication, doing="签收")
        signed, created = Acknowledgement.objects.get_or_create(
            publication=publication, branch=branch, defaults={"signed_by": by}
        )
        if created:
            audit.record("publication.sign", publication, by=by, branch=branch, number=publication.number)
    return signed


def record_study(
    acknowledgement: Acknowledgement,
    *,
    studied_on: datetime.date,
    officers_expected: int,
    officers_studied: int,
    auxiliaries_expected: int,
    auxiliaries_studied: int,
    by: User,
    officers_later: int = 0,
    auxiliaries_later: int = 0,
    how: str = "",
    seen: str | None = None,
) -> Acknowledgement:
    """Record when and how the branch studied, and how many 民警 and 辅警 should have, did, and made up for it (S1-41).

    Once more replaces it (those who make up for it come later); the log keeps both. `seen` is the `mark` of what the
    page showed. Codes: `not_allowed`, `closed`, `future`, `nobody`, `officers` or `auxiliaries` (more have studied than
    should), `stale` (somebody else saved meanwhile).
    """
    counts = {
        "officers_expected": officers_expected, "officers_studied": officers_studied, "officers_later": officers_later,
        "auxiliaries_expected": auxiliaries_expected, "auxiliaries_studied": auxiliaries_studied,
        "auxiliaries_later": auxiliaries_later,
    }  # fmt: skip
    _require_own(acknowledgement.branch, by, doing="登记学习")
    problems = study_problems(studied_on, counts)
    if problems:
        raise ValidationError(problems)
    with audit.recorded():
        _require_running(acknowledgement.publication, doing="登记学习")
        current = Acknowledgement.objects.select_for_update(no_key=True).get(pk=acknowledgement.pk)
        if seen is not None and seen != current.mark:
            raise ValidationError(
                "学习情况刚在另一个页面或由他人登记过，为免互相覆盖，本次没有保存；您填写的内容还在，"
                "核对后再次保存即以您的为准。",
                code="stale",
            )
        fields: dict[str, Any] = {"studied_on": studied_on, "how": how.strip(), **counts}
        changed = {key: [getattr(current, key), new] for key, new in fields.items() if getattr(current, key) != new}
        for name, value in fields.items():
            setattr(acknowledgement, name, value)
        acknowledgement.recorded_by = by
        acknowledgement.save(update_fields=[*fields, "recorded_by", "updated_at"])
        audit.record("study.record", current.publication, by=by, branch=acknowledgement.branch, **changed)
    return acknowledgement


def study_problems(studied_on: datetime.date, counts: dict[str, int]) -> list[ValidationError]:
    """Everything that does not add up, in words, each with its code."""
    problems = []
    if studied_on > timezone.localdate():
        problems.append(ValidationError("学习日期不能晚于今天，请在学习之后登记。", code="future"))
    if not counts["officers_expected"] + counts["auxiliaries_expected"]:
        problems.append(ValidationError("民警和辅警的应学人数不能都是0，请核对人数。", code="nobody"))
    for group, word in GROUPS:
        expected, studied, later = (counts[f"{group}_{part}"] for part in ("expected", "studied", "later"))
        if min(expected, studied, later) < 0:
            problems.append(ValidationError(f"{word}人数不能是负数。", code=group))
        elif studied + later > expected:
            together = f"实学{studied}人、补学{later}人，合计{studied + later}人"
            problems.append(ValidationError(f"{word}{together}，超过了应学{expected}人；请核对人数。", code=group))
    return problems


def remind_study(publication: Publication, branches: Iterable[Branch], *, by: User) -> int:
    """Urge by hand the branches that have not signed or not studied, each once a day; the others are passed over.

    Returns how many were urged; code `nobody` when there was none, `closed` when the campaign is over.
    """
    _require_running(publication, doing="催办")
    done = Acknowledgement.objects.filter(publication=publication)
    signed = set(done.values_list("branch", flat=True))
    studied = set(done.exclude(studied_on=None).values_list("branch", flat=True))
    owing = [
        notices.Nudge(
            branch=branch,
            about=about(publication, branch),
            title=f"请抓紧{'登记学习情况' if branch.pk in signed else '签收'}：{publication.title}",
            body=f"{by.name}提醒：{_request(publication)}",
            url=publication.get_absolute_url(),
            topic=f"campaign:{publication.campaign_id}",
            matters=(matter(publication, branch, signed=branch.pk in signed),),
        )
        for branch in branches
        if branch.pk not in studied
    ]
    with audit.recorded():
        urged = notices.nudge(MANUAL, owing, BRANCH_ROLES, by=by).told
        for each in urged:
            audit.record("study.remind", publication, by=by, branch=each.branch)
    if not urged:
        raise ValidationError(
            "没有可催办的支部：都已签收并登记学习、今天已催办过，或没有在任的书记和经办人。", code="nobody"
        )
    return len(urged)


def matter(publication: Publication, branch: Branch, *, signed: bool) -> str:
    """What the branch owes of it, as the list of obligations names it."""
    kind, url = ("study", study_url(publication, branch)) if signed else ("sign", publication.get_absolute_url())
    return matter_of(kind, f"publication:{publication.pk}", url, branch=branch)


def study_url(publication: Publication, branch: Branch) -> str:
    return f"{reverse('standards:study', args=[publication.pk])}?branch={branch.pk}"


def about(publication: Publication, branch: Branch) -> str:
    return f"publication:{publication.pk}:{branch.pk}"


def reminders_of(publication: Publication, branches: Iterable[Branch]) -> QuerySet[Notice]:
    """The notices by which these branches were urged by hand."""
    return Notice.objects.filter(kind=MANUAL, about__in=[about(publication, branch) for branch in branches])


def _require_own(branch: Branch, by: User, *, doing: str) -> None:
    if not by.has_perm("standards.sign", branch):
        raise ValidationError(f"只有本支部的书记和经办人可以{doing}。", code="not_allowed")


def _require_running(publication: Publication, *, doing: str) -> None:
    campaign = Campaign.objects.get(pk=publication.campaign_id)
    if campaign.status != Campaign.Status.OPEN:
        raise ValidationError(
            f"“{campaign.short_name}”{campaign.get_status_display()}，不能再{doing}；已有记录全部保留。", code="closed"
        )
