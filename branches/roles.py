"""Who people are in the system: the roles of DESIGN §6 and the groups the rules speak of. No ORM."""

from django.db.models import TextChoices


class Role(TextChoices):
    SECRETARY = "secretary", "支部书记"
    CLERK = "clerk", "支部经办人"
    COMMITTEE_CLERK = "committee_clerk", "党委经办人"
    COMMITTEE_HEAD = "committee_head", "党委负责人"
    INSPECTOR = "inspector", "纪检督察"
    ASSESSOR = "assessor", "考核组员"
    EXPERT = "expert", "专家"
    CAMPAIGN_ADMIN = "campaign_admin", "活动管理员"
    SYSTEM_ADMIN = "system_admin", "系统管理员"
    SECURITY_ADMIN = "security_admin", "安全管理员"
    AUDITOR = "auditor", "审计员"


BRANCH_ROLES = (Role.SECRETARY, Role.CLERK)
COMMITTEE_ROLES = (Role.COMMITTEE_CLERK, Role.COMMITTEE_HEAD)
PANEL_ROLES = (Role.ASSESSOR, Role.EXPERT)
# Roles that read every application below the node they are granted on.
READING_ROLES = (*BRANCH_ROLES, *COMMITTEE_ROLES, Role.INSPECTOR, Role.CAMPAIGN_ADMIN)
# 三员分立: nobody may hold two of these, nor one of these and a business role (domain.md §5).
SEPARATED_ROLES = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
