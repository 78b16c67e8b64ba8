"""What is done to the outline of a draft: adding, deleting with a way back, moving, duplicating.

For the script every act answers with what changed on the page; without it with a message and the page itself.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from branches.views.decorators import say_refusals, wants_fragment
from standards.forms.editing import HeadForm
from standards.models import Criterion, Rubric
from standards.services import outlining
from standards.views.editing import head_initial, page
from standards.views.outline import criterion_in, edited, fresh

SALT = "standards.deleted"
# A page that has stood open for a day shows an outline of yesterday.
UNDO_WITHIN = 24 * 3600


class PlaceForm(forms.Form):
    """Where to: below `parent` at `position`, or one step in a direction."""

    to = forms.CharField(required=False, max_length=4)
    parent = forms.IntegerField(required=False, min_value=1)
    after = forms.IntegerField(required=False, min_value=1)
    position = forms.IntegerField(required=False, min_value=0, max_value=9999)
    revision = forms.IntegerField(required=False, min_value=0)


def _place(request: HttpRequest) -> dict[str, Any]:
    form = PlaceForm(request.POST)
    if not form.is_valid():
        raise ValidationError("页面送来的位置不完整，请刷新页面后再试。", code="bad_place")
    return form.cleaned_data


def _sibling(rubric: Rubric, pk: int | None) -> Criterion | None:
    if pk is None:
        return None
    found = Criterion.objects.filter(rubric=rubric, pk=pk).first()
    if found is None:
        raise ValidationError("那一项刚被他人删除；请刷新页面查看最新的大纲。", code="gone")
    return found


@require_POST
@say_refusals("standards:rubric_edit", "pk")
def criterion_add(request, pk):
    rubric = edited(request, pk)
    place = _place(request)
    parent, after = _sibling(rubric, place["parent"]), _sibling(rubric, place["after"])
    made = outlining.add_criterion(rubric, parent=parent, after=after, by=request.user)
    if wants_fragment(request):
        return _answer(rubric, made, f"已新增“{made}”。", html=True)
    return redirect("standards:criterion_edit", pk, made.pk)


@require_POST
@say_refusals("standards:rubric_edit", "pk")
def criterion_duplicate(request, pk, criterion_pk):
    rubric = edited(request, pk)
    made = outlining.duplicate_criterion(criterion_in(rubric, criterion_pk), by=request.user)
    return _answer_or_page(request, rubric, made, f"已复制为“{made}”。", html=True)


@require_POST
@say_refusals("standards:rubric_edit", "pk")
def criterion_move(request, pk, criterion_pk):
    """By direction (buttons and keys) or to a place (dragging, which also says which outline it saw)."""
    rubric = edited(request, pk)
    criterion, place = criterion_in(rubric, criterion_pk), _place(request)
    if place["to"]:
        moved = outlining.shift_criterion(criterion, to=place["to"], by=request.user)
    elif place["position"] is None:
        raise ValidationError("没有说明移到哪里，请刷新页面后再试。", code="bad_place")
    else:
        parent = _sibling(rubric, place["parent"])
        moved = outlining.move_criterion(
            criterion, parent=parent, position=place["position"], revision=place["revision"], by=request.user
        )
    return _answer_or_page(request, rubric, moved, "")


@require_POST
@say_refusals("standards:rubric_edit", "pk")
def criterion_delete(request, pk, criterion_pk):
    """Answers with a signed parcel of what was deleted: the way back, for this page alone."""
    rubric = edited(request, pk)
    criterion = criterion_in(rubric, criterion_pk)
    kept = outlining.delete_criterion(criterion, revision=_place(request)["revision"], by=request.user)
    undo = signing.dumps({"rubric": rubric.pk, **kept}, salt=SALT, compress=True)
    below = len(kept["rows"]) - 1
    text = f"已删除“{criterion}”" + (f"和下面的{below}项。" if below else "。")
    if wants_fragment(request):
        return JsonResponse({**fresh(rubric).state(), "undo": undo, "message": text})
    rubric = Rubric.objects.get(pk=rubric.pk)
    return page(request, rubric, HeadForm(initial=head_initial(rubric)), undo=undo, deleted=text)


@require_POST
@say_refusals("standards:rubric_edit", "pk")
def criterion_restore(request, pk):
    rubric = edited(request, pk)
    try:
        kept = signing.loads(request.POST.get("undo", ""), salt=SALT, max_age=UNDO_WITHIN)
    except signing.BadSignature:
        raise ValidationError("撤销已过期，请重新添加这一项。", code="undo_expired") from None
    if kept["rubric"] != rubric.pk:
        raise Http404
    made = outlining.restore_criterion(rubric, kept, by=request.user)
    return _answer_or_page(request, rubric, made, f"已恢复“{made}”。", html=True)


def _answer_or_page(request: HttpRequest, rubric: Rubric, criterion: Criterion, text: str, *, html: bool = False):
    if wants_fragment(request):
        return _answer(rubric, criterion, text, html=html)
    messages.success(request, text or f"“{criterion}”已移动。")
    return redirect(f"{reverse('standards:rubric_edit', args=[rubric.pk])}#n{criterion.pk}")


def _answer(rubric: Rubric, criterion: Criterion, text: str, *, html: bool = False) -> HttpResponse:
    """Where the criterion stands now (and, where it is new, its row), with the sums of the whole outline."""
    outline = fresh(rubric)
    node = outline.node_of(criterion.pk)
    parent = node.criterion.parent
    siblings = parent.parts if parent else outline.rubric.dimensions
    place = siblings.index(node.criterion)
    where = f"在“{parent}”下" if parent else "在最上一级"
    answer = {
        **outline.state(),
        "pk": criterion.pk,
        "parent": parent.pk if parent else None,
        "parent_row": outline.row(parent.pk) if parent else "",
        "position": place,
        "message": text or f"“{criterion}”现在{where}第{place + 1}项，共{len(siblings)}项。",
    }
    if html:
        answer["html"] = outline.html(criterion.pk)
    return JsonResponse(answer)
