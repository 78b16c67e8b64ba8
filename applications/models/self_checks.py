"""自查与整改: what the branch finds by itself and puts right; never scored."""

from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.models.work import Evidence
from branches.models import User
from standards.models import Criterion, ScoredAnswer


class SelfCheck(models.Model):
    """自查：对照标准的一次自我检查，可反复做，从不计入成绩（S1-42）。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="self_checks")
    number = models.PositiveSmallIntegerField("第几次")
    note = models.CharField("范围与方式", max_length=200, blank=True)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    started_at = models.DateTimeField("开始时间", auto_now_add=True)
    finished_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "自查"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="applications_self_check_number"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(finished_at=None), name="applications_one_open_self_check"
            ),
        ]

    def __str__(self) -> str:
        return f"第{self.number}次自查"


class SelfCheckItem(ScoredAnswer):
    """自查项：一次自查中一项指标的情况；作答与自评同形，可以带入正式自评。"""

    class Verdict(models.TextChoices):
        MET = "met", "达标"
        GAP = "gap", "有差距"

    self_check = models.ForeignKey(SelfCheck, models.CASCADE, related_name="items")
    verdict = models.CharField("结论", max_length=4, choices=Verdict.choices, blank=True)
    updated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "自查项"
        constraints = [
            models.UniqueConstraint(fields=["self_check", "criterion"], name="applications_one_self_check_item")
        ]

    def __str__(self) -> str:
        return f"{self.self_check_id}/{self.criterion_id}: {self.verdict}"

    @property
    def last_hand(self) -> str:
        return str(self.updated_by or "他人")


class Rectification(models.Model):
    """整改：差距 → 原因 → 措施 → 责任人 → 时限 → 完成 → 复核（S1-14, S1-56）；完成与复核必为两人。"""

    class Source(models.TextChoices):
        SELF_CHECK = "self_check", "自查发现"
        RETURN = "return", "退回意见"
        VISIT = "visit", "考评发现"
        OTHER = "other", "其他"

    class State(models.TextChoices):
        OPEN = "open", "整改中"
        DONE = "done", "已完成待复核"
        REVIEWED = "reviewed", "复核销号"

    application = models.ForeignKey(Application, models.CASCADE, related_name="rectifications")
    source = models.CharField("来源", max_length=12, choices=Source.choices, default=Source.SELF_CHECK)
    self_check = models.ForeignKey(
        SelfCheck, models.SET_NULL, null=True, blank=True, related_name="rectifications", verbose_name="自查"
    )
    criterion = models.ForeignKey(Criterion, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    gap = models.CharField("差距", max_length=300)
    tags = models.JSONField("问题类型", default=list, blank=True)
    cause = models.CharField("原因", max_length=300, blank=True)
    measure = models.CharField("整改措施", max_length=500, blank=True)
    responsible = models.CharField("责任人", max_length=40, blank=True)
    due_on = models.DateField("整改时限", null=True, blank=True)
    outcome = models.CharField("完成情况", max_length=500, blank=True)
    proofs = models.ManyToManyField(Evidence, blank=True, related_name="rectifications", verbose_name="佐证")
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField("登记时间", auto_now_add=True)
    done_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    done_on = models.DateField("完成日期", null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField("复核时间", null=True, blank=True)
    review_remark = models.CharField("复核意见", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "整改"
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["application", "state"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_by=None) | Q(done_by=None) | ~Q(reviewed_by=F("done_by")),
                name="applications_rectified_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state="open") | Q(done_on__isnull=False), name="applications_done_has_date"
            ),
        ]

    def __str__(self) -> str:
        return self.gap
