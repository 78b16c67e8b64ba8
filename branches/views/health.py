"""How the installation is: for machines without login and nothing about anybody, for the system administrator a page."""

from celery import current_app
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from branches import health, jobs, services
from branches.models import Job
from branches.views.decorators import say_refusals

PER_PAGE = 50


@login_not_required
@never_cache
def healthz(request):
    """503 when requests cannot be served; with ?strict=1 also when worker or clock are silent."""
    found = health.report()
    well = found["ok"] and (found["background_ok"] or "strict" not in request.GET)
    return JsonResponse(found, status=200 if well else 503)


@login_not_required
@never_cache
def readyz(request):
    """Whether to send requests here: the database answers."""
    ready = health.database_answers()
    return JsonResponse({"ready": ready}, status=200 if ready else 503)


@never_cache
def page(request):
    _demand(request)
    failed = Job.objects.overseen_by(request.user).filter(state=Job.State.FAILED).select_related("owner__unit")
    context = {
        "report": health.report(),
        "schedule": health.schedule(),
        "page_obj": Paginator(failed, PER_PAGE).get_page(request.GET.get("page")),
        "titles": health.TITLES,
    }
    return render(request, "branches/health.html", context)


@require_POST
@say_refusals("branches:health")
def job_retry(request, pk):
    _demand(request)
    job = get_object_or_404(Job.objects.overseen_by(request.user), pk=pk)
    jobs.retry(job, by=request.user)
    transaction.on_commit(lambda: current_app.send_task(job.task, [job.pk]))
    messages.success(request, "任务已重新排队，稍后刷新本页查看结果。")
    return redirect("branches:health")


@require_POST
@say_refusals("branches:health")
def task_run(request):
    """Start a task of the clock's table at once: all of them are safe to run at any time."""
    _demand(request)
    task = request.POST.get("task", "")
    if task not in {line["task"] for line in settings.CELERY_BEAT_SCHEDULE.values()}:
        raise ValidationError("没有这项定时任务，请刷新页面。", code="unknown")
    services.note_run(task, by=request.user)
    current_app.send_task(task)
    messages.success(request, f"“{health.TITLES.get(task, task)}”已交给后台运行，稍后刷新本页查看结果。")
    return redirect("branches:health")


def _demand(request) -> None:
    if not request.user.has_perm("branches.see_health"):
        raise PermissionDenied("只有市局的系统管理员可以查看运行状态。")
