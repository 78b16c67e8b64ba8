"""Who may do what with an application. *When* is in states.py, the dates in standards/deadlines.py."""

import rules

from applications.models import (
    Appeal,
    Application,
    Evidence,
    Reader,
    RecommendationList,
    Rectification,
    VetoRecord,
)
from branches.models import Branch, User
from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, PANEL_ROLES, READING_ROLES, Role

OVERSEERS = frozenset({*COMMITTEE_ROLES, Role.INSPECTOR, Role.CAMPAIGN_ADMIN})
# Who urges branches, and has or asks for more time for them.
URGING = frozenset({*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN})


@rules.predicate
def reads_branch(user: User, application: Application) -> bool:
    return user.holds(READING_ROLES, application.branch)


@rules.predicate
def was_given_it(user: User, application: Application) -> bool:
    return bool(user.scopes(*PANEL_ROLES)) and Reader.objects.filter(application=application, user=user).exists()


@rules.predicate
def works_for_branch(user: User, application: Application) -> bool:
    return user.holds(BRANCH_ROLES, application.branch)


@rules.predicate
def is_its_secretary(user: User, application: Application) -> bool:
    return user.holds((Role.SECRETARY,), application.branch)


@rules.predicate
def is_its_committee(user: User, application: Application) -> bool:
    return user.holds(COMMITTEE_ROLES, application.branch)


@rules.predicate
def heads_its_committee(user: User, application: Application) -> bool:
    return user.holds((Role.COMMITTEE_HEAD,), application.branch)


@rules.predicate
def inspects_it(user: User, application: Application) -> bool:
    return user.holds((Role.INSPECTOR,), application.branch)


@rules.predicate
def runs_the_campaign(user: User, application: Application) -> bool:
    return user.holds((Role.CAMPAIGN_ADMIN,), application.branch)


@rules.predicate
def works_in_branch(user: User, branch: Branch) -> bool:
    return user.holds(BRANCH_ROLES, branch)


@rules.predicate
def owns_evidence(user: User, evidence: Evidence) -> bool:
    return user.holds(BRANCH_ROLES, evidence.branch)


@rules.predicate
def ranks_for(user: User, ranking: RecommendationList) -> bool:
    return user.holds(COMMITTEE_ROLES, ranking.committee)


@rules.predicate
def heads(user: User, ranking: RecommendationList) -> bool:
    return user.holds((Role.COMMITTEE_HEAD,), ranking.committee)


@rules.predicate
def extends_for(user: User, branch: Branch) -> bool:
    return user.holds((Role.CAMPAIGN_ADMIN,), branch)


@rules.predicate
def oversees(user: User, _: object = None) -> bool:
    return bool(user.roles & OVERSEERS)


@rules.predicate
def sits_on_a_committee(user: User, _: object = None) -> bool:
    return bool(user.roles & {*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN})


@rules.predicate
def is_an_inspector(user: User, _: object = None) -> bool:
    return Role.INSPECTOR in user.roles


@rules.predicate
def reads_vetoes(user: User, _: object = None) -> bool:
    return bool(user.roles & {Role.INSPECTOR, Role.CAMPAIGN_ADMIN})


@rules.predicate
def inspects(user: User, record: VetoRecord) -> bool:
    return user.holds((Role.INSPECTOR,), record.application.branch)


@rules.predicate
def proposed_it(user: User, record: VetoRecord) -> bool:
    return record.proposed_by_id == user.pk


@rules.predicate
def reviews_for_branch(user: User, rectification: Rectification) -> bool:
    return user.holds((Role.SECRETARY, *COMMITTEE_ROLES), rectification.application.branch)


@rules.predicate
def did_it(user: User, rectification: Rectification) -> bool:
    return rectification.done_by_id == user.pk


@rules.predicate
def corrects(user: User, branch: Branch) -> bool:
    return user.holds(COMMITTEE_ROLES, branch)


@rules.predicate
def inspects_appeal(user: User, appeal: Appeal) -> bool:
    return user.holds((Role.INSPECTOR,), appeal.veto.application.branch)


@rules.predicate
def proposed_its_veto(user: User, appeal: Appeal) -> bool:
    return appeal.veto.proposed_by_id == user.pk


@rules.predicate
def confirmed_its_veto(user: User, appeal: Appeal) -> bool:
    return appeal.veto.decided_by_id == user.pk


@rules.predicate
def looked_into_it(user: User, appeal: Appeal) -> bool:
    return appeal.proposed_by_id == user.pk


rules.add_perm("applications.view", reads_branch | was_given_it)
rules.add_perm("applications.view_history", reads_branch)
rules.add_perm("applications.edit", works_for_branch)
rules.add_perm("applications.submit", is_its_secretary)
rules.add_perm("applications.check", is_its_committee)
rules.add_perm("applications.recommend", heads_its_committee)
rules.add_perm("applications.inspect", inspects_it)
rules.add_perm("applications.veto", inspects_it)
rules.add_perm("applications.decide", runs_the_campaign)
rules.add_perm("applications.join", works_in_branch)
rules.add_perm("applications.manage_evidence", owns_evidence)
rules.add_perm("applications.rank", ranks_for)
rules.add_perm("applications.confirm_ranking", heads)
rules.add_perm("applications.extend", extends_for)
rules.add_perm("applications.view_check", is_its_committee | runs_the_campaign | inspects_it)
rules.add_perm("applications.view_scores", is_its_committee | runs_the_campaign)
rules.add_perm("applications.remind", is_its_committee | runs_the_campaign)
rules.add_perm("applications.decide_veto", inspects & ~proposed_it)
# What the branch finds out about itself is for the branch and those above it, not for who scores it.
rules.add_perm("applications.view_self_checks", reads_branch)
rules.add_perm("applications.review_rectification", reviews_for_branch & ~did_it)
rules.add_perm("applications.appeal", is_its_secretary)
rules.add_perm("applications.read_appeal", works_for_branch | is_its_committee | inspects_it | runs_the_campaign)
# Nobody looks twice at their own work: see services/appealing.py.
rules.add_perm("applications.find_appeal", inspects_appeal & ~proposed_its_veto)
rules.add_perm("applications.decide_appeal", inspects_appeal & ~confirmed_its_veto & ~looked_into_it)
rules.add_perm("applications.correct_branch", corrects)
# Pages that list what lies below one's committee: whoever holds such a role anywhere.
rules.add_perm("applications.oversee", oversees)
rules.add_perm("applications.check_list", sits_on_a_committee)
rules.add_perm("applications.rankings", sits_on_a_committee)
rules.add_perm("applications.inspection", is_an_inspector)
rules.add_perm("applications.vetoes", reads_vetoes)
