"""Who may do what with rubrics and campaigns."""

import rules

from branches.models import Branch, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, Role
from standards.models import Extension


@rules.predicate
def is_campaign_admin(user: User) -> bool:
    return user.runs_campaigns


@rules.predicate
def works_in_branch(user: User, branch: Branch) -> bool:
    return user.holds(BRANCH_ROLES, branch)


@rules.predicate
def grants_time(user: User, extension: Extension) -> bool:
    return user.holds((Role.CAMPAIGN_ADMIN,), extension.branch)


@rules.predicate
def oversees_study(user: User, _: object = None) -> bool:
    return bool(user.roles & {*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN})


rules.add_perm("standards.open_campaign", is_campaign_admin)
rules.add_perm("standards.manage_campaign", is_campaign_admin)
rules.add_perm("standards.sign", works_in_branch)
rules.add_perm("standards.manage_extension", grants_time)
rules.add_perm("standards.see_coverage", oversees_study)


@rules.predicate
def leads_committee(user: User, branch: Branch) -> bool:
    """Its own plan is a committee's below the city: the city's is the campaign itself (S2-27)."""
    below = branch.kind == Branch.Kind.COMMITTEE and len(branch.path) > Branch.steplen
    return below and user.holds(COMMITTEE_ROLES, branch)


rules.add_perm("standards.edit_local_plan", leads_committee)
