"""换届: the branch enters its committee's new term, and the reminders of the old one cease."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render

from branches import ledger
from branches.forms import TermForm
from branches.models import Branch


def term(request, pk):
    branch = get_object_or_404(Branch.objects.visible_to(request.user).grassroots(), pk=pk)
    if not request.user.has_perm("branches.renew_term", branch):
        raise PermissionDenied("只有本支部的书记和经办人可以登记换届。")
    form = TermForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            ledger.renew_term(branch, by=request.user, **form.cleaned_data)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "已登记新一届支部委员会，届满提醒随之结束，上级党委已收到通知。")
            return redirect("home")
    return render(request, "branches/term.html", {"branch": branch, "form": form})
