"""The 申报表 and its way out of the house: fill in, read through, submit, receipt, PDF."""

import json
import logging

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import FileResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from applications import completeness, snapshots, tasks
from applications.forms import ApplicationForm
from applications.models import Application, Snapshot
from applications.services import gate, submitting
from applications.states import TABLE
from applications.views.scope import application_for, messages_of, require, wants_json
from branches import jobs, typesetting
from branches.models import Job

RENDER = "applications.tasks.render_form"
logger = logging.getLogger(__name__)


def form(request, pk):
    """The fields the track asks for; a draft takes anything. Our script saves here too and gets JSON."""
    application = application_for(request, pk)
    if not (request.user.has_perm("applications.edit", application) and application.is_draft):
        if request.method == "POST":
            require(request, "applications.edit", application)
        else:
            return redirect("applications:preview", pk=pk)
    bound = ApplicationForm(request.POST or None, application=application)
    # Lazily, because a save by the script shows no page.
    known = SimpleLazyObject(lambda: snapshots.content_of(application))
    context = {"application": application, "form": bound, "known": known}
    if request.method == "POST" and bound.is_valid():
        try:
            submitting.save_form(application, bound.values, version=bound.cleaned_data["version"], by=request.user)
        except ValidationError as error:
            return _form_refused(request, application, context, error)
        if wants_json(request):
            return JsonResponse({"version": application.form_version, "at": f"{timezone.localtime():%H:%M:%S}"})
        messages.success(request, "申报表已保存。")
        return redirect("applications:preview" if "preview" in request.POST else "applications:form", pk=pk)
    return render(request, "applications/form.html", context)


def _form_refused(request, application: Application, context: dict, error: ValidationError):
    """Keep what was typed, show beside it what stands now, and let the next save count."""
    current = Application.objects.get(pk=application.pk)
    theirs = {f"f-{key}": value for key, value in current.form_data.items()}
    if wants_json(request):
        answer = {"code": error.code, "message": messages_of(error), "version": current.form_version, "fields": theirs}
        return JsonResponse(answer, status=409)
    data = request.POST.copy()
    data["version"] = str(current.form_version)
    bound = ApplicationForm(data, application=application)
    bound.is_valid()
    for name, value in bound.cleaned_data.items():
        if name in theirs and theirs[name] != value:
            bound.fields[name].help_text = f"现在保存的内容是：{theirs[name] or '（空）'}"
    return render(request, "applications/form.html", {**context, "form": bound, "errors": error.messages})


def preview(request, pk, errors=(), status=200):
    """What will be submitted, page by page as it is printed; once submitted, what was."""
    application, user = application_for(request, pk), request.user
    latest = None if application.is_draft else application.snapshots.first()
    content = latest.content if latest else snapshots.content_of(application)
    gaps = completeness.gaps(application) if application.is_draft else []
    shown_hash = latest.hash if latest else snapshots.digest(content)
    files = dict(application.citations.values_list("evidence__sha256", "evidence"))
    for item in content["evidence"]:
        item["pk"] = files.get(item["sha256"])
    return render(
        request,
        "applications/preview.html",
        {
            "application": application,
            "content": content,
            "hash": shown_hash,
            "snapshot": latest,
            "gaps": [(gap.text, gap.url(application)) for gap in gaps],
            "errors": errors,
            "unprintable": sorted(typesetting.missing_glyphs(json.dumps(content, ensure_ascii=False))),
            "mine": user.has_perm("applications.edit", application),
            "may_submit": gate.may("submit", application, user),
            "secretary": user.has_perm("applications.submit", application),
            "closed": gate.why_not_now(TABLE["submit"], application) if application.is_draft else "",
        },
        status=status,
    )


@require_POST
def submit(request, pk):
    """The secretary in person, after reading through; anything missing is listed and nothing is sent."""
    application = application_for(request, pk, "applications.submit")
    if request.POST.get("read") != "yes":
        return preview(request, pk, errors=["请先逐页核对，勾选“本人已逐页核对”后再提交。"], status=422)
    try:
        snapshot = submitting.submit_application(application, by=request.user, seen=request.POST.get("hash", ""))
    except ValidationError as error:
        return preview(request, pk, errors=error.messages, status=409 if _lost(error) else 422)
    order_pdf(snapshot, by=request.user)
    return redirect("applications:receipt", pk=pk)


def _lost(error: ValidationError) -> bool:
    return getattr(error, "code", "") in ("conflict", "changed")


def receipt(request, pk):
    application = application_for(request, pk)
    snapshot = application.snapshots.defer("content").select_related("created_by").first()
    if snapshot is None:
        return redirect("applications:detail", pk=pk)
    context = {"application": application, "snapshot": snapshot, "label": application.status_label_for(request.user)}
    return render(request, "applications/receipt.html", context)


def form_pdf(request, pk):
    """The PDF of the latest submission; while the worker makes it, a page that waits and then (`?wait`) hands it over."""
    application = application_for(request, pk)
    snapshot = application.snapshots.defer("content").first()
    if snapshot is None:
        messages.info(request, "正式申报表在提交之后生成；提交之前请在这里核对内容。")
        return redirect("applications:preview", pk=pk)
    if not snapshot.pdf:
        return _wait_for_pdf(request, application, snapshot)
    if "wait" in request.GET:
        return render(
            request, "applications/pdf_wait.html", {"application": application, "snapshot": snapshot, "ready": True}
        )
    name = f"申报表-{application.branch.short_name}-{snapshot.receipt_number}.pdf"
    response = FileResponse(snapshot.pdf.open("rb"), as_attachment=True, filename=name, content_type="application/pdf")
    response["Cache-Control"] = "private, no-store"
    return response


def _wait_for_pdf(request, application: Application, snapshot: Snapshot):
    job = Job.objects.filter(task=RENDER, target=str(snapshot.pk)).first()
    failed_before = job is not None and job.state == Job.State.FAILED
    if job is None or job.state == Job.State.DONE or (failed_before and request.method == "POST"):
        job = order_pdf(snapshot, by=request.user)
    context = {"application": application, "snapshot": snapshot, "job": job, "failed": job.state == Job.State.FAILED}
    return render(request, "applications/pdf_wait.html", context, status=202)


def order_pdf(snapshot: Snapshot, *, by) -> Job:
    """Have a worker make the PDF; with no broker to tell, the sweep of every minute finds the job."""
    job = jobs.enqueue(RENDER, str(snapshot.pk), by=by)
    transaction.on_commit(lambda: _tell_worker(job.pk))
    return job


def _tell_worker(job_pk: int) -> None:
    try:
        tasks.render_form.delay(job_pk)
    except (OperationalError, OSError):
        logger.warning("job %s waits for the sweep: the broker cannot be reached", job_pk)
