"""The standards editor: the outline on one page, its head, and one criterion at a time, with and without JavaScript."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from branches.models import Branch
from branches.views.decorators import say_refusals, wants_fragment
from standards.forms.editing import METHODS, VERIFY, CriterionForm, HeadForm, PointsForm
from standards.models import Criterion, Rubric
from standards.services import editing
from standards.views import conflicts
from standards.views.outline import Outline, criterion_in, edited, fresh

# Without the script a criterion's page has room for some more rules.
BLANK_ROWS = 3


def rubric_edit(request, pk):
    """The whole rubric as an outline; a published one is shown as it is, with the way to a draft of it."""
    rubric = edited(request, pk)
    return page(request, rubric, HeadForm(initial=head_initial(rubric)))


def page(request, rubric: Rubric, form: HeadForm, **more) -> HttpResponse:
    outline = Outline(rubric)
    context = {
        "rubric": rubric, "nodes": outline.nodes, "bar": outline.bar, "form": form, "mark": editing.head_mark(rubric),
        "methods": METHODS, "verifications": VERIFY, "draft": rubric.is_draft, **more,
    }  # fmt: skip
    return render(request, "standards/editor.html", context)


def head_initial(rubric: Rubric) -> dict:
    return {name: getattr(rubric, name) for name in editing.HEAD}


@require_POST
@say_refusals("standards:rubric_edit", "pk")
def rubric_head(request, pk):
    rubric = edited(request, pk)
    editing.refuse_frozen(rubric)
    data = conflicts.chosen(request.POST, conflicts.head_data(rubric))
    form = HeadForm(data)
    if not form.is_valid():
        return _wrong(form.errors) if wants_fragment(request) else page(request, rubric, form)
    try:
        saved = editing.save_rubric(rubric, fields=form.cleaned_data, mark=data.get("mark", ""), by=request.user)
    except ValidationError as refusal:
        if refusal.code != "stale":
            raise
        return conflicts.show_head(request, Rubric.objects.get(pk=pk), form)
    if wants_fragment(request):
        return JsonResponse({**fresh(rubric).state(), "version": editing.head_mark(saved)})
    messages.success(request, "标准的基本信息已保存。")
    return redirect("standards:rubric_edit", pk)


@say_refusals("standards:rubric_edit", "pk")
def criterion_edit(request, pk, criterion_pk):
    """One criterion: its form opened inside the outline, or a page of its own without the script."""
    rubric = edited(request, pk)
    criterion = criterion_in(rubric, criterion_pk)
    editing.refuse_frozen(rubric)
    if request.method == "POST":
        return _save(request, rubric, criterion)
    blank = 0 if wants_fragment(request) else BLANK_ROWS
    form = CriterionForm.of(criterion, known_lines=_lines(criterion), blank=blank, auto_id=f"c{criterion.pk}-%s")
    return _criterion_page(request, rubric, criterion, form)


def _criterion_page(request, rubric: Rubric, criterion: Criterion, form: CriterionForm) -> HttpResponse:
    template = "standards/_criterion_form.html" if wants_fragment(request) else "standards/criterion_edit.html"
    criterion.level = _level(criterion)
    context = {
        "rubric": rubric, "criterion": criterion, "form": form, "methods": METHODS, "verifications": VERIFY,
        "script": wants_fragment(request),
    }  # fmt: skip
    return render(request, template, context)


def _save(request, rubric: Rubric, criterion: Criterion) -> HttpResponse:
    lines = _lines(criterion)
    data = conflicts.chosen(request.POST, conflicts.criterion_data(criterion))
    form = CriterionForm(data, known_lines=lines, auto_id=f"c{criterion.pk}-%s")
    if form.is_valid():
        try:
            saved = editing.save_criterion(
                criterion, fields=form.fields_given, rules=form.rules_given,
                version=form.cleaned_data["version"] or 0, by=request.user,
            )  # fmt: skip
        except ValidationError as refusal:
            if hasattr(refusal, "error_dict"):
                form.add_error(None, refusal)
            elif refusal.code != "stale" or (saved := conflicts.same(criterion, form)) is None:
                return conflicts.show(request, rubric, criterion, form, refusal)
    if form.errors:
        return (
            _wrong(form.all_errors()) if wants_fragment(request) else _criterion_page(request, rubric, criterion, form)
        )
    return _saved(request, rubric, saved, form)


def _saved(request, rubric: Rubric, saved: Criterion, form: CriterionForm) -> HttpResponse:
    if not wants_fragment(request):
        messages.success(request, f"“{saved}”已保存。")
        return redirect(f"{reverse('standards:rubric_edit', args=[rubric.pk])}#n{saved.pk}")
    outline = fresh(rubric)
    found = next((criterion for criterion in outline.rubric.outline if criterion.pk == saved.pk), None)
    if found is None:
        return HttpResponse(
            f"“{saved}”刚被他人删除；请刷新页面查看。", status=422, content_type="text/plain; charset=utf-8"
        )
    rules = {}
    # Somebody may have saved once more in between: then the next save from here meets a conflict and learns the rules.
    if found.version == saved.version:
        written = [row.prefix for row in form.rules if not row.blank]
        rules = dict(zip(written, (rule.pk for rule in found.rules.all()), strict=True))
    return JsonResponse(
        {**outline.state(), "version": saved.version, "row": outline.row(saved.pk), "rules": rules, "name": str(saved)}
    )


def _wrong(errors) -> JsonResponse:
    """What could not be saved, field by field, for the script."""
    found = {name: list(texts) for name, texts in errors.items()}
    return JsonResponse({"errors": found, "message": "有内容不能保存，请看标红处。"}, status=400)


def _lines(criterion: Criterion) -> list[str]:
    """Every 警种 a branch has, and those already named here."""
    named = Branch.objects.exclude(line="").order_by("line").values_list("line", flat=True).distinct()
    return list(dict.fromkeys([*named, *criterion.lines]))


def _level(criterion: Criterion) -> int:
    return 1 if criterion.parent is None else _level(criterion.parent) + 1


@say_refusals("standards:rubric_edit", "pk")
def points_move(request, pk):
    """Points from one criterion to another: a small form of its own, opened over the outline by the script."""
    rubric = edited(request, pk)
    editing.refuse_frozen(rubric)
    form = PointsForm(request.POST or None, rubric=rubric, initial={"giver": request.GET.get("from", "")})
    if request.method == "POST" and form.is_valid():
        giver, taker = form.criteria
        points = form.cleaned_data["points"]
        try:
            editing.move_points(rubric, giver=giver, taker=taker, points=points, by=request.user)
        except ValidationError as refusal:
            if refusal.code in ("not_draft", "gone"):
                raise
            form.add_error("taker" if refusal.code == "same" else "points", refusal)
        else:
            messages.success(request, f"已从“{giver}”移{form['points'].value()}分给“{taker}”。")
            return redirect("standards:rubric_edit", pk)
    return render(request, "standards/points_move.html", {"rubric": rubric, "form": form})
