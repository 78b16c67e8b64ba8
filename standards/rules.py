"""Who may do what with rubrics and campaigns."""

import rules

from branches.models import User


@rules.predicate
def is_campaign_admin(user: User) -> bool:
    return user.runs_campaigns


rules.add_perm("standards.open_campaign", is_campaign_admin)
rules.add_perm("standards.manage_campaign", is_campaign_admin)
