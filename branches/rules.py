"""Who runs the system itself, three separate people (三员分立), and who keeps a branch's ledger."""

import rules

from branches.models import Branch, RoleGrant, User
from branches.roles import BRANCH_ROLES, READING_ROLES, Role


@rules.predicate
def creates_accounts(user: User, account: User | None = None) -> bool:
    if account is None:
        return Role.SYSTEM_ADMIN in user.roles
    return user.holds((Role.SYSTEM_ADMIN,), account.unit)


@rules.predicate
def grants_roles(user: User, grant: RoleGrant | None = None) -> bool:
    if grant is None:
        return Role.SECURITY_ADMIN in user.roles
    return user.holds((Role.SECURITY_ADMIN,), grant.branch)


@rules.predicate
def reads_the_log(user: User, _: object = None) -> bool:
    return Role.AUDITOR in user.roles


@rules.predicate
def reads_branches(user: User, _: object = None) -> bool:
    return bool(user.roles.intersection(READING_ROLES))


@rules.predicate
def keeps_a_ledger(user: User, branch: Branch | None = None) -> bool:
    return user.holds(BRANCH_ROLES, branch) if branch else bool(user.roles.intersection(BRANCH_ROLES))


@rules.predicate
def runs_the_machine(user: User, _: object = None) -> bool:
    return user.runs_system


rules.add_perm("branches.see_health", runs_the_machine)
rules.add_perm("branches.renew_term", keeps_a_ledger)
rules.add_perm("branches.manage_people", creates_accounts)
rules.add_perm("branches.manage_grants", grants_roles)
rules.add_perm("branches.read_audit", reads_the_log)
rules.add_perm("branches.view_honours", reads_branches)
rules.add_perm("branches.record_honours", keeps_a_ledger)
