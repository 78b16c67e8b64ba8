"""Who runs the system itself: three separate people (三员分立), each within the subtree of the grant."""

import rules

from branches.models import RoleGrant, User
from branches.roles import Role


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


rules.add_perm("branches.manage_people", creates_accounts)
rules.add_perm("branches.manage_grants", grants_roles)
rules.add_perm("branches.read_audit", reads_the_log)
