"""The presentation: who is on stage, who has handed in, and the totals of those that are closed."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications.states import Status
from branches.views.decorators import say_refusals
from reviews import overview
from reviews.models import Panel, PresentationSession, PresentationSlot
from reviews.services import scoring_desk
from reviews.views.scope import require, row_for


def session(request, pk):
    """The office sees the board; the panel's members the order alone. `part=board` is what the page polls."""
    shown = get_object_or_404(
        PresentationSession.objects.select_related("panel__track", "panel__component").filter(
            panel__in=Panel.objects.visible_to(request.user)
        ),
        pk=pk,
    )
    runs = request.user.has_perm("reviews.run_session")
    rows = overview.board(shown) if runs else [{"slot": s} for s in shown.slots.select_related("application__branch")]
    on_stage = next((row["slot"] for row in rows if row["slot"].is_open), None)
    scorers = overview.still_scoring(on_stage) if runs and on_stage else []
    context = {
        "session": shown,
        "rows": rows,
        "on_stage": on_stage,
        "gone": int((timezone.now() - on_stage.opened_at).total_seconds()) if on_stage else 0,
        "upcoming": next((row["slot"] for row in rows if _may_come(row["slot"])), None),
        "scorers": scorers,
        "waiting": sum(1 for scorer in scorers if not scorer["done"]),
        "runs": runs,
    }
    page = "reviews/_board.html" if request.GET.get("part") == "board" else "reviews/session.html"
    return render(request, page, context)


def _may_come(slot: PresentationSlot) -> bool:
    return slot.opened_at is None and slot.application.status == Status.IN_REVIEW


@require_POST
@say_refusals()
def open_slot(request, pk):
    slot = _slot(request, pk)
    scoring_desk.open_slot(slot, by=request.user)
    messages.success(request, f"{slot.application.branch.short_name}开评。")
    return redirect("reviews:session", pk=slot.session_id)


@require_POST
@say_refusals()
def close_slot(request, pk):
    slot = _slot(request, pk)
    scoring_desk.close_slot(slot, by=request.user)
    messages.success(request, f"{slot.application.branch.short_name}收评。")
    return redirect("reviews:session", pk=slot.session_id)


def _slot(request, pk: int) -> PresentationSlot:
    slot = row_for(request, PresentationSlot.objects.select_related("application__branch", "session"), pk=pk)
    require(request, "reviews.run_session")
    return slot
