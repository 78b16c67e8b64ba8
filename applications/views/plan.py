"""The plan of a branch and what becomes of its measures: written by the branch, read and remarked on by its committee."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from applications.forms_plan import ProgressForm, RemarkForm, plan_formset
from applications.models import Application, PlanItem
from applications.progress import PlanSummary
from applications.services import planning
from applications.views.scope import application_for, key_in, require
from branches.views.decorators import say_refusals


def plan(request, pk):
    """The measures with their progress; `?edit`, or a plan not filed yet, shows the branch the rows to write in."""
    application = application_for(request, pk)
    context = _page(request, application)
    if request.method != "POST":
        if context["editing"]:
            rows = [{**_typed(item), "item": item.pk} for item in context["items"]]
            context["formset"] = plan_formset(extra=1 if rows else 3)(initial=rows)
        return render(request, "applications/plan.html", context)
    require(request, "applications.edit", application)
    formset, context["editing"] = plan_formset()(request.POST), True
    if "more" in request.POST:
        return render(request, "applications/plan.html", {**context, "formset": _three_more(request.POST)})
    if formset.is_valid():
        try:
            planning.save_plan(application, formset.rows, by=request.user, seen=request.POST.get("mark"))
            if "file" in request.POST:
                planning.file_plan(application, by=request.user)
        except ValidationError as error:
            context["errors"] = error.messages
        else:
            messages.success(request, "计划已保存并报备。" if "file" in request.POST else "计划已保存。")
            return redirect("applications:plan", pk=pk)
    return render(request, "applications/plan.html", {**context, "formset": formset})


def _page(request, application: Application) -> dict:
    items = list(application.plan_items.prefetch_related("progress__recorded_by"))
    mine = request.user.has_perm("applications.edit", application)
    follows = mine and application.status in planning.PLANNING
    editable = follows and not planning.is_fixed(application)
    return {
        "application": application,
        "items": items,
        "summary": PlanSummary(items),
        "follows": follows,
        "editable": editable,
        "editing": editable and ("edit" in request.GET or application.plan_filed_at is None),
        "mark": planning.plan_mark(application),
        "remarks": list(application.plan_remarks.select_related("made_by")),
        "remark_form": RemarkForm() if request.user.has_perm("applications.check", application) else None,
    }


def _typed(item: PlanItem) -> dict:
    return {name: getattr(item, name) for name in planning.FACTS}


def _three_more(data):
    """The rows as typed and three empty ones, for a browser without JavaScript; nothing is judged yet."""
    data = data.copy()
    data["form-TOTAL_FORMS"] = str(min(key_in(data, "form-TOTAL_FORMS") + 3, 200))
    return plan_formset()(data)


@require_POST
@say_refusals("applications:plan", "pk")
def file_plan(request, pk):
    application = application_for(request, pk, "applications.edit")
    planning.file_plan(application, by=request.user)
    messages.success(request, "计划已报备，上级党委可以看到了。")
    return redirect("applications:plan", pk=pk)


def measure(request, pk, item_pk):
    """One measure, its whole year, and for the branch the form to write the next line of it."""
    application = application_for(request, pk)
    items = application.plan_items.prefetch_related("progress__recorded_by")
    item = get_object_or_404(items, pk=item_pk)
    item.application = application
    mine = request.user.has_perm("applications.edit", application)
    if request.method == "POST":
        require(request, "applications.edit", application)
    form = ProgressForm(request.POST or None, item=item)
    if request.method == "POST" and form.is_valid() and _noted(item, form, by=request.user):
        messages.success(request, f"“{item.measure}”的进展已登记。")
        return redirect(f"{reverse('applications:plan', args=[pk])}#m{item.pk}")
    follows = mine and application.status in planning.PLANNING
    context = {"application": application, "item": item, "form": form, "follows": follows}
    return render(request, "applications/measure.html", context)


def _noted(item: PlanItem, form: ProgressForm, *, by) -> bool:
    try:
        planning.note_progress(item, by=by, **form.cleaned_data)
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@require_POST
@say_refusals("applications:plan", "pk")
def remark_on_plan(request, pk):
    application = application_for(request, pk, "applications.check")
    form = RemarkForm(request.POST)
    if not form.is_valid():
        raise ValidationError([text for errors in form.errors.values() for text in errors])
    planning.remark_on_plan(application, form.cleaned_data["text"], by=request.user)
    messages.success(request, "意见已告知支部。")
    return redirect("applications:plan", pk=pk)
