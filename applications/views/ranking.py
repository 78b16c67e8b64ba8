"""The ranked recommendation of a committee: the list, its order, the head's confirmation."""

from types import MappingProxyType

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from applications import overview
from applications.models import Application, RecommendationList
from applications.services import recommending
from applications.views.scope import messages_of, require, wants_json
from branches import keys
from branches.models import Branch, under
from branches.roles import COMMITTEE_ROLES, Role
from branches.views.decorators import say_refusals
from standards import deadlines
from standards.models import Campaign, Stage, Track

RANKERS = (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)


def rankings(request):
    """Which list: every ranked track × every recommending committee in scope."""
    require(request, "applications.rankings", None)
    tracks = [track for track in overview.tracks_of(request.user) if track.ranked]
    track = overview.pick(tracks, request.GET.get("track"))
    committees = list(Branch.objects.recommending().filter(under(request.user.scopes(*RANKERS))))
    lists = (
        RecommendationList.objects.filter(track=track).annotate(number=Count("places")).select_related("confirmed_by")
    )
    found = {each.committee_id: each for each in lists}
    context = {
        "tracks": tracks,
        "track": track,
        "rows": [(committee, found.get(committee.pk)) for committee in committees] if track else [],
        "due": deadlines.deadline_for(track.stage(Stage.Kind.RECOMMEND)) if track else None,
    }
    return render(request, "applications/rankings.html", context)


def _list(request, track_pk: int, committee_pk: int) -> RecommendationList:
    """The list of the two, saved or not yet begun; out of scope is 404."""
    tracks = Track.objects.filter(
        campaign__in=Campaign.objects.visible_to(request.user), recommend_max__isnull=False
    ).exclude(campaign__status=Campaign.Status.DRAFT)
    track = get_object_or_404(
        tracks.select_related("campaign", "rubric").prefetch_related("stages__tasks", "stages__extensions"), pk=track_pk
    )
    committee = get_object_or_404(
        Branch.objects.recommending().filter(under(request.user.scopes(*RANKERS))), pk=committee_pk
    )
    lists = RecommendationList.objects.select_related("confirmed_by", "saved_by")
    saved = lists.filter(track=track, committee=committee).first()
    ranking = saved or RecommendationList(track=track, committee=committee)
    ranking.track, ranking.committee = track, committee
    return ranking


def ranking(request, track_pk, committee_pk):
    """Candidates on the left, the ranked list on the right; the locked list once confirmed."""
    return _page(request, _list(request, track_pk, committee_pk))


def _page(request, ranking, *, chosen=None, reasons=None, errors=(), theirs=False, status=200):
    """`chosen` and `reasons`: an order not (yet) saved, shown as it was typed; `theirs`: beside what was saved last."""
    context = _context(request, ranking, chosen, reasons or {})
    return render(request, "applications/ranking.html", {**context, "errors": errors, "theirs": theirs}, status=status)


def _context(request, ranking, chosen=None, reasons=MappingProxyType({})):
    """Every branch stands on one of the two sides, with the reason typed for it also where it is moved out."""
    everyone = {
        each.pk: each
        for each in recommending.candidates(ranking).select_related("branch").order_by("-check_score", "branch__path")
    }
    places = list(ranking.places.select_related("application__branch")) if ranking.pk else []
    saved = [(place.application, place.reason) for place in places]
    known = {**{application.pk: application for application, _ in saved}, **everyone}
    shown = saved if chosen is None else [(known[pk], reasons.get(pk, "")) for pk in chosen if pk in known]
    taken = {application.pk for application, _ in shown}
    stage = ranking.track.stage(Stage.Kind.RECOMMEND)
    closed = recommending.why_locked(ranking)
    least, most = max(ranking.track.recommend_min, 1), ranking.track.recommend_max
    return {
        "ranking": ranking,
        "track": ranking.track,
        "committee": ranking.committee,
        "least": least,
        "saved": saved,
        "shown": shown,
        "candidates": [(each, reasons.get(each.pk, "")) for each in everyone.values() if each.pk not in taken],
        "unsaved": chosen is not None,
        "due": deadlines.deadline_for(stage, ranking.committee),
        "extension": deadlines.extension_for(stage, ranking.committee) if stage else None,
        "closed": closed,
        "may_rank": request.user.has_perm("applications.rank", ranking) and not closed,
        "may_confirm": request.user.has_perm("applications.confirm_ranking", ranking),
        "enough": least <= len(saved) <= most,
        "obstacles": [] if ranking.confirmed_at else recommending.obstacles(ranking.track, places),
        "unreasoned": [application for application, reason in saved if not reason],
    }


@require_POST
def save_ranking(request, track_pk, committee_pk):
    """Save the order; the buttons ↑ ↓ 移出 加入 change it first, so that they work without a script."""
    ranking = _list(request, track_pk, committee_pk)
    require(request, "applications.rank", ranking)
    order = moved(chosen_order(request.POST), request.POST.get("move", ""))
    reasons = typed_reasons(request.POST)
    if request.POST.get("move"):
        return _page(request, _at_version(ranking, request.POST), chosen=order, reasons=reasons)
    found = Application.objects.visible_to(request.user).select_related("branch").in_bulk(order)
    if len(found) != len(set(order)):
        raise Http404
    try:
        recommending.save_ranking(
            recommending.list_for(ranking.track, ranking.committee),
            [found[pk] for pk in order], reasons=reasons, version=version_of(request.POST), by=request.user,
        )  # fmt: skip
    except ValidationError as error:
        return _refused(request, _list(request, track_pk, committee_pk), order, reasons, error)
    if wants_json(request):
        return _saved(request, _list(request, track_pk, committee_pk))
    messages.success(request, "名单已保存。")
    return redirect("applications:ranking", track_pk, committee_pk)


def _saved(request, ranking):
    """For the script: the version the next save must name, and what the head would now confirm."""
    confirm = render_to_string("applications/_ranking_confirm.html", _context(request, ranking), request)
    at = timezone.localtime(ranking.saved_at)
    return JsonResponse({"version": ranking.version, "at": f"{at:%H:%M:%S}", "confirm": confirm})


def _refused(request, ranking, order, reasons, error):
    """The order stays as it was typed; where somebody else saved meanwhile, theirs is shown beside it."""
    theirs = error.code == "stale"
    if not wants_json(request):
        return _page(
            request, ranking, chosen=order, reasons=reasons, errors=error.messages, theirs=theirs, status=422
        )  # fmt: skip
    box = render_to_string("applications/_ranking_theirs.html", _context(request, ranking), request) if theirs else ""
    answer = {"text": messages_of(error), "version": ranking.version, "theirs": box}
    return JsonResponse(answer, status=409 if theirs else 422)


@require_POST
@say_refusals("applications:ranking", "track_pk", "committee_pk")
def confirm_ranking(request, track_pk, committee_pk):
    """The head confirms the very version that was on the screen."""
    ranking = _list(request, track_pk, committee_pk)
    require(request, "applications.confirm_ranking", ranking)
    if not ranking.pk:
        raise ValidationError("名单还是空的，请先排序并保存。", code="wrong_number")
    recommending.confirm_ranking(ranking, version=version_of(request.POST), by=request.user)
    messages.success(request, "名单已确认并锁定，各支部已收到通知。")
    return redirect("applications:ranking", track_pk, committee_pk)


def chosen_order(data) -> list[int]:
    """The applications in the order of the page."""
    return keys.numbers_in(data.getlist("application"))


def typed_reasons(data) -> dict[int, str]:
    """By application, also for what was moved out: moved back in, it has its reason again."""
    return {
        int(pk): value.strip()[:300]
        for what, _, pk in (key.partition("-") for key in data)
        if what == "reason" and keys.is_number(pk)
        for value in [data[f"reason-{pk}"].replace("\x00", "")]
    }


def moved(order: list[int], move: str) -> list[int]:
    """The order after one press: `up-7`, `down-7`, `out-7` or `in-7`; anything else changes nothing."""
    what, _, key = move.partition("-")
    if not keys.is_number(key):
        return order
    pk, order = int(key), list(order)
    if what == "in":
        return order if pk in order else [*order, pk]
    if pk not in order:
        return order
    at = order.index(pk)
    order.pop(at)
    if what == "up":
        order.insert(max(at - 1, 0), pk)
    elif what == "down":
        order.insert(at + 1, pk)
    return order


def version_of(data) -> int:
    value = data.get("version", "")
    return keys.number_in(value, otherwise=-1)


def _at_version(ranking: RecommendationList, data) -> RecommendationList:
    """The list as the page knew it: what somebody else saved meanwhile must still be noticed on saving."""
    ranking.version = version_of(data)
    return ranking
