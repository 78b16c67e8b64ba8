"""The life of a rubric: drawn up blank or from an older one, published, retired, thrown away as a draft."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from branches.views.decorators import say_refusals
from standards.forms.versions import CopyForm, NewRubricForm
from standards.models import Rubric
from standards.services import rubrics as rubric_services
from standards.services import versions

REASON = "只有活动管理员可以管理评分标准。"


def require_manager(request) -> None:
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied(REASON)


def managed(request, pk: int) -> Rubric:
    """The rubric in the user's scope (else 404), for those who may change rubrics (else 403)."""
    found = get_object_or_404(Rubric.objects.visible_to(request.user), pk=pk)
    require_manager(request)
    return found


def rubric_new(request):
    """A blank draft."""
    require_manager(request)
    form = NewRubricForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = versions.create_rubric(**form.cleaned_data, by=request.user)
        except ValidationError as refusal:
            form.add_error("code", refusal)
        else:
            messages.success(request, f"{made}草稿已建立，请逐项填写。")
            return redirect("standards:rubric_edit", made.pk)
    return render(request, "standards/rubric_new.html", {"form": form})


@require_POST
def rubric_copy(request, pk):
    found = managed(request, pk)
    form = CopyForm(request.POST)
    if form.is_valid():
        try:
            made = versions.copy_rubric(found, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已以{found}为蓝本新建{made}草稿。")
            return redirect(made)
    return render(request, "standards/rubric_copy.html", {"form": form, "rubric": found})


@require_POST
def rubric_publish(request, pk):
    """Publish it, or list everything that keeps it from being published."""
    found = managed(request, pk)
    try:
        rubric_services.publish_rubric(found, by=request.user)
    except ValidationError as refusal:
        context = {"rubric": found, "problems": refusal.messages}
        return render(request, "standards/rubric_problems.html", context, status=422)
    messages.success(request, f"{found}已发布，内容从此不再改动。")
    return redirect(found)


@require_POST
@say_refusals("standards:rubric", "pk")
def rubric_retire(request, pk):
    found = managed(request, pk)
    versions.retire_rubric(found, by=request.user)
    messages.success(request, f"{found}已停用，留存备查。")
    return redirect(found)


@require_POST
@say_refusals("standards:rubrics")
def rubric_delete(request, pk):
    found = managed(request, pk)
    versions.delete_rubric(found, by=request.user)
    messages.success(request, f"{found}草稿已删除。")
    return redirect("standards:rubrics")
