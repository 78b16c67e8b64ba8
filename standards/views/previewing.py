"""A rubric as those who work from it will meet it: the secretary, the assessor, the printed sheet.

The inputs are the very ones of those pages (`standards/_answer.html`); nothing typed here is sent anywhere.
"""

from django.shortcuts import render

from standards import answers, printing
from standards.models import Criterion, Rubric
from standards.views.outline import edited
from standards.views.rubrics import below

VIEWS = {"secretary": "书记自评时", "assessor": "评委打分时", "paper": "打印出来"}


def rubric_preview(request, pk):
    rubric = edited(request, pk)
    chosen = request.GET.get("as", "")
    chosen = chosen if chosen in VIEWS else "secretary"
    context = {"rubric": rubric, "chosen": chosen, "views": VIEWS}
    if chosen == "paper":
        context["paper"] = printing.sheet_of(printing.content_of(rubric, None, {}), empty=True)
    else:
        context["sections"] = _sections(rubric)
    return render(request, "standards/preview.html", context)


def _sections(rubric: Rubric) -> list[dict]:
    """Each dimension with what is answered below it, under the subheadings of the groups in between."""
    return [{"top": top, "rows": [_row(row) for row in below(top)] or [_row(top)]} for top in rubric.dimensions]


def _row(criterion: Criterion) -> dict:
    return {"criterion": criterion, "entry": None if criterion.is_group else answers.entry(criterion, None)}
