"""Out of the house: read through as printed, what changed since last time, submit in person, the receipt."""

import json

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from applications import changes, completeness, pdf, snapshots
from applications.models import Application, CheckDecision, Snapshot
from applications.services import gate, submitting
from applications.states import TABLE, Status
from applications.views.printing import order_pdf
from applications.views.scope import application_for, key_in, require
from branches import typesetting
from branches.views.decorators import say_refusals

UNREAD = "请先逐页核对，勾选“本人已逐页核对”后再提交。"


def preview(request, pk, errors=(), status=200):
    """What will be submitted, part by part as it is printed; once submitted, what was."""
    application, user = application_for(request, pk), request.user
    # The latest submission: after a return it is what the draft is compared with.
    latest = application.snapshots.select_related("created_by").first() if application.submissions else None
    frozen = None if application.is_draft else latest
    content = frozen.content if frozen else snapshots.content_of(application)
    gaps = completeness.gaps(application) if application.is_draft else []
    context = {
        "application": application,
        "paper": pdf.values_of(content) if frozen else pdf.values_of(content, blank=pdf.UNFILLED),
        "files": dict(application.citations.values_list("evidence__sha256", "evidence")),
        "hash": frozen.hash if frozen else snapshots.digest(content),
        "snapshot": frozen,
        "gaps": [(gap.text, gap.url(application)) for gap in gaps],
        "errors": errors,
        "unprintable": sorted(typesetting.missing_glyphs(json.dumps(content, ensure_ascii=False))),
        "mine": user.has_perm("applications.edit", application),
        "may_submit": gate.may("submit", application, user),
        "secretary": user.has_perm("applications.submit", application),
        "closed": gate.why_not_now(TABLE["submit"], application) if application.is_draft else "",
    }
    if application.is_draft:
        context |= _since(application, latest, content) if latest else {}
        context["asked"] = submitting.secretary_asked_at(application) if context["mine"] and not gaps else None
    return render(request, "applications/preview.html", context, status=status)


def _since(application: Application, latest: Snapshot, content: dict) -> dict:
    """What changed since the last submission, and which remarks of the return met no change."""
    found = changes.compare(latest.content, content)
    returned = completeness.open_return(application)
    judged = _judged(application, returned, latest) if returned else latest
    against = found if judged is latest else changes.compare(judged.content, content)
    touched = {change.code for change in against}
    return {
        "open_return": returned,
        "since": latest,
        "changes": changes.by_section(found),
        "counted": changes.counted(found),
        "unanswered": [item for item in returned.items if item.get("code") not in touched] if returned else [],
    }


def _judged(application: Application, returned: CheckDecision, latest: Snapshot) -> Snapshot:
    """The submission a return speaks of: mostly the last one, an earlier one where it was withdrawn since."""
    if returned.submission in (0, latest.number):
        return latest
    return application.snapshots.filter(number=returned.submission).first() or latest


@require_POST
def submit(request, pk):
    """The secretary in person, after reading through; anything missing is listed and nothing is sent."""
    application = application_for(request, pk, "applications.submit")
    if done := _already(request, application):
        return done
    if request.POST.get("read") != "yes":
        return preview(request, pk, errors=[UNREAD], status=422)
    try:
        snapshot = submitting.submit_application(
            application, by=request.user, seen=request.POST.get("hash", ""),
            even_unchanged=request.POST.get("unchanged") == "yes",
        )  # fmt: skip
    except ValidationError as error:
        if done := _already(request, Application.objects.get(pk=pk)):
            return done
        return preview(request, pk, errors=error.messages, status=409 if _lost(error) else 422)
    order_pdf(snapshot, by=request.user)
    return redirect("applications:receipt", pk=pk)


def _already(request, application: Application):
    """A second press, another tab or an old page: the one receipt there is; None where no submission stands."""
    if application.status in (Status.PREPARING, Status.WITHDRAWN, Status.VETOED):
        return None
    messages.info(request, "这份申报已经提交过了，没有重复提交；下面是那一次的回执。")
    return redirect("applications:receipt", pk=application.pk)


def _lost(error: ValidationError) -> bool:
    return getattr(error, "code", "") in ("conflict", "changed")


@require_POST
@say_refusals("applications:preview", "pk")
def ask_secretary(request, pk):
    """The clerk is done and tells the secretary so; once a day is enough."""
    application = application_for(request, pk, "applications.edit")
    if submitting.ask_secretary(application, by=request.user):
        messages.success(request, "已通知书记：申报材料已备齐，请本人核对提交。")
    else:
        messages.info(request, "今天已经通知过书记了，不再重复发送。")
    return redirect("applications:preview", pk=pk)


def receipt(request, pk):
    application = application_for(request, pk)
    snapshots_ = application.snapshots.defer("content").select_related("created_by", "withdrawn_by")
    snapshot = snapshots_.first()
    if snapshot is None:
        return redirect("applications:detail", pk=pk)
    context = {
        "application": application,
        "snapshot": snapshot,
        "label": application.status_label_for(request.user),
        "may_withdraw": gate.may("withdraw", application, request.user),
        "may_reopen": gate.may("reopen", application, request.user),
        "mine": request.user.has_perm("applications.edit", application),
    }
    return render(request, "applications/receipt.html", context)


def changes_between(request, pk):
    """Any two submissions side by side, for the branch and those above it; by default the last two."""
    application = application_for(request, pk)
    require(request, "applications.view_history", application)
    made = list(application.snapshots.defer("content").select_related("created_by"))
    if not made:
        return redirect("applications:detail", pk=pk)
    newest = made[0].number
    later = key_in(request.GET, "to") or newest
    earlier = key_in(request.GET, "from") or max(later - 1, 1)
    pair = {each.number: each for each in application.snapshots.filter(number__in=[earlier, later])}
    if not {earlier, later} <= pair.keys():
        raise Http404
    found = changes.compare(pair[earlier].content, pair[later].content)
    context = {
        "application": application, "made": made, "earlier": pair[earlier], "later": pair[later],
        "changes": changes.by_section(found), "counted": changes.counted(found),
    }  # fmt: skip
    return render(request, "applications/changes.html", context)
