"""推荐汇总表: one committee's list as a sheet to sign, and the city's summary of all that was handed up."""

from django.http import Http404
from django.shortcuts import get_object_or_404, render

from applications import handed_up, overview
from applications.models import RecommendationList
from applications.views.scope import require
from branches.models import Branch, under
from standards.models import Campaign, Track


def recommended(request):
    """Who confirmed when and who has not, the ranked rows of each, and beside them the self-nominations."""
    require(request, "applications.rankings", None)
    tracks = overview.tracks_of(request.user)
    track = overview.pick(tracks, request.GET.get("track"))
    context = {"tracks": tracks, "track": track}
    if track:
        lists = handed_up.lists(track, request.user) if track.ranked else []
        groups = handed_up.by_themselves(track, request.user)
        for group in groups:
            for application in group.applications:
                application.track = track  # read once for all rows
                application.shown_status = application.status_for(request.user)
        context |= {
            "lists": lists,
            "confirmed": sum(each.confirmed for each in lists),
            "ranked": sum(len(each.places) for each in lists if each.confirmed),
            "groups": groups,
            "handed": sum(each.handed_up_at is not None for group in groups for each in group.applications),
        }
    return render(request, "applications/recommended.html", context)


def ranking_sheet(request, track_pk, committee_pk):
    """The sheet one committee signs and seals; before the confirmation it says that it is a draft."""
    tracks = Track.objects.filter(
        campaign__in=Campaign.objects.visible_to(request.user), recommend_max__isnull=False
    ).exclude(campaign__status=Campaign.Status.DRAFT)
    track = get_object_or_404(tracks.select_related("campaign"), pk=track_pk)
    scope = Branch.objects.recommending().filter(under(request.user.scopes(*handed_up.READERS)))
    committee = get_object_or_404(scope, pk=committee_pk)
    saved = RecommendationList.objects.select_related("confirmed_by", "saved_by")
    ranking = saved.filter(track=track, committee=committee).first()
    if ranking is None:
        raise Http404
    context = {
        "track": track,
        "committee": committee,
        "ranking": ranking,
        "places": handed_up.places_of(ranking.places.all()),
    }
    return render(request, "applications/ranking_sheet.html", context)
