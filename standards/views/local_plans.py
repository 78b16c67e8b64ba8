"""A committee's own plan beside the city's (S2-27), and moving the dates of an open campaign."""

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from branches import keys
from branches.models import Branch
from standards.forms.local import LocalPlanForm, LocalTaskRow, StageDatesForm
from standards.forms.rows import initial_of, row_formset, unjudged, with_more
from standards.forms.wizard import TaskRows
from standards.models import Campaign, LocalPlan, Stage
from standards.services import dates, local_plans
from standards.views import downloads
from standards.views.wizard import plan_file

REASON = "只有该党委的经办人和负责人可以编写本级方案。"


def local_plan(request, pk, branch_pk):
    """Read by everybody below once published; written by the committee itself."""
    campaign, branch, plan, mine = _found(request, pk, branch_pk)
    if request.method != "POST":
        return _show(request, campaign, branch, plan, mine)
    _require(mine)
    form = LocalPlanForm(request.POST, request.FILES)
    if form.is_valid() and (saved := _save(request, campaign, branch, form)):
        published = "本级方案已发布，所属支部已收到签收通知。"
        messages.success(request, published if "publish" in request.POST else "本级方案已保存。")
        return redirect(saved)
    return _show(request, campaign, branch, plan, mine, form=form)


def _save(request, campaign, branch, form):
    """Save, and publish if asked; a refusal stands on the form, with everything typed."""
    given, seen = form.cleaned_data, request.POST.get("version", "")
    try:
        return local_plans.save_local_plan(
            campaign, branch, title=given["title"], body=given["body"], upload=plan_file(given["upload"]),
            publish="publish" in request.POST, seen=int(seen) if keys.is_number(seen) else None, by=request.user,
        )  # fmt: skip
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None


@require_POST
def local_tasks(request, pk, branch_pk):
    """The committee's own tasks, asked of its branches only."""
    campaign, branch, plan, mine = _found(request, pk, branch_pk)
    _require(mine)
    if plan is None:
        raise Http404
    if "more" in request.POST:
        rows = _rows(plan, with_more(request.POST, "tasks"))
        unjudged(rows)
        return _show(request, campaign, branch, plan, mine, rows=rows)
    rows, refused = _rows(plan, request.POST), None
    if rows.is_valid():
        try:
            local_plans.save_local_tasks(plan, rows.rows, by=request.user, seen=request.POST.get("mark"))
        except ValidationError as refusal:
            refused = refusal
        else:
            messages.success(request, "本级任务已保存，所属支部的办理清单随之更新。")
            return redirect(plan)
    return _show(request, campaign, branch, plan, mine, rows=rows, refusal=refused)


@require_GET
def local_file(request, pk, branch_pk):
    plan = _found(request, pk, branch_pk)[2]
    if plan is None or not plan.file:
        raise Http404
    return downloads.stored(plan.file, plan.file_name)


def _show(request, campaign, branch, plan, mine, *, form=None, rows=None, refusal=None):
    initial = {"title": f"{branch.short_name}{campaign.short_name}创建方案"[:120]}
    if plan:
        initial = {"title": plan.title, "body": plan.body}
    writes = mine and campaign.status == Campaign.Status.OPEN
    # Whoever was told that others saved meanwhile may save over it; any other refusal keeps what the page showed.
    stale = form is not None and form.has_error(NON_FIELD_ERRORS, "stale")
    shown = request.POST.get("version") if form is not None and not stale else None
    kept = request.POST.get("mark") if rows is not None and getattr(refusal, "code", "") != "stale" else None
    context = {
        "campaign": campaign, "branch": branch, "plan": plan, "writes": writes, "mine": mine,
        "refusals": refusal.messages if refusal else [],
        "form": form or LocalPlanForm(initial=initial), "version": shown or (plan.version if plan else 0),
        "tasks": local_plans.local_tasks(plan) if plan else [],
        "rows": (rows or _rows(plan)) if writes and plan and plan.published_at else None,
        "mark": kept or (local_plans.tasks_mark(plan) if plan else ""),
    }  # fmt: skip
    return render(request, "standards/local_plan.html", context)


def _rows(plan, data=None):
    stored = initial_of(local_plans.local_tasks(plan), ("stage", *local_plans.TASK_FIELDS))
    formset = row_formset(LocalTaskRow, TaskRows)
    return formset(data, prefix="tasks", initial=stored, form_kwargs={"campaign": plan.campaign})


def _found(request, pk, branch_pk):
    """The campaign, the committee, its plan as far as one may see it, and whether one writes it."""
    campaign = get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)
    branch = get_object_or_404(Branch.objects.filter(kind=Branch.Kind.COMMITTEE), pk=branch_pk)
    mine = request.user.has_perm("standards.edit_local_plan", branch)
    plans = LocalPlan.objects.visible_to(request.user).select_related("campaign", "organiser")
    plan = plans.filter(campaign=campaign, organiser=branch).first()
    if plan is None and not mine:
        raise Http404
    return campaign, branch, plan, mine


def _require(mine):
    if not mine:
        raise PermissionDenied(REASON)


# The dates of an open campaign


def stage_dates(request, pk):
    """Move a stage of an open campaign, with a reason; everybody concerned is told."""
    seen = Campaign.objects.visible_to(request.user)
    stage = get_object_or_404(Stage.objects.select_related("track__campaign").filter(track__campaign__in=seen), pk=pk)
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied("只有活动管理员可以调整日程。")
    form = StageDatesForm(request.POST or None, initial={"opens_on": stage.opens_on, "closes_on": stage.closes_on})
    if request.method == "POST" and form.is_valid():
        try:
            dates.change_stage_dates(stage, **form.cleaned_data, by=request.user, seen=request.POST.get("mark"))
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"“{stage.name}”的日期已调整，各支部和党委已收到通知。")
            return redirect(stage.track.campaign)
    return render(
        request, "standards/stage_dates.html", {"stage": stage, "form": form, "mark": dates.dates_mark(stage)}
    )
