"""The tasks of the stages: a meeting held, a summary written, with whom and with what proof."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render

from applications import completeness
from applications.forms_plan import ATTENDANCE, TaskForm
from applications.models import Application
from applications.services import planning
from applications.views.receiving import take_upload
from applications.views.scope import application_for, require
from standards import deadlines
from standards.models import StageTask


def task(request, pk, task_pk):
    """Record a meeting or a summary; a file chosen here goes into the library first and stays chosen."""
    application = application_for(request, pk)
    stage_task = _task_of(application, task_pk)
    if stage_task.kind == StageTask.Kind.PLAN:
        return redirect("applications:plan", pk=pk)
    record = application.task_records.filter(task=stage_task).select_related("minutes", "recorded_by").first()
    mine = request.user.has_perm("applications.edit", application)
    problems = completeness.task_problems(stage_task, record) if record else []
    context = {
        "application": application, "task": stage_task, "record": record, "mark": record.mark if record else "",
        "editable": mine and application.is_draft, "stage": stage_task.stage, "attendance": ATTENDANCE,
        "problems": problems, "done": record is not None and not problems,
        "due": deadlines.deadline_for(stage_task.stage, application.branch),
    }  # fmt: skip
    if request.method != "POST":
        form = TaskForm(instance=record, task=stage_task, application=application)
        return render(request, "applications/task.html", {**context, "form": form})
    require(request, "applications.edit", application)
    data, refusal = take_upload(request, application.branch, field="upload", into="minutes")
    form = TaskForm(data, instance=record, task=stage_task, application=application)
    if refusal:
        form.add_error("upload", refusal)
    if form.is_valid() and _record(request, application, stage_task, form):
        messages.success(request, f"“{stage_task.name}”已登记。")
        return redirect("applications:detail", pk=pk)
    return render(request, "applications/task.html", {**context, "form": form})


def _task_of(application: Application, pk: int) -> StageTask:
    """A task the plan, or the plan of its own committee, asks of this branch."""
    found = next((task for task in application.tasks if task.pk == pk), None)
    if found is None:
        raise Http404
    return found


def _record(request, application, stage_task, form) -> bool:
    fields = {name: value for name, value in form.cleaned_data.items() if name != "upload"}
    try:
        planning.record_task(application, stage_task, by=request.user, seen=request.POST.get("mark"), **fields)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True
