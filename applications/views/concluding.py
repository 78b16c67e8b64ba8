"""Concluding a check: return with remarks, accept, and the record of the inspection on paper (S1-50, S1-51)."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from applications.desk import Desk, numbered
from applications.forms_committee import AcceptForm, ReturnForm
from applications.models import Application, CheckDecision
from applications.services import checking
from applications.views.checking import Queue, show_desk
from applications.views.scope import application_for
from standards import scoring


@require_POST
def return_(request, pk):
    application = application_for(request, pk, "applications.check")
    form = ReturnForm(request.POST, application=application, prefix="return")
    done = "已退回修改（第{n}次），支部会收到通知和逐项意见。"
    return _decide(request, application, form, checking.return_application, done)


@require_POST
def accept(request, pk):
    application = application_for(request, pk, "applications.check")
    form = AcceptForm(request.POST, application=application, prefix="accept")
    return _decide(request, application, form, checking.accept_application, "核查通过，支部会收到通知。")


def _decide(request, application, form, service, done):
    """Conclude and go on in the list, or show the desk again with what was typed and why it was refused."""
    queue = Queue(request, application)
    if form.is_valid():
        facts = {key: value for key, value in form.cleaned_data.items() if key != "submission"}
        try:
            service(application, **facts, by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{application.branch.short_name}：{done.format(n=application.returns)}")
            return redirect(_onwards(request, queue, application))
    # Read afresh: the refused service had already taken the step in memory.
    application = get_object_or_404(Application.objects.for_work(), pk=application.pk)
    return show_desk(request, application, forms={f"{form.prefix}_form": form}, status=422)


def _onwards(request, queue, application):
    """The next one where that was asked for; at the end of the list, or without asking, the list itself."""
    if request.POST.get("then") == "next":
        if queue.next:
            return queue.address("applications:check", queue.next["pk"])
        messages.info(request, "这是待核查列表里的最后一个。")
    return queue.address("applications:check_list", track=application.track_id)


def check_record(request, pk):
    """The record of the inspection, to be printed and signed: members, date, every score, the conclusion (S1-50)."""
    application = application_for(request, pk, "applications.view_check")
    desk = Desk(application)
    accepted = CheckDecision.Outcome.ACCEPTED
    context = {
        "application": application,
        "dimensions": desk.dimensions,
        "decision": next((each for each in desk.decisions if each.outcome == accepted), None),
        "decisions": numbered(desk.decisions),
        "line": scoring.plain(application.track.check_line),
        "self_total": scoring.plain(desk.self_score.total),
        **desk.totals(),
    }
    return render(request, "applications/check_record.html", context)
