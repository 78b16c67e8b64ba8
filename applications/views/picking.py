"""Choosing files of the library inside another form: plain checkboxes named `evidence`, a search, room for new files.

A page puts `picker(branch, request.user, chosen=…)` into its context as `picker` and includes
`applications/_evidence_picker.html` in a form with enctype="multipart/form-data"; its view reads the choice with
`chosen, refusals = take_choice(request, branch)` and, where the form is shown again, hands `chosen` back.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from applications.models import Evidence
from applications.views.receiving import store
from applications.views.scope import messages_of
from branches import keys, uploads
from branches.models import Branch, User, under
from branches.roles import READING_ROLES

MOST = 60


def picker(branch: Branch, user: User, *, chosen: Iterable[int] = (), q: str = "") -> dict[str, Any]:
    """The chosen files first, then the newest others that fit the words; two queries."""
    library = Evidence.objects.filter(branch=branch).visible_to(user)
    marked = library.filter(pk__in=list(chosen))
    others = library.exclude(pk__in=list(chosen))
    found = list(others.matching(q)[: MOST + 1])
    return {
        "branch": branch, "chosen": list(marked), "files": found[:MOST], "more": len(found) > MOST, "q": q,
        "may_upload": user.has_perm("applications.join", branch), "accept": uploads.ACCEPT,
    }  # fmt: skip


def take_choice(request, branch: Branch) -> tuple[list[Evidence], list[str]]:
    """The files ticked, and those sent along, now in the library; in words, what was not taken and why."""
    wanted = set(keys.numbers_in(request.POST.getlist("evidence")))
    chosen = list(Evidence.objects.filter(branch=branch, pk__in=wanted).visible_to(request.user))
    refusals = [] if len(chosen) == len(wanted) else ["所选材料中有的已不在本支部材料库，请重新选择。"]
    for file in request.FILES.getlist("evidence_files"):
        try:
            stored = store(branch, file, by=request.user)
        except ValidationError as error:
            refusals.append(f"{uploads.clean_name(file.name)}：{messages_of(error)}")
        else:
            chosen += [] if stored in chosen else [stored]
    return chosen, refusals


@require_safe
def evidence_pick(request, pk):
    """The list anew for other words; what is ticked stays ticked."""
    read = under(request.user.scopes(*READING_ROLES), "path")
    branch = get_object_or_404(Branch.objects.visible_to(request.user).filter(read), pk=pk)
    chosen = keys.numbers_in(request.GET.getlist("evidence"))
    found = picker(branch, request.user, chosen=chosen, q=keys.text_in(request.GET, "q", 60))
    return render(request, "applications/_evidence_picker_list.html", {"picker": found})
