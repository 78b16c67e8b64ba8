"""Who may do what in reviewing. A conflict narrows every right and no second role widens it again."""

import rules

from branches.models import User
from branches.roles import PANEL_ROLES
from reviews.models import Assignment, Conflict, Review


@rules.predicate
def runs_campaigns(user: User, _: object = None) -> bool:
    return user.runs_campaigns


@rules.predicate
def sits_on_panels(user: User, _: object = None) -> bool:
    return bool(user.scopes(*PANEL_ROLES))


@rules.predicate
def is_assigned(user: User, assignment: Assignment) -> bool:
    return assignment.user_id == user.pk and sits_on_panels(user)


@rules.predicate
def has_no_conflict(user: User, work: Assignment | Review) -> bool:
    return not Conflict.objects.filter(application=work.application_id, user=user).exists()


@rules.predicate
def is_the_reviewer(user: User, review: Review) -> bool:
    return review.reviewer_id == user.pk and sits_on_panels(user)


@rules.predicate
def is_unsealed(_: User, review: Review) -> bool:
    return not review.sealed


rules.add_perm("reviews.manage", runs_campaigns)
rules.add_perm("reviews.run_session", runs_campaigns)
rules.add_perm("reviews.score", is_assigned & has_no_conflict)
rules.add_perm("reviews.declare_conflict", (is_assigned | runs_campaigns) & has_no_conflict)
rules.add_perm("reviews.write_review", is_the_reviewer & has_no_conflict)
rules.add_perm("reviews.view_review", (is_the_reviewer | (runs_campaigns & is_unsealed)) & has_no_conflict)
