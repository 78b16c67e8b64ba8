"""What every floor above needs: the tree and its people, the audit chain, notices, background jobs."""

from branches.models.jobs import Heartbeat, Job
from branches.models.notices import Delivery, Notice, NoticeQuerySet
from branches.models.people import (
    AuditEntry,
    AuditHead,
    Branch,
    BranchManager,
    BranchQuerySet,
    CommitteeMember,
    Honour,
    HonourQuerySet,
    RoleGrant,
    User,
    UserManager,
    UserQuerySet,
    above,
    named,
    under,
)

__all__ = [
    "AuditEntry",
    "AuditHead",
    "Branch",
    "BranchManager",
    "BranchQuerySet",
    "CommitteeMember",
    "Delivery",
    "Heartbeat",
    "Honour",
    "HonourQuerySet",
    "Job",
    "Notice",
    "NoticeQuerySet",
    "RoleGrant",
    "User",
    "UserManager",
    "UserQuerySet",
    "above",
    "named",
    "under",
]
