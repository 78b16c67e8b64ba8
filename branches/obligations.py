"""What a branch owes by itself, campaigns aside: to hold its election before the term of its committee ends (S1-66)."""

import datetime
from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES
from branches.todo import LONG_REMINDER_DAYS, Todo, closing_at

# From so many days before the end of the term until so many after it.
BEFORE, AFTER = datetime.timedelta(days=LONG_REMINDER_DAYS[0]), datetime.timedelta(days=365)


def owed(user: User | None = None) -> Iterator[Todo]:
    """Branches whose term ends soon or has ended, every one or only the user's own."""
    today = timezone.localdate()
    branches = Branch.objects.grassroots().filter(term_ends_on__range=(today - AFTER, today + BEFORE))
    if user is not None:
        paths = user.scopes(*BRANCH_ROLES)
        if not paths:
            return
        branches = branches.filter(under(paths))
    for branch in branches:
        yield Todo(
            kind="term",
            about=f"term:{branch.pk}",
            title="本届支部委员会届满，请按期换届",
            url=reverse("branches:term", args=[branch.pk]),
            due=closing_at(branch.term_ends_on),
            detail=f"{branch.short_name} · 换届批复后在此登记新一届",
            branch=branch,
            roles=BRANCH_ROLES,
            action="去登记",
            days=LONG_REMINDER_DAYS,
        )
