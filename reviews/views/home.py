"""我的待办: what the person owes and by when, and what is new around them."""

from django.shortcuts import render

from applications.models import Application
from branches.models import Notice, User
from branches.roles import BRANCH_ROLES
from branches.todo import Todo
from reviews import obligations
from reviews.models import Award, PublicNotice
from standards.models import Campaign, Track

NEWEST = 5


def home(request):
    user = request.user
    context = {
        "todos": todos(user),
        "applications": own_applications(user),
        "tracks": running_tracks(user) if user.runs_campaigns else [],
        "notices": Notice.objects.visible_to(user).unread()[:NEWEST],
        "public_notices": PublicNotice.objects.visible_to(user).select_related("track__campaign")[:NEWEST],
        "awards": Award.objects.visible_to(user).select_related("application__branch")[:NEWEST],
    }
    return render(request, "home.html", context)


def todos(user: User) -> list[Todo]:
    """Soonest first; what has no date comes last."""
    return sorted(obligations.everything(user), key=lambda todo: (todo.due is None, todo.due, todo.title))


def own_applications(user: User) -> list[Application]:
    """The applications somebody works on as 书记 or 经办人, each with the words for its state."""
    if not user.roles.intersection(BRANCH_ROLES):
        return []
    rows = list(Application.objects.of_branches(user).running().select_related("branch", "track__campaign"))
    for row in rows:
        row.shown_status = row.status_label_for(user)
    return rows


def running_tracks(user: User) -> list[Track]:
    """Every track that runs, with how many applications stand where; two queries."""
    running = Track.objects.filter(campaign__status=Campaign.Status.OPEN)
    tracks = list(running.select_related("campaign").order_by("campaign", "order"))
    counts = Application.objects.visible_to(user).running().by_status()
    for track in tracks:
        track.counts = counts.get(track.pk, [])
        track.total = sum(number for _, _, number in track.counts)
    return tracks
