"""The tables of this floor, by what they say: 评什么, 何时与按什么规则, 送达与签收."""

from standards.models.campaigns import (
    BREAKERS,
    SELF_GAP,
    STARS,
    Campaign,
    Extension,
    Stage,
    StageTask,
    Track,
)
from standards.models.components import FormField, GradeBand, ScoreComponent, SpecialHonour, total_weight
from standards.models.reminders import ReminderPlan, ReminderWording
from standards.models.rubrics import Criterion, Rubric, ScoredAnswer, ScoreRule
from standards.models.study import Acknowledgement, LocalPlan, Publication
from standards.models.workbooks import RubricUpload

__all__ = [
    "BREAKERS",
    "SELF_GAP",
    "STARS",
    "Acknowledgement",
    "Campaign",
    "Criterion",
    "Extension",
    "FormField",
    "GradeBand",
    "LocalPlan",
    "Publication",
    "ReminderPlan",
    "ReminderWording",
    "Rubric",
    "RubricUpload",
    "ScoreComponent",
    "ScoreRule",
    "ScoredAnswer",
    "SpecialHonour",
    "Stage",
    "StageTask",
    "Track",
    "total_weight",
]
