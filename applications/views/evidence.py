"""The branch's material library: upload, look at, caption, cite and take off."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications.forms_evidence import FactsForm
from applications.models import Application, Citation, Evidence
from applications.services import evidence as services
from applications.views.files import file_for
from applications.views.scope import application_for, key_in, messages_of, require, wants_json
from branches import uploads
from branches.models import Branch
from branches.views.decorators import came_from, say_refusals
from standards.models import Criterion

PER_PAGE = 50


def library(request, pk):
    """The files of the branch with what cites them; `?criterion=` turns it into the chooser for one criterion."""
    application = application_for(request, pk)
    criterion = _criterion(application, request.GET.get("criterion"))
    results = []
    if request.method == "POST":
        require(request, "applications.edit", application)
        criterion = _criterion(application, request.POST.get("criterion"))
        results = [_receive(request, application, criterion, file) for file in request.FILES.getlist("files")]
        if wants_json(request):
            chips = {"chips": _chips(application, criterion)} if criterion else {}
            return JsonResponse({"results": results, **chips})
        if not results:
            messages.error(request, "还没有选择文件。")
        elif all(result["ok"] for result in results):
            messages.success(request, f"已上传{len(results)}个文件。")
            return redirect(request.get_full_path())
    return render(
        request,
        "applications/_chooser.html" if request.headers.get("HX-Request") else "applications/evidence.html",
        _library_context(request, application, criterion, results),
    )


def _library_context(request, application: Application, criterion: Criterion | None, results: list) -> dict:
    files = Evidence.objects.filter(branch=application.branch).visible_to(request.user).select_related("uploaded_by")
    page = Paginator(files, PER_PAGE).get_page(request.GET.get("page"))
    cited: dict[int, list[Citation]] = {}
    for citation in application.citations.filter(evidence__in=[file.pk for file in page]).select_related("criterion"):
        cited.setdefault(citation.evidence_id, []).append(citation)
    for file in page:
        file.cited = cited.get(file.pk, [])
        file.here = next((c for c in file.cited if criterion and c.criterion_id == criterion.pk), None)
        file.readable_size = uploads.readable(file.size)
    used = services.used_bytes(application.branch)
    mine = request.user.has_perm("applications.edit", application)
    return {
        "application": application, "criterion": criterion, "page_obj": page, "results": results,
        "may_upload": mine, "editable": mine and application.is_draft, "accept": uploads.ACCEPT, "allowed": uploads.ALLOWED,
        "used": uploads.readable(used), "quota": uploads.readable(settings.BRANCH_QUOTA_BYTES),
        "left": uploads.readable(max(settings.BRANCH_QUOTA_BYTES - used, 0)),
        "most": uploads.readable(settings.EVIDENCE_MAX_BYTES), "most_bytes": settings.EVIDENCE_MAX_BYTES,
    }  # fmt: skip


def _criterion(application: Application, pk: str | None) -> Criterion | None:
    """The criterion of this application's own rubric, or none."""
    leaves = application.track.rubric.leaves_for(application.branch.line) if pk else []
    return next((leaf for leaf in leaves if leaf.key == pk), None)


def _receive(request, application: Application, criterion: Criterion | None, file) -> dict:
    """Judge and store one file, and cite it where it was meant for a criterion; a refusal stores nothing."""
    try:
        evidence = store(application.branch, file, by=request.user)
        if criterion:
            services.cite(application, criterion, evidence, by=request.user)
    except ValidationError as error:
        return {"ok": False, "name": uploads.clean_name(file.name), "message": messages_of(error)}
    return {"ok": True, "name": evidence.name, "message": "已上传", "pk": evidence.pk}


def store(branch: Branch, file, *, by) -> Evidence:
    """Examine an uploaded file and put it into the branch's library."""
    upload = uploads.examine(file, file.name, max_bytes=settings.EVIDENCE_MAX_BYTES)
    return services.store_evidence(
        branch, by=by, name=upload.name, content_type=upload.content_type,
        sha256=upload.sha256, size=upload.size, file=upload.file, taken_on=upload.taken_on,
    )  # fmt: skip


def take_upload(request, branch: Branch, *, field: str, into: str):
    """The POST data with a file of the page already stored and chosen, so that another mistake does not lose it."""
    data, file = request.POST.copy(), request.FILES.get(field)
    if file is None:
        return data, None
    try:
        data[into] = str(store(branch, file, by=request.user).pk)
    except ValidationError as error:
        return data, error
    return data, None


@require_POST
@say_refusals()
def caption(request, pk):
    """Save what is known of a file; fields that were not sent stay as they are."""
    evidence = file_for(request, pk)
    require(request, "applications.manage_evidence", evidence)
    form = FactsForm(request.POST)
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts], code="invalid")
    services.describe_evidence(evidence, form.given, by=request.user)
    return _answer(request, "说明已保存。", {"caption": evidence.caption})


@require_POST
@say_refusals("applications:evidence", "pk")
def cite(request, pk):
    """Cite one file under one criterion."""
    application = application_for(request, pk, "applications.edit")
    criterion = _criterion(application, request.POST.get("criterion"))
    evidence = Evidence.objects.visible_to(request.user).filter(pk=key_in(request.POST, "evidence")).first()
    if criterion is None or evidence is None:
        raise ValidationError("没有找到这份材料或这项指标，请刷新页面。", code="not_found")
    citation = services.cite(application, criterion, evidence, by=request.user)
    return _answer(
        request, f"已引用到“{criterion.title}”。", {"chips": _chips(application, criterion), "pk": citation.pk}
    )


@require_POST
@say_refusals()
def uncite(request, pk):
    """Take a file off a criterion; gone already is fine."""
    scope = Application.objects.visible_to(request.user)
    citation = get_object_or_404(
        Citation.objects.select_related("application__branch", "criterion", "evidence"), pk=pk, application__in=scope
    )
    require(request, "applications.edit", citation.application)
    services.uncite(citation, by=request.user)
    return _answer(
        request, "已取消引用，文件仍在材料库中。", {"chips": _chips(citation.application, citation.criterion)}
    )


def _chips(application: Application, criterion: Criterion) -> list[dict]:
    """What is cited under the criterion now, as the page draws it."""
    citations = application.citations.filter(criterion=criterion).select_related("evidence")
    return [
        {
            "name": citation.evidence.name,
            "url": reverse("applications:evidence_view", args=[citation.evidence_id]),
            "uncite": reverse("applications:uncite", args=[citation.pk]),
        }
        for citation in citations
    ]


def _answer(request, text: str, data: dict):
    if wants_json(request):
        return JsonResponse({"message": text, **data})
    messages.success(request, text)
    return redirect(came_from(request))
