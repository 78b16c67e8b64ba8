"""What the branches of the demo did: plans, meetings, self-assessments, evidence, forms, and handing them in."""

import datetime
from dataclasses import dataclass, field
from random import Random

from django.utils import timezone

from applications.models import (
    Application,
    Assessment,
    Citation,
    Evidence,
    PlanItem,
    PlanProgress,
    Snapshot,
    TaskRecord,
)
from applications.services import submitting
from branches import audit
from branches.models import Branch
from branches.roles import Role
from reviews.demo import wording
from reviews.demo.answers import Marking
from reviews.demo.bureau import Bureau
from reviews.demo.calendar import Dates
from reviews.demo.files import DOCX, Sample
from standards.models import StageTask, Track


@dataclass
class Case:
    """One application of the demo: how good the branch is, how far it got, and how much of each part is filled in."""

    application: Application
    branch: Branch
    quality: float
    reach: str
    seed: str
    plan: bool = True
    meetings: float = 1.0
    answered: float = 1.0
    form: float = 1.0
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - chance of a demo, meant to be repeated


def fill_in(cases: list[Case], track: Track, bureau: Bureau, samples: list[Sample], dates: Dates) -> None:
    """All that is typed and uploaded before submitting, in bulk; the stored totals as the services keep them."""
    marking = Marking(track.rubric)
    tasks = list(StageTask.objects.filter(stage__track=track).select_related("stage"))
    fields = list(track.form_fields.all())
    library = _library(cases, bureau, samples, dates)
    plans: list[PlanItem] = []
    records: list[TaskRecord] = []
    answers: list[Assessment] = []
    citations: list[Citation] = []
    with audit.recorded():
        for case in cases:
            plans += _plan(case, bureau, dates)
            records += _tasks(case, bureau, tasks, library.get(case.branch.pk, []), dates)
            answers += _assessment(case, bureau, marking)
            citations += _citations(case, marking, library.get(case.branch.pk, []))
            _form(case, bureau, fields)
        PlanItem.objects.bulk_create(plans, batch_size=2000)
        notes = [note for item in plans for note in _progress(item, bureau, dates)]
        PlanProgress.objects.bulk_create(notes, batch_size=2000)
        TaskRecord.objects.bulk_create(records, batch_size=2000)
        Assessment.objects.bulk_create(answers, batch_size=2000)
        Citation.objects.bulk_create(citations, batch_size=2000)
        Application.objects.bulk_update(
            [case.application for case in cases],
            ["plan_filed_at", "self_score", "self_detail", "self_complete", "form_data", "form_version"],
            batch_size=200,
        )


def _note(action: str, case: Case, bureau: Bureau, **changes: object) -> None:
    clerk = bureau.at(case.branch, Role.CLERK)
    audit.record(action, case.application, by=clerk, branch=case.branch, **changes)


def _library(cases: list[Case], bureau: Bureau, samples: list[Sample], dates: Dates) -> dict[int, list[Evidence]]:
    """A few files in the library of every branch that has answered something; those it already has are used again."""
    held: dict[int, list[Evidence]] = {}
    for evidence in Evidence.objects.filter(branch__in=[case.branch for case in cases]).order_by("pk"):
        held.setdefault(evidence.branch_id, []).append(evidence)
    pictures = [sample for sample in samples if sample.content_type.startswith("image/")]
    papers = [sample for sample in samples if not sample.content_type.startswith("image/")]
    fresh = [
        Evidence(
            branch=case.branch, sha256=sample.sha256, name=sample.name, content_type=sample.content_type,
            size=sample.size, file=sample.path, caption=f"{case.branch.short_name}{sample.name.split('.')[0]}",
            taken_on=dates.day("apply", case.random.random() * 0.5), uploaded_by=bureau.at(case.branch, Role.CLERK),
        )
        for case in cases
        if case.branch.pk not in held and case.answered >= 0.3
        for sample in [*case.random.sample(pictures, 3), *case.random.sample(papers, 2)]
    ]  # fmt: skip
    Evidence.objects.bulk_create(fresh, batch_size=2000)
    for evidence in fresh:
        held.setdefault(evidence.branch_id, []).append(evidence)
    return held


def _plan(case: Case, bureau: Bureau, dates: Dates) -> list[PlanItem]:
    if not case.plan:
        return []
    random, begin = case.random, dates.day("mobilise", 0)
    rows = []
    for order, (measure, indicator, base, goal) in enumerate(random.sample(wording.MEASURES, 4), 1):
        baseline, target = base + random.randint(0, 2), goal + random.randint(0, 4)
        done = "" if case.answered < 0.5 else str(baseline + round((target - baseline) * random.uniform(0.4, 1)))
        rows.append(
            PlanItem(
                application=case.application, order=order, measure=measure, indicator=indicator,
                baseline=str(baseline), target=str(target), actual=done,
                responsible=random.choice(["支部书记A", "支委B", "支委C"]),
                due_on=begin + datetime.timedelta(days=60 + 45 * order),
            )
        )  # fmt: skip
    indicator, before, after = wording.BUSINESS.get(case.branch.line, ("重点任务按期办结率", "93%", "99%"))
    rows.append(
        PlanItem(
            application=case.application, order=5, measure="党建业务双融双促，带动业务工作走在前列", indicator=indicator,
            baseline=before, target=after, responsible="支部书记A", due_on=begin + datetime.timedelta(days=270),
        )
    )  # fmt: skip
    for row in rows:
        if row.actual and row.due_on < dates.today and _own_chance(row).random() < 0.7:
            row.done_on = row.due_on
    case.application.plan_filed_at = dates.moment("mobilise", random.uniform(0.2, 0.9))
    _note("plan.save", case, bureau, measures=len(rows))
    _note("plan.file", case, bureau, measures=len(rows))
    return rows


def _own_chance(item: PlanItem) -> Random:
    """What becomes of a plan changes nothing else of the demo."""
    return Random(f"{item.application.pk}/{item.order}")  # noqa: S311


def _progress(item: PlanItem, bureau: Bureau, dates: Dates) -> list[PlanProgress]:
    """What was noted of a measure that has a value: on the way, and lately."""
    if not item.actual:
        return []
    random = _own_chance(item)
    clerk = bureau.at(item.application.branch, Role.CLERK)
    first, last = dates.day("apply", 0.2), item.done_on or min(dates.today, item.due_on)
    days = [first, last] if first < last else [last]
    return [
        PlanProgress(
            item=item, noted_on=day, actual=item.actual if day == last else item.baseline,
            note=random.choice(wording.PROGRESS), recorded_by=clerk,
        )
        for day in days
    ]  # fmt: skip


def _tasks(
    case: Case, bureau: Bureau, tasks: list[StageTask], library: list[Evidence], dates: Dates
) -> list[TaskRecord]:
    rows, random = [], case.random
    minutes = next((evidence for evidence in library if evidence.content_type == DOCX), None)
    for task in tasks:
        if task.kind == StageTask.Kind.PLAN or random.random() > case.meetings:
            continue
        everyone = 3 if task.kind == StageTask.Kind.COMMITTEE_MEETING else case.branch.party_members
        record = TaskRecord(
            application=case.application, task=task, held_on=dates.day(task.stage.kind, random.uniform(0.1, 0.8)),
            body=wording.MEETING.get(task.kind, "已办理。").format(n=random.randint(3, 9)), minutes=minutes,
            recorded_by=bureau.at(case.branch, Role.CLERK),
        )  # fmt: skip
        if task.is_meeting:
            record.place, record.host = "党员活动室", "支部书记A"
            record.expected, record.present = everyone, max(everyone - random.randint(0, 1), 1)
            record.auxiliaries_present = random.randint(0, min(case.branch.auxiliaries, 12))
            record.auxiliaries_expected = case.branch.auxiliaries
        rows.append(record)
        _note("task.record", case, bureau, task=task.name, present=[record.present, record.expected])
    return rows


def _assessment(case: Case, bureau: Bureau, marking: Marking) -> list[Assessment]:
    """Reading order up to where the branch has got; one a little optimistic about itself."""
    line = case.branch.line
    marks = marking.fill(line, min(case.quality + 0.025, 0.995), case.random, spread=0.05)
    marks = marks[: round(len(marks) * case.answered)]
    points = {leaf.key: value for leaf, _, value in marks}
    score = marking.total(line, points)
    if marks:
        case.application.self_score, case.application.self_complete = score.total, score.final
        case.application.self_detail = marking.rubric.detail(score)
        _note("assessment.save", case, bureau, criteria=len(marks), total=score.total)
    clerk = bureau.at(case.branch, Role.CLERK)
    return [
        Assessment(
            application=case.application, criterion=leaf, answer=answer, points=value, updated_by=clerk,
            remark=wording.remark(leaf, case.random) if case.random.random() < 0.85 else "",
        )
        for leaf, answer, value in marks
    ]  # fmt: skip


def _citations(case: Case, marking: Marking, library: list[Evidence]) -> list[Citation]:
    leaves = marking.leaves(case.branch.line)
    leaves = leaves[: round(len(leaves) * case.answered)]
    if not library or not leaves:
        return []
    pairs = {
        (case.random.choice(leaves).pk, case.random.choice(library).pk) for _ in range(min(10, round(len(leaves) / 3)))
    }
    return [
        Citation(application=case.application, criterion_id=criterion, evidence_id=evidence)
        for criterion, evidence in sorted(pairs)
    ]


def _form(case: Case, bureau: Bureau, fields: list) -> None:
    shown = fields[: round(len(fields) * case.form)]
    if shown:
        case.application.form_data = {field.key: wording.form_text(field, case.branch, case.random) for field in shown}
        case.application.form_version = 1
        _note("form.save", case, bureau, fields=len(shown))


def submit_all(cases: list[Case], bureau: Bureau) -> None:
    """Every one through the service: completeness is checked, the snapshot frozen, the receipt given."""
    secretaries = {case.application.pk: bureau.at(case.branch, Role.SECRETARY) for case in cases}
    for application in Application.objects.for_work().filter(pk__in=secretaries).prefetch_related("track__form_fields"):
        submitting.submit_application(application, by=secretaries[application.pk])


def backdate(cases: list[Case], dates: Dates) -> None:
    """The submissions happened in the apply stage of the moved calendar, not all at this minute."""
    moments = {case.application.pk: dates.moment("apply", case.random.uniform(0.2, 0.55)) for case in cases}
    applications = list(Application.objects.filter(pk__in=moments, submitted_at__isnull=False))
    for application in applications:
        application.submitted_at = moments[application.pk]
        application.updated_at = timezone.now()
    Application.objects.bulk_update(applications, ["submitted_at", "updated_at"], batch_size=200)
    snapshots = list(Snapshot.objects.filter(application__in=moments).only("pk", "application_id", "created_at"))
    for snapshot in snapshots:
        snapshot.created_at = moments[snapshot.application_id]
    Snapshot.objects.bulk_update(snapshots, ["created_at"], batch_size=200)
