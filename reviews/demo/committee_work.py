"""What the committees and inspectors of the demo did: checks, returns, rankings, self-nominations, clearances, vetoes."""

import datetime

from django.utils import timezone

from applications.models import Application, CheckDecision, CheckItem, RecommendationList
from applications.services import appealing, checking, inspecting, preparing, recommending, submitting
from branches import audit
from branches.models import Branch
from branches.roles import Role
from reviews.demo import bulk, wording
from reviews.demo.answers import Marking
from reviews.demo.branch_work import Case
from reviews.demo.bureau import Bureau
from reviews.demo.calendar import Dates, within
from standards.models import Track

MEMBERS = "党委经办人、组织干事A、纪检干事B"
TOLD = "创建期间本支部一名民警受到党纪处分。"
GROUNDS = "处分决定所涉事实发生在创建活动开始之前，处分在创建期间作出。请核对事实发生的时间，认定不属于创建期间发生的违纪问题。"
CONCLUSION = "材料齐全，核查属实，同意通过。"


def check(cases: list[Case], track: Track, bureau: Bureau, *, share: float = 1.0) -> None:
    """The committee's own score and remark on each criterion (or on the first share of them), in bulk."""
    marking, rows = Marking(track.rubric), []
    with audit.recorded():
        for case in cases:
            clerk = bureau.at(bureau.committee_of(case.branch), Role.COMMITTEE_CLERK)
            marks = marking.fill(case.branch.line, case.quality, case.random, spread=0.05)
            marks = marks[: round(len(marks) * share)]
            rows += [
                CheckItem(
                    application=case.application, criterion=leaf, answer=answer, points=points, checked_by=clerk,
                    remark=wording.fill(case.random.choice(wording.CHECK_REMARKS), leaf, case.random),
                )
                for leaf, answer, points in marks
            ]  # fmt: skip
            audit.record("check.save", case.application, by=clerk, branch=case.branch, criteria=len(marks))
        CheckItem.objects.bulk_create(rows, batch_size=2000)


def accept(cases: list[Case], track: Track, bureau: Bureau, dates: Dates) -> None:
    """Conclude the checks, each through the service; the day of the decision follows the calendar."""
    one_by_one, many = bulk.split(cases)
    by_pk = {case.application.pk: case for case in one_by_one}
    with audit.recorded():
        for application in Application.objects.for_work().filter(pk__in=by_pk):
            clerk = bureau.at(bureau.committee_of(by_pk[application.pk].branch), Role.COMMITTEE_CLERK)
            checking.accept_application(
                application, members=MEMBERS, checked_on=dates.day("check", 0.9), conclusion=CONCLUSION, by=clerk
            )
        bulk.accept(many, track, bureau, dates, members=MEMBERS, conclusion=CONCLUSION)
    CheckDecision.objects.filter(application__in=[case.application.pk for case in cases]).update(
        decided_at=dates.moment("check", 0.92)
    )


def send_back(cases: list[Case], bureau: Bureau) -> None:
    """Return with reasons, remarks on three criteria and five days to mend it, an extension where the stage is over."""
    by_pk = {case.application.pk: case for case in cases}
    for application in Application.objects.for_work().filter(pk__in=by_pk):
        case = by_pk[application.pk]
        scored = [leaf for leaf in application.track.rubric.leaves_for(case.branch.line) if leaf.scored]
        remarked = sorted(case.random.sample(scored, len(wording.RETURN_REMARKS)), key=lambda leaf: leaf.order)
        checking.return_application(
            application, reason=case.random.choice(wording.RETURNS),
            due_on=timezone.localdate() + datetime.timedelta(days=5),
            items=[
                (leaf, wording.fill(text, leaf, case.random))
                for leaf, text in zip(remarked, wording.RETURN_REMARKS, strict=True)
            ],
            by=bureau.at(bureau.committee_of(case.branch), Role.COMMITTEE_CLERK),
        )  # fmt: skip


def mend(cases: list[Case], bureau: Bureau) -> None:
    """The branch changes two of the three criteria that were remarked on and submits again: a second look waits."""
    for case in cases:
        secretary = bureau.at(case.branch, Role.SECRETARY)
        application = Application.objects.for_work().get(pk=case.application.pk)
        codes = [item["code"] for item in application.check_decisions.first().items[:2]]
        for answer in application.assessments.filter(criterion__code__in=codes).select_related("criterion"):
            preparing.save_answer(
                application, answer.criterion, answer=answer.answer, remark=wording.MENDED, version=answer.version,
                by=secretary,
            )  # fmt: skip
        submitting.submit_application(Application.objects.for_work().get(pk=application.pk), by=secretary)


def rank(track: Track, committee: Branch, cases: list[Case], bureau: Bureau, dates: Dates, *, confirm: bool) -> None:
    """The best ones first, up to the limit; confirmed and locked by the head, or left for the head to confirm."""
    head, clerk = bureau.at(committee, Role.COMMITTEE_HEAD), bureau.at(committee, Role.COMMITTEE_CLERK)
    best = sorted(cases, key=lambda case: -case.quality)[: track.recommend_max]
    if not best:
        return
    ordered = list(Application.objects.filter(pk__in=[case.application.pk for case in best]).select_related("branch"))
    ordered.sort(key=lambda application: [case.application.pk for case in best].index(application.pk))
    reasons = {case.application.pk: case.random.choice(wording.REASONS) for case in best}
    with within(track, "recommend"):
        ranking = recommending.list_for(track, committee)
        recommending.save_ranking(ranking, ordered, reasons=reasons, version=ranking.version, by=clerk)
        if confirm:
            recommending.confirm_ranking(ranking, version=ranking.version, by=head)
            RecommendationList.objects.filter(pk=ranking.pk).update(confirmed_at=dates.moment("recommend", 0.95))


def hand_up(cases: list[Case], track: Track, bureau: Bureau) -> None:
    """Self-nominations of the headquarters (S2) or the forwarding of what meets the standard (S1)."""
    by_pk = {case.application.pk: case for case in cases}
    with within(track, "nominate"), within(track, "forward"):
        for application in Application.objects.for_work().filter(pk__in=by_pk):
            head = bureau.at(bureau.committee_of(application.branch), Role.COMMITTEE_HEAD)
            if application.road == "nominated":
                checking.nominate_application(application, by=head)
            else:
                checking.forward_application(application, by=head)


def clear(cases: list[Case], bureau: Bureau, point: str) -> None:
    """无问题 from the inspectors at one point of the road."""
    inspector = bureau.city_people[Role.INSPECTOR][0]
    for application in Application.objects.for_work().filter(pk__in=[case.application.pk for case in cases]):
        inspecting.clear(application, point=point, remark="经查，创建期间未发现违纪违法问题。", by=inspector)


def vetoes(cases: list[Case], bureau: Bureau) -> None:
    """One confirmed and appealed against, one dismissed, one waiting for the second inspector: as far as there are cases."""
    first, second = bureau.city_people[Role.INSPECTOR][:2]
    endings = [
        ("confirm", "创建期间一名民警因违反中央八项规定精神受党纪处分，处分决定已生效。"),
        ("dismiss", "信访反映违规接受宴请，经初核反映失实。"),
        ("wait", "督察通报一起执法过错，责任认定已作出，拟予否决。"),
    ]
    for (ending, basis), case in zip(endings, cases, strict=False):
        application = Application.objects.for_work().get(pk=case.application.pk)
        record = inspecting.propose_veto(application, basis=basis, by=first)
        if ending == "confirm":
            inspecting.confirm_veto(record, remark="事实清楚，依据充分，同意否决。", told=TOLD, by=second)
            appealing.file_appeal(record, grounds=GROUNDS, by=bureau.at(case.branch, Role.SECRETARY))
        elif ending == "dismiss":
            inspecting.dismiss_veto(record, remark="反映失实，不予否决。", by=second)
