"""一个支部走完一次创建: the application, its plan, tasks, answers, evidence, checks, recommendation and vetoes."""

from applications.models.application import Application, ApplicationQuerySet, Reader, Snapshot
from applications.models.checking import CheckDecision, CheckItem, Supersession, SupersessionQuerySet
from applications.models.recommending import Recommendation, RecommendationList, RecommendationListQuerySet
from applications.models.self_checks import (
    Rectification,
    RectificationQuerySet,
    RectificationTag,
    SelfCheck,
    SelfCheckItem,
    SelfCheckQuerySet,
)
from applications.models.vetoes import Appeal, Clearance, VetoQuerySet, VetoRecord
from applications.models.work import (
    KINDS,
    Assessment,
    Citation,
    Evidence,
    EvidenceQuerySet,
    PartialUpload,
    PlanItem,
    PlanProgress,
    PlanRemark,
    TaskRecord,
)

__all__ = [
    "KINDS",
    "Appeal",
    "Application",
    "ApplicationQuerySet",
    "Assessment",
    "CheckDecision",
    "CheckItem",
    "Citation",
    "Clearance",
    "Evidence",
    "EvidenceQuerySet",
    "PartialUpload",
    "PlanItem",
    "PlanProgress",
    "PlanRemark",
    "Reader",
    "Recommendation",
    "RecommendationList",
    "RecommendationListQuerySet",
    "Rectification",
    "RectificationQuerySet",
    "RectificationTag",
    "SelfCheck",
    "SelfCheckItem",
    "SelfCheckQuerySet",
    "Snapshot",
    "Supersession",
    "SupersessionQuerySet",
    "TaskRecord",
    "VetoQuerySet",
    "VetoRecord",
]
