"""What the library's page knows of its files beside themselves: where each one is used. Queries are constant."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse

from applications.models import Appeal, Application, Citation, Evidence, EvidenceQuerySet, Rectification, TaskRecord
from branches.models import User

NEWEST = ("-uploaded_at", "-pk")
ORDERS = {
    "": ("最近上传在前", NEWEST),
    "oldest": ("最早上传在前", ("uploaded_at", "pk")),
    "taken": ("形成日期（新到旧）", ("-taken_on", *NEWEST)),
    "name": ("文件名", ("name", "pk")),
    "size": ("占用空间（大到小）", ("-size", *NEWEST)),
}


@dataclass(frozen=True)
class Use:
    """One place that names a file: what people call it, where it is, and how to take the file off (or "")."""

    label: str
    url: str = ""
    citation: int = 0


def narrowed(files: EvidenceQuerySet, application: Application, asked: dict[str, Any]) -> EvidenceQuerySet:
    """The files a filter asks for, in its order; empty values ask for nothing."""
    if asked.get("q"):
        files = files.matching(asked["q"])
    if asked.get("kind"):
        files = files.of_kind(asked["kind"])
    here = Citation.objects.filter(application=application, evidence=OuterRef("pk"))
    if asked.get("under"):
        files = files.filter(Exists(here.filter(criterion=asked["under"])))
    if asked.get("cited"):
        cited = Exists(here)
        files = files.filter(cited if asked["cited"] == "yes" else ~cited)
    return files.order_by(*ORDERS[asked.get("order") or ""][1])


def uses_of(files: list[Evidence], application: Application, user: User) -> dict[int, list[Use]]:
    """Per file where it is used, as far as the user may see: citations, records of meetings, proofs."""
    found: dict[int, list[Use]] = {file.pk: [] for file in files}
    visible = Application.objects.visible_to(user)
    cited = Citation.objects.filter(evidence__in=found, application__in=visible)
    for citation in cited.select_related("criterion", "application__track"):
        found[citation.evidence_id].append(_citation(citation, application))
    records = TaskRecord.objects.filter(minutes__in=found, application__in=visible).select_related("task")
    for record in records:
        url = reverse("applications:task", args=[record.application_id, record.task_id])
        found[record.minutes_id].append(Use(f"会议记录：{record.task.name}", url))
    proofs = Rectification.proofs.through.objects.filter(
        evidence__in=found, rectification__in=Rectification.objects.visible_to(user)
    )
    for evidence, gap in proofs.values_list("evidence", "rectification__gap"):
        found[evidence].append(Use(f"整改：{gap}"))
    appeals = Appeal.proofs.through.objects.filter(evidence__in=found, appeal__in=Appeal.objects.visible_to(user))
    for evidence in appeals.values_list("evidence", flat=True):
        found[evidence].append(Use("申诉证明材料"))
    return found


def _citation(citation: Citation, application: Application) -> Use:
    """A criterion of this application, or that another round names the file."""
    label = f"{citation.criterion.code} {citation.criterion.title}"
    if citation.application_id != application.pk:
        return Use(f"{citation.application.track}：{label}")
    url = reverse("applications:assessment", args=[application.pk])
    return Use(label, f"{url}#c{citation.criterion_id}", citation.pk)
