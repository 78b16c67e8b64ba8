"""The branch's material library: what is in it, what comes in, what is said of it, what goes."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications import library as shelf
from applications.forms_evidence import FactsForm, LibraryFilter
from applications.models import KINDS, Application, Evidence, PartialUpload
from applications.services import evidence as services
from applications.views.citing import answer, chips, criterion_of
from applications.views.files import file_for
from applications.views.receiving import receive
from applications.views.scope import application_for, require, wants_json
from branches import keys, uploads
from branches.views.decorators import say_refusals
from standards.models import Criterion

PER_PAGE, CHOOSER_PAGE = 40, 50


def library(request, pk):
    """The files of the branch with what cites them; `?criterion=` turns it into the chooser for one criterion."""
    application = application_for(request, pk)
    criterion = criterion_of(application, request.GET.get("criterion"))
    results = []
    if request.method == "POST":
        require(request, "applications.edit", application)
        criterion = criterion_of(application, request.POST.get("criterion"))
        files = request.FILES.getlist("files")
        results = [receive(application, criterion, file, by=request.user) for file in files]
        if wants_json(request):
            return JsonResponse(said(application, criterion, results))
        if not results:
            messages.error(request, "还没有选择文件。")
        elif all(result["ok"] for result in results):
            messages.success(request, f"已上传{len(results)}个文件。")
            return redirect(request.get_full_path())
    if request.headers.get("HX-Request"):
        return render(request, "applications/_chooser.html", chooser_context(request, application, criterion))
    return render(request, "applications/evidence.html", library_context(request, application, criterion, results))


def said(application: Application, criterion: Criterion | None, results: list[dict]) -> dict:
    """The answer to a script: what became of each file, the room left, what the criterion cites now."""
    room = {"room": room_of(application)}
    return {"results": results, **room, **({"chips": chips(application, criterion)} if criterion else {})}


def room_of(application: Application) -> dict:
    """The space of the branch in words and as a share."""
    used, coming = services.used_bytes(application.branch), services.reserved_bytes(application.branch)
    quota = settings.BRANCH_QUOTA_BYTES
    left = max(quota - used - coming, 0)
    return {
        "used": uploads.readable(used), "coming": uploads.readable(coming) if coming else "",
        "quota": uploads.readable(quota), "left": uploads.readable(left), "left_bytes": left,
        "percent": min(100 * (used + coming) // quota, 100), "short": left < quota // 10,
    }  # fmt: skip


def upload_context(request, application: Application, criterion: Criterion | None) -> dict:
    """What the upload form tells and needs."""
    mine = request.user.has_perm("applications.edit", application)
    return {
        "application": application, "criterion": criterion, "may_upload": mine,
        "editable": mine and application.is_draft, "room": room_of(application),
        "accept": uploads.ACCEPT, "allowed": uploads.ALLOWED,
        "most": uploads.readable(settings.EVIDENCE_MAX_BYTES), "most_bytes": settings.EVIDENCE_MAX_BYTES,
        "film": uploads.readable(settings.FILM_MAX_BYTES), "film_bytes": settings.FILM_MAX_BYTES,
        "at_once": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
    }  # fmt: skip


def chooser_context(request, application: Application, criterion: Criterion | None) -> dict:
    """The newest files, or those that fit the words, with what this application cites them under."""
    q = keys.text_in(request.GET, "q", 60)
    files = Evidence.objects.filter(branch=application.branch).visible_to(request.user)
    page = Paginator(files.matching(q), CHOOSER_PAGE).get_page(1)
    cited: dict[int, list] = {}
    for citation in application.citations.filter(evidence__in=[file.pk for file in page]):
        cited.setdefault(citation.evidence_id, []).append(citation)
    for file in page:
        file.cited = cited.get(file.pk, [])
        file.here = next((c for c in file.cited if criterion and c.criterion_id == criterion.pk), None)
        file.readable_size = uploads.readable(file.size)
    return {**upload_context(request, application, criterion), "page_obj": page, "q": q}


def library_context(request, application: Application, criterion: Criterion | None, results: list) -> dict:
    library = Evidence.objects.filter(branch=application.branch).visible_to(request.user)
    leaves = application.track.rubric.leaves_for(application.branch.line)
    form = LibraryFilter(request.GET, leaves=leaves)
    files = shelf.narrowed(library.select_related("uploaded_by"), application, form.asked)
    page = Paginator(files, PER_PAGE).get_page(request.GET.get("page"))
    uses = shelf.uses_of(list(page), application, request.user)
    here = dict(application.citations.filter(criterion=criterion).values_list("evidence", "pk")) if criterion else {}
    for file in page:
        file.uses, file.here = uses[file.pk], here.get(file.pk)
        file.readable_size = uploads.readable(file.size)
    counts = library.counted()
    return {
        **upload_context(request, application, criterion),
        "page_obj": page, "results": results, "filters": form, "leaves": leaves, "grid": form.asked.get("view") == "grid",
        "total": sum(counts.values()), "counts": [(KINDS[kind][0], kind, n) for kind, n in counts.items() if n],
        "uncited": shelf.narrowed(library, application, {"cited": "no"}).count(),
        "unfinished": PartialUpload.objects.visible_to(request.user).under_way().filter(branch=application.branch),
    }  # fmt: skip


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
    return answer(request, "说明已保存。", {"caption": evidence.caption})


@require_POST
@say_refusals("applications:evidence", "pk")
def describe(request, pk):
    """Save the facts of all files of a page at once: fields `<evidence>-caption` and so on."""
    application = application_for(request, pk, "applications.edit")
    files = Evidence.objects.filter(branch=application.branch, pk__in=keys.numbers_in(request.POST.getlist("row")))
    forms = [(file, FactsForm(request.POST, prefix=str(file.pk))) for file in files.visible_to(request.user)]
    wrong = [f"“{file}”：{text}" for file, form in forms for texts in form.errors.values() for text in texts]
    for file, form in forms:
        if form.is_valid():
            services.describe_evidence(file, form.given, by=request.user)
    if wrong:
        raise ValidationError([f"{text}其余已保存。" for text in wrong], code="invalid")
    return answer(request, "说明、日期和地点已保存。", {})


@require_POST
@say_refusals("applications:evidence", "pk")
def discard(request, pk):
    """Delete the chosen files that nothing uses."""
    application = application_for(request, pk, "applications.edit")
    chosen = keys.numbers_in(request.POST.getlist("evidence"))
    files = list(Evidence.objects.filter(branch=application.branch, pk__in=chosen).visible_to(request.user))
    if not files:
        raise ValidationError("请先勾选要删除的材料。", code="not_found")
    kept = services.discard_evidence(application.branch, files, by=request.user)
    for evidence, reason in kept:
        messages.warning(request, f"“{evidence}”没有删除：{reason}。")
    if len(kept) < len(files):
        messages.success(request, f"已删除{len(files) - len(kept)}份没有用到的材料，空间已释放。")
    return redirect(reverse("applications:evidence", args=[application.pk]))
