"""The city office forms panels, hands out the work and sends them out."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from applications.models import Application
from applications.states import Status
from branches.keys import is_number
from branches.models import User
from branches.views.decorators import say_refusals
from reviews import overview
from reviews.forms import DrawForm, PanelForm, VisitForm
from reviews.models import Assignment, Conflict, Panel
from reviews.services import panels as panel_services
from reviews.services import scoring_desk
from reviews.views.scope import require, row_for
from standards.models import ScoreComponent


def panels(request):
    require(request, "reviews.manage")
    rows = (
        Panel.objects.with_progress()
        .select_related("track__campaign", "component", "session")
        .annotate(size=Count("members"))
        .order_by("-track__campaign__status", "track__campaign", "track__order", "track", "pk")
    )
    page = Paginator(rows, 50).get_page(request.GET.get("page"))
    return render(request, "reviews/panels.html", {"page_obj": page})


def panel_new(request):
    require(request, "reviews.manage")
    form = PanelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            formed = panel_services.form_panel(
                data["component"].track, data["component"], kind=data["kind"], name=data["name"],
                members=data["members"], leader=data["leader"], by=request.user,
            )  # fmt: skip
            found = panel_services.find_conflicts(formed, by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{formed.name}已组建，按组织关系推定回避{found}项。")
            return redirect("reviews:panel", pk=formed.pk)
    return render(request, "reviews/panel_new.html", {"form": form})


def panel(request, pk):
    """Members, conflicts, and the matrix of who scores whom."""
    rows = Panel.objects.with_progress().select_related("track__campaign", "component", "session")
    shown = row_for(request, rows, "reviews.manage", pk=pk)
    members = list(shown.members.select_related("user__unit"))
    page = Paginator(overview.candidates_on(shown), 30).get_page(request.GET.get("page"))
    page.object_list = overview.matrix(shown, [member.user for member in members], page.object_list)
    conflicts = Conflict.objects.filter(
        user__in=[member.user_id for member in members], application__track=shown.track_id
    ).select_related("user", "application__branch")
    stages = shown.component.source == ScoreComponent.Source.PRESENTATION
    context = {
        "panel": shown,
        "members": members,
        "page_obj": page,
        "conflicts": conflicts.order_by("user", "application__branch__path")[:200],
        "visits": []
        if stages
        else shown.visits.values("kind", "visited_on").annotate(n=Count("pk")).order_by("visited_on"),
        "draw_form": DrawForm() if stages else None,
        "session": getattr(shown, "session", None),
    }
    return render(request, "reviews/panel.html", context)


@require_POST
@say_refusals("reviews:panel", "pk")
def assign(request, pk):
    """`all`: everyone to everything; else the marked cells, each posted as pair=application:user."""
    given = row_for(request, Panel.objects.select_related("track", "component"), "reviews.manage", pk=pk)
    pairs = None if request.POST.get("all") else _pairs(request.POST.getlist("pair"))
    if pairs == []:
        messages.warning(request, "没有勾选任何分工。")
        return redirect("reviews:panel", pk=pk)
    number = panel_services.assign(given, by=request.user, pairs=pairs)
    messages.success(request, f"新增分工{number}项，存在回避关系的已自动排除。")
    return redirect("reviews:panel", pk=pk)


def _pairs(values: list[str]) -> list[tuple[User, Application]]:
    found = [value.partition(":") for value in values]
    pairs = [(int(left), int(right)) for left, _, right in found if is_number(left) and is_number(right)]
    users = User.objects.in_bulk({user for _, user in pairs})
    applications = Application.objects.in_bulk({application for application, _ in pairs})
    return [(users[u], applications[a]) for a, u in pairs if u in users and a in applications]


@require_POST
@say_refusals()
def unassign(request, pk):
    assignment = row_for(request, Assignment.objects.select_related("panel", "application__branch", "user"), pk=pk)
    require(request, "reviews.manage")
    panel_services.unassign(assignment, by=request.user)
    messages.success(request, f"已取消{assignment.user}对{assignment.application.branch.short_name}的分工。")
    return redirect("reviews:panel", pk=assignment.panel_id)


def visit_new(request, pk):
    given = row_for(request, Panel.objects.select_related("track", "component"), "reviews.manage", pk=pk)
    waiting = Application.objects.filter(
        pk__in=given.assignments.values("application"), status=Status.IN_REVIEW
    ).select_related("branch", "track")
    form = VisitForm(request.POST or None, applications=waiting.order_by("branch__path"))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            visits = scoring_desk.schedule_visits(
                given, form.chosen, kind=data["kind"], visited_on=data["visited_on"], note=data["note"], by=request.user
            )
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"已安排{len(visits)}次考评。")
            return redirect("reviews:panel", pk=pk)
    return render(request, "reviews/visit_new.html", {"panel": given, "form": form})


@require_POST
@say_refusals("reviews:panel", "pk")
def draw(request, pk):
    given = row_for(request, Panel.objects.select_related("track", "component"), "reviews.manage", pk=pk)
    form = DrawForm(request.POST)
    if not form.is_valid():
        raise ValidationError([text for texts in form.errors.values() for text in texts])
    session = scoring_desk.draw_order(given, **form.cleaned_data, by=request.user)
    messages.success(request, f"抽签完成，共{session.slots.count()}个支部，种子 {session.draw_seed} 已留存。")
    return redirect("reviews:session", pk=session.pk)
