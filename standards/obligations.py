"""What a branch owes of what was published to it: its signature, then its study (S1-38). For the home page and reminders."""

from collections.abc import Iterable, Iterator

from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES
from branches.todo import Todo
from standards import deadlines
from standards.models import Acknowledgement, Campaign, Publication
from standards.services import study


def owed(user: User | None = None) -> Iterator[Todo]:
    """Every branch and publication of running campaigns not signed or not studied, or only the user's own branches'.

    Computed, not written when publishing: a branch or a secretary that comes later owes them all the same.
    """
    branches = Branch.objects.grassroots()
    if user is not None:
        paths = user.scopes(*BRANCH_ROLES)
        if not paths:
            return
        branches = branches.filter(under(paths))
    running = Publication.objects.filter(campaign__status=Campaign.Status.OPEN)
    publications = _current(running.select_related("campaign", "scope").order_by("campaign", "number"))
    if not publications:
        return
    found = list(branches)
    signed = Acknowledgement.objects.filter(publication__in=publications)
    if user is not None:
        signed = signed.filter(branch__in=[branch.pk for branch in found])
    studied = {(on, branch): day for on, branch, day in signed.values_list("publication", "branch", "studied_on")}
    for publication in publications:
        for branch in found:
            if publication.concerns(branch) and studied.get((publication.pk, branch.pk)) is None:
                yield _todo(publication, branch, signed=(publication.pk, branch.pk) in studied)


def _current(publications: Iterable[Publication]) -> list[Publication]:
    """A committee that publishes its own plan once more asks for the newest only; plans and revisions all count."""
    latest: dict[tuple, Publication] = {}
    for each in publications:
        own = each.kind == Publication.Kind.LOCAL
        latest[(each.campaign_id, each.scope_id) if own else (each.campaign_id, "", each.pk)] = each
    return list(latest.values())


def _todo(publication: Publication, branch: Branch, *, signed: bool) -> Todo:
    return Todo(
        kind="study" if signed else "sign",
        about=f"publication:{publication.pk}",
        title=f"{'组织学习并登记' if signed else '签收'}：{publication.title}",
        url=study.study_url(publication, branch) if signed else publication.get_absolute_url(),
        due=deadlines.end_of(publication.due_on) if publication.due_on else None,
        detail=f"{publication.campaign} · {branch.short_name}",
        branch=branch,
        roles=BRANCH_ROLES,
        campaign_id=publication.campaign_id,
        overview=publication.get_absolute_url(),
        action="去登记" if signed else "去签收",
    )
