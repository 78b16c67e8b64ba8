"""Rubrics in and out of Excel: template, export, and import in two steps: read through and shown, then confirmed."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from standards import scoring
from standards.forms.importing import KINDS, PlainForm, WorkbookForm, choose_kinds
from standards.models import Rubric, RubricUpload
from standards.services import importing
from standards.views import downloads
from standards.views.rubrics import sections
from standards.views.versions import require_manager
from standards.workbooks import reading, safety, writing


def rubric_template(request):
    require_manager(request)
    return downloads.workbook(writing.write_template(), "评分标准导入模板.xlsx")


def rubric_export(request, pk):
    """Whoever may read the rubric may have it as a workbook."""
    found = get_object_or_404(Rubric.objects.visible_to(request.user), pk=pk)
    return downloads.workbook(writing.write(found), f"{found.code}-第{found.version}版-{found.name}.xlsx")


def rubric_import(request):
    """Step one: the file is opened, kept and shown; nothing of it becomes a rubric yet."""
    require_manager(request)
    form = WorkbookForm(request.POST, request.FILES) if request.method == "POST" else WorkbookForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            content = file.read(safety.MOST_BYTES + 1)
            reading.open_book(content)
        except ValidationError as refusal:
            form.add_error("file", refusal)
        else:
            return redirect(importing.keep_upload(content, file.name, by=request.user))
    waiting = RubricUpload.objects.visible_to(request.user).defer("content")
    return render(request, "standards/rubric_import.html", {"form": form, "waiting": waiting})


def rubric_upload(request, pk):
    """What the workbook would become, or everything that is wrong with it."""
    upload = _upload(request, pk)
    draft = reading.read(bytes(upload.content))
    form = PlainForm(initial={"name": draft.rubric.name, "total_points": scoring.plain(draft.rubric.total_points)})
    return _show(request, upload, draft, form)


@require_POST
def rubric_upload_confirm(request, pk):
    """Step two: the same file is read again with what was chosen, and becomes a draft."""
    upload = _upload(request, pk)
    draft = reading.read(bytes(upload.content))
    form = PlainForm(request.POST)
    if draft.plain:
        choose_kinds(draft, request.POST)
        if "again" in request.POST:
            return _show(request, upload, draft, PlainForm(initial=request.POST.dict()))
        if not form.is_valid():
            return _show(request, upload, draft, form)
        for name, value in form.cleaned_data.items():
            setattr(draft.rubric, name, value)
    try:
        made = importing.confirm_upload(upload, draft, by=request.user)
    except ValidationError as refusal:
        return _show(request, upload, draft, form, refusal.messages)
    messages.success(request, f"已导入{made}，共{len(draft.lines)}行，现在是草稿；核对无误后再发布。")
    return redirect(made)


def _upload(request, pk):
    require_manager(request)
    return get_object_or_404(RubricUpload.objects.visible_to(request.user), pk=pk)


def _show(request, upload, draft, form, refusals=()):
    context = {"upload": upload, "draft": draft, "form": form, "upload_form": WorkbookForm(), "kinds": KINDS}
    if not draft.problems:
        rubric = draft.as_rubric()
        latest = Rubric.objects.filter(code=rubric.code).aggregate(latest=Max("version"))["latest"] or 0
        rows = {line.criterion.code: line for line in draft.lines}
        context |= {
            "rubric": rubric,
            "version": latest + 1,
            "sections": [] if draft.plain else sections(rubric),
            "unsound": [(problem, rows.get(problem.code)) for problem in draft.unsound],
            "items": sum(not criterion.is_group for criterion in rubric.outline),
        }
    return render(request, "standards/rubric_upload.html", context | {"refusals": refusals})
