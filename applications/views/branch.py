"""The branch's workplace: the list, 我的创建, the plan, the tasks of the stages, joining, withdrawing, starting again."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications import completeness, eligibility
from applications.forms import ListFilter, TaskForm, plan_formset
from applications.models import Application
from applications.services import gate, preparing, submitting
from applications.states import TABLE
from applications.views.evidence import take_upload
from applications.views.scope import application_for, key_in, require
from branches.models import Branch
from branches.roles import READING_ROLES
from branches.views.decorators import say_refusals
from standards import deadlines
from standards.models import StageTask, Track

PER_PAGE = 50


def application_list(request):
    """All one may see. Somebody of a single branch with a single application is taken straight to it."""
    applications = Application.objects.visible_to(request.user).select_related("branch", "track__campaign")
    if not request.GET and _works_for_branches_only(request.user):
        mine = list(applications.values_list("pk", flat=True)[:2])
        if len(mine) == 1:
            return redirect("applications:detail", pk=mine[0])
    filters = ListFilter(request.GET, user=request.user)
    page = Paginator(filters.narrow(applications), PER_PAGE).get_page(request.GET.get("page"))
    committees = Branch.objects.filter(kind=Branch.Kind.COMMITTEE).only("path", "short_name")
    names = {branch.path: branch.short_name for branch in committees}
    for application in page:
        application.shown_status = application.status_for(request.user)
        application.committee = _nearest(application.branch.path, names)
    return render(
        request,
        "applications/list.html",
        {"page_obj": page, "filters": filters, "joinable": _joinable(request.user)},
    )


def _works_for_branches_only(user) -> bool:
    return bool(user.roles) and user.roles <= {"secretary", "clerk"}


def _nearest(path: str, names: dict[str, str]) -> str:
    ends = range(len(path) - Branch.steplen, 0, -Branch.steplen)
    return next((names[path[:end]] for end in ends if path[:end] in names), "")


def _joinable(user) -> list[tuple[Track, Branch]]:
    """Tracks that still take applications and in which a branch of the user's has none yet."""
    branches = [grant.branch for grant in user.grants if grant.role in ("secretary", "clerk")]
    if not branches:
        return []
    running = Track.objects.filter(campaign__status="open").select_related("campaign")
    tracks = [
        track
        for track in running.prefetch_related("stages__extensions").order_by("campaign", "order", "pk")
        if _has_begun(track)
    ]
    there = set(Application.objects.filter(branch__in=branches).values_list("track", "branch"))
    unique = {branch.pk: branch for branch in branches if branch.kind == Branch.Kind.BRANCH and branch.active}
    return [
        (track, branch)
        for branch in unique.values()
        for track in tracks
        if (track.pk, branch.pk) not in there and not deadlines.is_over(track.stage("apply"), branch)
    ]


def _has_begun(track: Track) -> bool:
    return track.begins_on is not None and track.begins_on <= timezone.localdate()


def detail(request, pk):
    """我的创建 for the branch; for its other readers the same page without the means to change anything."""
    application, user = application_for(request, pk), request.user
    progress = completeness.Progress(application)
    decisions = list(application.check_decisions.select_related("decided_by"))
    snapshots = list(application.snapshots.defer("content").select_related("created_by"))
    actions = {line.action for line in gate.actions_for(application, user)}
    mine = user.has_perm("applications.edit", application)
    closed = gate.why_not_now(TABLE["submit"], application) if application.is_draft else ""
    return render(
        request,
        "applications/detail.html",
        {
            "application": application,
            "shown_status": application.status_for(user),
            "progress": progress,
            "stages": completeness.stage_bar(application),
            "decisions": decisions,
            "returned": completeness.open_return(application),
            "snapshots": snapshots,
            "actions": actions,
            "mine": mine,
            "editable": mine and application.is_draft,
            "secretary": user.has_perm("applications.submit", application),
            "closed": closed,
            "ineligible": eligibility.problems(application.track, application.branch) if application.is_draft else [],
            "sees_scores": user.has_perm("applications.view_scores", application),
            "in_tree": user.holds(READING_ROLES, application.branch),
        },
    )


def plan(request, pk):
    """The measures and their targets; the actual values can be filled in long after the plan was filed."""
    application = application_for(request, pk)
    mine = request.user.has_perm("applications.edit", application)
    editable = mine and application.status in preparing.PLANNING
    items = list(application.plan_items.values())
    context = {
        "application": application,
        "editable": editable,
        "items": items,
        "mark": preparing.plan_mark(application),
    }
    if request.method != "POST":
        context["formset"] = plan_formset(extra=1 if items else 4)(initial=items)
        return render(request, "applications/plan.html", context)
    require(request, "applications.edit", application)
    formset = plan_formset()(request.POST)
    if "more" in request.POST:
        return render(request, "applications/plan.html", {**context, "formset": _three_more(request.POST)})
    if formset.is_valid():
        try:
            preparing.save_plan(application, formset.rows, by=request.user, seen=request.POST.get("mark"))
            if "file" in request.POST:
                preparing.file_plan(application, by=request.user)
        except ValidationError as error:
            context["errors"] = error.messages
        else:
            messages.success(request, "计划已保存并报备。" if "file" in request.POST else "计划已保存。")
            return redirect("applications:plan", pk=pk)
    return render(request, "applications/plan.html", {**context, "formset": formset})


def _three_more(data):
    """The rows as typed and three empty ones, for a browser without JavaScript; nothing is judged yet."""
    data = data.copy()
    data["form-TOTAL_FORMS"] = str(min(key_in(data, "form-TOTAL_FORMS") + 3, 200))
    return plan_formset()(data)


@require_POST
@say_refusals("applications:plan", "pk")
def file_plan(request, pk):
    application = application_for(request, pk, "applications.edit")
    preparing.file_plan(application, by=request.user)
    messages.success(request, "计划已报备，上级党委可以看到了。")
    return redirect("applications:plan", pk=pk)


def task(request, pk, task_pk):
    """Record a meeting or a summary; a file chosen here goes into the library first and stays chosen."""
    application = application_for(request, pk)
    stage_task = _task_of(application, task_pk)
    if stage_task.kind == StageTask.Kind.PLAN:
        return redirect("applications:plan", pk=pk)
    record = application.task_records.filter(task=stage_task).select_related("minutes", "recorded_by").first()
    mine = request.user.has_perm("applications.edit", application)
    context = {
        "application": application, "task": stage_task, "record": record, "mark": record.mark if record else "",
        "editable": mine and application.is_draft, "stage": stage_task.stage,
        "problems": completeness.task_problems(stage_task, record) if record else [],
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
        preparing.record_task(application, stage_task, by=request.user, seen=request.POST.get("mark"), **fields)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@require_POST
@say_refusals("applications:list")
def join(request, track_pk):
    track = get_object_or_404(Track.objects.select_related("campaign").prefetch_related("stages"), pk=track_pk)
    branch = get_object_or_404(Branch.objects.visible_to(request.user), pk=key_in(request.POST, "branch"))
    require(request, "applications.join", branch)
    application = preparing.join_track(track, branch, by=request.user)
    messages.success(request, f"本支部已参加“{track}”，请从制定计划开始。")
    return redirect(application)


@require_POST
@say_refusals("applications:detail", "pk")
def withdraw(request, pk):
    application = application_for(request, pk, "applications.submit")
    submitting.withdraw_application(application, by=request.user)
    messages.success(request, "申报已撤回。填写的内容都还在，需要时可以重新筹备。")
    return redirect("applications:detail", pk=pk)


@require_POST
@say_refusals("applications:detail", "pk")
def reopen(request, pk):
    application = application_for(request, pk, "applications.submit")
    submitting.reopen_application(application, by=request.user)
    messages.success(request, "已重新进入筹备，修改后请再次提交。")
    return redirect(f"{reverse('applications:detail', args=[pk])}")
