"""Filling in the 申报表: drafts, what is known already, and two people at the same form."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import prefetch_related_objects
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from applications import prefill
from applications.forms import ApplicationForm
from applications.models import Application
from applications.services import submitting
from applications.services.preparing import checking_committee
from applications.views.scope import application_for, require, wants_json

TAKE, APPEND, REST = "take", "append", "fill_blanks"


def form(request, pk):
    """The fields the track asks for; a draft takes anything. Our script saves here too, field by field, and gets JSON."""
    application = application_for(request, pk, tasks=False)
    if not (request.user.has_perm("applications.edit", application) and application.is_draft):
        if request.method == "POST":
            require(request, "applications.edit", application)
        else:
            return redirect("applications:preview", pk=pk)
    prefetch_related_objects([application], "track__form_fields")  # asked for by the form, its fields and the offers
    if request.method == "POST" and wants_json(request):
        return _saved_by_script(request, application)
    offers = prefill.offers(application)
    data, taken = _with_taken(request.POST, offers) if request.method == "POST" else (None, "")
    bound = ApplicationForm(data, application=application, offers=offers)
    errors = []
    if request.method == "POST" and bound.is_valid():
        try:
            submitting.save_form(application, bound.values, seen=bound.marks, by=request.user)
        except ValidationError as error:
            errors = error.messages
            if error.code == "stale":
                bound.keep_theirs_in_sight(error.params["keys"], application.form_data)
        else:
            return _saved(request, pk, taken)
    context = {
        "application": application, "form": bound, "rows": bound.rows, "errors": errors,
        "committee": checking_committee(application.branch), "members": application.branch.members.all(),
        "records": application.task_records.select_related("task"), "measures": application.plan_items.count(),
    }  # fmt: skip
    return render(request, "applications/form.html", context)


def _saved_by_script(request, application: Application):
    """One field, saved while somebody types; a lost race is answered with what stands now."""
    bound = ApplicationForm(request.POST, application=application)
    if not bound.is_valid():
        text = "".join(message for found in bound.errors.values() for message in found)
        return JsonResponse({"code": "invalid", "message": f"没有保存：{text}"}, status=400)
    values = bound.values
    key = next(iter(values), "")
    try:
        submitting.save_form(application, values, seen=bound.marks, by=request.user)
    except ValidationError as error:
        answer = {"code": error.code, "message": "".join(error.messages)}
        if error.code == "stale":
            key = error.params["keys"][0]
            stored = application.form_data.get(key, "")
            fields = {f"f-{key}": stored}
            answer["theirs"] = {"version": submitting.mark_of(stored), "fields": fields, "by": "另一页面或他人"}
        return JsonResponse(answer, status=409)
    version = submitting.mark_of(application.form_data.get(key, ""))
    return JsonResponse({"version": version, "at": f"{timezone.localtime():%H:%M:%S}"})


def _with_taken(data, offers: dict[str, list[prefill.Offer]]):
    """The fields as typed, with what the pressed button brings in, and the key of the field it was pressed for.

    The page shows the offer beside what was typed, so whoever presses has seen both.
    """
    for action in (TAKE, APPEND):
        key, _, origin = data.get(action, "").partition(":")
        offer = next((each for each in offers.get(key, []) if each.origin == origin), None)
        if offer:
            typed = data.get(f"f-{key}", "").strip() if action == APPEND else ""
            data = data.copy()
            data[f"f-{key}"] = f"{typed}\n{offer.text}" if typed else offer.text
            return data, key
    if REST in data:
        data = data.copy()
        for key, found in offers.items():
            if not data.get(f"f-{key}", "").strip():
                data[f"f-{key}"] = found[0].text
        return data, next(iter(offers), "")  # nothing that was typed is touched
    return data, ""


def _saved(request, pk: int, taken: str):
    if taken:
        messages.success(request, "已带入并保存，请核对。")
        return redirect(f"{reverse('applications:form', args=[pk])}#field-{taken}")
    messages.success(request, "申报表已保存。")
    return redirect("applications:preview" if "preview" in request.POST else "applications:form", pk=pk)
