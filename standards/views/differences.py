"""Two versions of a rubric side by side, on the screen and as a workbook."""

from collections import Counter

from django.shortcuts import get_object_or_404, render

from standards import differences, differences_sheet
from standards.forms.versions import DiffFilter
from standards.models import Rubric
from standards.views import downloads

EVERYTHING = "all"


def rubric_diff(request, pk):
    """What differs; `show` narrows it to one kind of change, or shows what is the same as well."""
    found = get_object_or_404(Rubric.objects.visible_to(request.user), pk=pk)
    others = list(Rubric.objects.visible_to(request.user).exclude(pk=pk).order_by("code", "-version"))
    other = _other(found, others, request.GET.get("to", ""))
    old, new = _in_order(found, other) if other else (found, found)
    changes = differences.compare(old.outline, new.outline) if other else []
    counts = Counter(kind for change in changes for kind in change.kinds)
    shows = [(kind, f"{label}（{counts[kind]}）") for kind, label in differences.KINDS.items()]
    shows.append((EVERYTHING, "全文对照"))
    show = request.GET.get("show", "")
    form = DiffFilter(initial={"to": other and other.pk, "show": show}, others=others, shows=shows)
    context = {
        "rubric": found, "other": other, "old": old, "new": new, "form": form, "show": show,
        "whole": differences.rubric_fields(old, new), "changed": sum(bool(each.kinds) for each in changes),
        "changes": [each for each in changes if _shown(each, show)],
        "counts": [(differences.KINDS[kind], kind, counts[kind]) for kind in differences.KINDS if counts[kind]],
    }  # fmt: skip
    return render(request, "standards/rubric_diff.html", context)


def rubric_diff_xlsx(request, pk):
    """The same as a workbook."""
    found = get_object_or_404(Rubric.objects.visible_to(request.user), pk=pk)
    to = request.GET.get("to", "")
    visible = Rubric.objects.visible_to(request.user).exclude(pk=pk)
    other = get_object_or_404(visible, pk=int(to) if to.isdecimal() and len(to) < 10 else 0)
    old, new = _in_order(found, other)
    file = differences_sheet.workbook(old, new, differences.compare(old.outline, new.outline))
    name = f"{old.code}第{old.version}版与{new.code}第{new.version}版对照.xlsx"
    return downloads.workbook(file.getvalue(), name)


def _other(found: Rubric, others: list[Rubric], to: str) -> Rubric | None:
    """The version asked for, else what the rubric is based on, else the nearest of the same code."""
    if to:
        return next((each for each in others if str(each.pk) == to), None)
    if basis := next((each for each in others if each.pk == found.based_on_id), None):
        return basis
    same = [each for each in others if each.code == found.code]
    return min(same, key=lambda each: abs(each.version - found.version), default=None)


def _in_order(one: Rubric, other: Rubric) -> tuple[Rubric, Rubric]:
    """The older first; of two codes, what the other is based on, else the first one asked for."""
    if one.code == other.code:
        return (one, other) if one.version < other.version else (other, one)
    return (other, one) if one.based_on_id == other.pk else (one, other)


def _shown(change: differences.Change, show: str) -> bool:
    if show == EVERYTHING:
        return True
    return show in change.kinds if show in differences.KINDS else bool(change.kinds)
