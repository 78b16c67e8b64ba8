"""荣誉台账: recorded once by the branch, read by its superiors, brought into every form."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from branches import ledger
from branches.forms import HonourFilter, HonourForm
from branches.models import Honour
from branches.views.decorators import say_refusals

PER_PAGE = 50


def honours(request):
    """Every honour one may read; the branch's own people find here the way to record one."""
    if not request.user.has_perm("branches.view_honours"):
        raise PermissionDenied("荣誉台账供支部和上级党组织使用。")
    form = HonourFilter(request.GET, by=request.user)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = Honour.objects.visible_to(request.user).matching(**wanted).select_related("branch", "recorded_by")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.mine = request.user.has_perm("branches.record_honours", row.branch)
    context = {"form": form, "page_obj": page, "keeps": request.user.has_perm("branches.record_honours")}
    return render(request, "branches/honours.html", context)


def honour_new(request):
    _demand(request)
    form = HonourForm(request.POST or None, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            entry = ledger.record_honour(form.cleaned_data["branch"], by=request.user, **form.values)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已登记“{entry.name}”。填写申报表时会自动带入，不用再抄。")
            return redirect("branches:honour_new" if "another" in request.POST else "branches:honours")
    return render(request, "branches/honour.html", {"form": form})


def honour(request, pk):
    entry = _honour(request, pk)
    name, mark = entry.name, entry.mark
    form = HonourForm(request.POST or None, instance=entry, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            ledger.change_honour(entry, by=request.user, seen=form.cleaned_data["mark"], **form.values)
        except ValidationError as refusal:
            form.data = form.data.copy()
            form.data["mark"] = mark  # what stands now was just shown in words: the next save counts
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已保存“{form.cleaned_data['name']}”。")
            return redirect("branches:honours")
    return render(request, "branches/honour.html", {"form": form, "entry_pk": pk, "name": name, "mark": mark})


@require_POST
@say_refusals("branches:honours")
def honour_delete(request, pk):
    entry = _honour(request, pk)
    ledger.delete_honour(entry, by=request.user, seen=request.POST.get("mark", ""))
    messages.success(request, f"已从台账删除“{entry.name}”。已经提交的申报表不受影响。")
    return redirect("branches:honours")


def _demand(request, branch=None):
    if not request.user.has_perm("branches.record_honours", branch):
        raise PermissionDenied("只有本支部的书记和经办人可以登记荣誉。")


def _honour(request, pk):
    entry = get_object_or_404(Honour.objects.visible_to(request.user).select_related("branch"), pk=pk)
    _demand(request, entry.branch)
    return entry
