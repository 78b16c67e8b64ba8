"""催办安排与用语: when the debts of a campaign are spoken of and in which words; without a row the usual ones."""

import datetime

from django.db import models
from django.db.models import Q

from branches.models import User
from branches.reminding import ESCALATE_AFTER, REMINDER_DAYS
from standards.models.campaigns import Campaign


def usual_days() -> list[int]:
    return list(REMINDER_DAYS)


class ReminderPlan(models.Model):
    """催办安排：一个创建活动的提醒日、上报党委的时限、发送时刻与开关。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "ReminderPlan.QuerySet":
            return self.all() if user.runs_campaigns else self.none()

    campaign = models.OneToOneField(Campaign, models.CASCADE, related_name="reminder_plan", verbose_name="活动")
    enabled = models.BooleanField("启用", default=True)
    days = models.JSONField("提醒日", default=usual_days, help_text="截止前几天，0为当天，负数为逾期后几天")
    escalate_after = models.PositiveSmallIntegerField(
        "逾期几天后报上级党委", null=True, blank=True, default=ESCALATE_AFTER, help_text="留空表示不报"
    )
    workdays_only = models.BooleanField("只在工作日提醒", default=True)
    send_at = models.TimeField("最早几点发送", default=datetime.time(8, 30))
    version = models.PositiveIntegerField(default=1)
    updated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField("修改时间", auto_now=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "催办安排"

    def __str__(self) -> str:
        return f"{self.campaign}的催办安排"


class ReminderWording(models.Model):
    """催办用语：某类事项的提醒标题与内容，可含占位符；没有的用通用写法。"""

    plan = models.ForeignKey(ReminderPlan, models.CASCADE, related_name="wordings")
    duty = models.CharField("事项类别", max_length=20)
    title = models.CharField("标题", max_length=120)
    body = models.TextField("内容", max_length=600)

    class Meta:
        verbose_name = verbose_name_plural = "催办用语"
        constraints = [
            models.UniqueConstraint(fields=["plan", "duty"], name="standards_wording_once"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="standards_wording_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.duty} {self.title}"
