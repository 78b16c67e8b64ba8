"""催办: who was reminded of what, when, and what came of it; and in which words and on which days it is done."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from branches import outbox
from branches.keys import is_number
from branches.models import Delivery, Notice
from branches.reminding import PLACEHOLDERS
from branches.views.decorators import came_from, say_refusals
from reviews import reminder_preview
from reviews.forms_reminders import ReminderFilter, ReminderPlanForm
from standards.models import Campaign
from standards.reminders import schedule_of
from standards.services import reminders as services
from standards.services.reminders import DUTIES

PER_PAGE = 50


def reminders(request):
    _demand(request)
    form, rows = _asked(request)
    counts = rows.aggregate(
        told=Count("pk"),
        done=Count("pk", filter=Q(settled_at__isnull=False)),
        read=Count("pk", filter=Q(read_at__isnull=False)),
    )
    trouble = Delivery.objects.filter(notice__in=rows.order_by().values("pk")).resendable().count()
    rows = rows.select_related("recipient__unit").prefetch_related("deliveries")
    context = {
        "form": form,
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "counts": counts,
        "trouble": trouble,
        "plans": _plans(request),
        "duties": DUTIES,
    }
    return render(request, "reviews/reminders.html", context)


@require_POST
@say_refusals()
def resend(request):
    """One delivery, or with the filter of the address every one that failed or is in doubt."""
    _demand(request)
    chosen = Delivery.objects.overseen_by(request.user)
    if "all" in request.POST:
        _, rows = _asked(request)
        chosen = chosen.filter(notice__in=rows.order_by().values("pk"))
    else:
        pk = request.POST.get("delivery", "")
        chosen = chosen.filter(pk=pk) if is_number(pk) else chosen.none()
    number = outbox.resend(chosen, by=request.user)
    messages.success(request, f"已重新放入发件箱{number}条，一分钟内发出；静默时段内的等到时段结束。")
    return redirect(came_from(request))


def reminder_plan(request, pk):
    campaign = _campaign(request, pk)
    plan = services.plan_of(campaign)
    form = ReminderPlanForm(request.POST or None, plan=plan, wordings=services.wordings_of(plan))
    shown = {}
    if request.method == "POST" and form.is_valid():
        try:
            if "preview" in request.POST:
                services.check(form.days, form.wordings)
                shown = reminder_preview.previews(campaign, _schedule(plan, form))
            else:
                return _saved(request, campaign, form)
        except ValidationError as refusal:
            for error in refusal.error_list:
                form.add_error(getattr(error, "field", None), error)
    schedule = schedule_of(plan, {})
    context = {
        "campaign": campaign, "plan": plan, "form": form, "placeholders": PLACEHOLDERS,
        "duties": [(duty, label, form[f"title-{duty}"], form[f"body-{duty}"], shown.get(duty)) for duty, label in DUTIES.items()],
        "previewed": bool(shown), "coming": list(reminder_preview.calendar(campaign, schedule)),
    }  # fmt: skip
    return render(request, "reviews/reminder_plan.html", context)


@require_POST
@say_refusals("reviews:reminder_plan", "pk")
def reminder_switch(request, pk):
    campaign = _campaign(request, pk)
    on = request.POST.get("on") == "1"
    services.switch(campaign, on=on, by=request.user)
    said = "已启用催办提醒，从下一个提醒日起照安排发送。" if on else "已停用催办提醒，还没发出的也已取消。"
    messages.success(request, f"{campaign.short_name}：{said}")
    return redirect(came_from(request))


def _saved(request, campaign, form):
    data = form.cleaned_data
    services.save_plan(
        campaign, days=form.days, escalate_after=data["escalate_after"], workdays_only=data["workdays_only"],
        send_at=data["send_at"], wordings=form.wordings, seen=data["version"], by=request.user,
    )  # fmt: skip
    messages.success(request, "催办安排已保存，从下一次提醒起照此办理。")
    return redirect(f"{reverse('reviews:reminder_plan', args=[campaign.pk])}")


def _schedule(plan, form):
    schedule = schedule_of(plan, form.wordings)
    return reminder_preview.with_words(schedule, days=tuple(form.days))


def _asked(request):
    campaigns = list(Campaign.objects.visible_to(request.user).exclude(status=Campaign.Status.DRAFT))
    form = ReminderFilter(request.GET, campaigns=campaigns)
    form.is_valid()
    wanted = dict(form.cleaned_data)
    rows = Notice.objects.overseen_by(request.user)
    rows = rows if wanted.pop("scope", "") == "all" else rows.reminders()
    return form, rows.matching(**wanted)


def _plans(request):
    """Each running campaign with its plan: where to change it, whether it is on."""
    running = Campaign.objects.visible_to(request.user).running().select_related("reminder_plan")
    return [(campaign, getattr(campaign, "reminder_plan", None)) for campaign in running]


def _campaign(request, pk):
    _demand(request)
    return get_object_or_404(Campaign.objects.visible_to(request.user), pk=pk)


def _demand(request) -> None:
    if not request.user.has_perm("standards.manage_campaign"):
        raise PermissionDenied("只有活动管理员可以查看催办与送达情况。")
