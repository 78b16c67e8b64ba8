"""The 申报表 as PDF: the official one of a submission, and the draft of what is not submitted yet."""

import logging

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import FileResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from kombu.exceptions import OperationalError

from applications import pdf, snapshots, tasks
from applications.models import Application, Snapshot
from applications.views.scope import application_for
from branches import jobs
from branches.models import Job

RENDER, DRAFT = "applications.tasks.render_form", "applications.tasks.render_draft"
logger = logging.getLogger(__name__)


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
    return _file(snapshot.pdf.open("rb"), name, as_attachment=True)


def _file(file, name: str, *, as_attachment: bool) -> FileResponse:
    response = FileResponse(file, as_attachment=as_attachment, filename=name, content_type="application/pdf")
    response["Cache-Control"] = "private, no-store"
    return response


def _wait_for_pdf(request, application: Application, snapshot: Snapshot):
    job = _job(request, RENDER, str(snapshot.pk)) or order_pdf(snapshot, by=request.user)
    context = {"application": application, "snapshot": snapshot, "job": job, "failed": job.state == Job.State.FAILED}
    return render(request, "applications/pdf_wait.html", context, status=202)


def _job(request, task: str, target: str) -> Job | None:
    """The job that is at it, or the one that failed until somebody asks for another try."""
    job = Job.objects.filter(task=task, target=target).first()
    failed = job is not None and job.state == Job.State.FAILED
    if job is None or job.state == Job.State.DONE or (failed and request.method == "POST"):
        return None
    return job


# The draft


# The viewer of the browser itself shows the PDF in the page: allowed here and nowhere else.
@csp_replace({"object-src": [SELF], "frame-src": [SELF]})
def draft(request, pk):
    """The printed form of what is not submitted yet, marked 草稿; shown in the page once the worker has set it."""
    application = application_for(request, pk)
    if not application.is_draft:
        return redirect("applications:form_pdf", pk=pk)
    content = snapshots.content_of(application)
    content_hash = snapshots.digest(content)
    context = {"application": application, "short_hash": content_hash[:12]}
    if default_storage.exists(pdf.draft_name(pk, content_hash)):
        return render(request, "applications/draft.html", {**context, "hash": content_hash})
    target = f"{pk}:{content_hash[:40]}"
    job = _job(request, DRAFT, target) or order(DRAFT, target, tasks.render_draft, by=request.user)
    failed = job.state == Job.State.FAILED
    return render(request, "applications/draft.html", {**context, "failed": failed, "waiting": not failed}, status=202)


@csp_replace({"frame-ancestors": [SELF]})
@xframe_options_sameorigin
def draft_pdf(request, pk):
    """The file behind the page; what was printed before the last change is no longer handed out."""
    application = application_for(request, pk)
    if not application.is_draft:
        return redirect("applications:form_pdf", pk=pk)
    name = pdf.draft_name(pk, snapshots.digest(snapshots.content_of(application)))
    if not default_storage.exists(name):
        return redirect("applications:draft", pk=pk)
    shown = f"申报表（草稿）-{application.branch.short_name}.pdf"
    return _file(default_storage.open(name, "rb"), shown, as_attachment="download" in request.GET)


# The worker


def order_pdf(snapshot: Snapshot, *, by) -> Job:
    """Have a worker make the official PDF."""
    return order(RENDER, str(snapshot.pk), tasks.render_form, by=by)


def order(name: str, target: str, task, *, by) -> Job:
    """Write the job and tell a worker; with no broker to tell, the sweep of every minute finds the job."""
    job = jobs.enqueue(name, target, by=by)
    transaction.on_commit(lambda: _tell_worker(task, job.pk))
    return job


def _tell_worker(task, job_pk: int) -> None:
    try:
        task.delay(job_pk)
    except (OperationalError, OSError):
        logger.warning("job %s waits for the sweep: the broker cannot be reached", job_pk)
