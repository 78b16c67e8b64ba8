"""核查: the committee's scores and decisions, and a standard replaced on the way."""

from django.db import models

from applications.models.application import Application
from branches.models import User
from standards.models import Rubric, ScoredAnswer, Track


class CheckItem(ScoredAnswer):
    """核查：党委经办人对一项指标的核分与意见（S1-50）。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="check_items")
    checked_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "核查"
        constraints = [models.UniqueConstraint(fields=["application", "criterion"], name="applications_one_check")]

    def __str__(self) -> str:
        return f"{self.application_id}/{self.criterion_id}: {self.points}"

    @property
    def last_hand(self) -> str:
        return str(self.checked_by)


class CheckDecision(models.Model):
    """核查结论：退回或通过，何人何时、理由、成员与日期；每次一条，从不覆盖（S1-51, S1-57）。"""

    class Outcome(models.TextChoices):
        RETURNED = "returned", "退回修改"
        ACCEPTED = "accepted", "核查通过"

    application = models.ForeignKey(Application, models.CASCADE, related_name="check_decisions")
    outcome = models.CharField("结论", max_length=10, choices=Outcome.choices)
    reason = models.TextField("理由与意见", max_length=1000)
    members = models.CharField("核查成员", max_length=200, blank=True)
    checked_on = models.DateField("核查日期", null=True, blank=True)
    due_on = models.DateField("修改期限", null=True, blank=True)
    score = models.DecimalField("核查得分", max_digits=6, decimal_places=2, null=True, blank=True)
    # Which submission was judged, and on a return what was said of single criteria: code, title, remark, both scores.
    submission = models.PositiveSmallIntegerField("第几次提交", default=0)
    items = models.JSONField("逐项意见", default=list, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "核查结论"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_outcome_display()}"


class SupersessionQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "SupersessionQuerySet":
        """The city office's work; branches learn of it by its publication."""
        return self.all() if user.runs_campaigns else self.none()


class Supersession(models.Model):
    """标准替换：进行中的轨道改用标准的新版，逐项记下每份已填内容的去向；只增不改。"""

    track = models.ForeignKey(Track, models.PROTECT, related_name="supersessions", verbose_name="轨道")
    old = models.ForeignKey(Rubric, models.PROTECT, related_name="+", verbose_name="原标准")
    new = models.ForeignKey(Rubric, models.PROTECT, related_name="+", verbose_name="新标准")
    reason = models.CharField("理由", max_length=300)
    # Per criterion code: what became of it and of how many answers.
    effects = models.JSONField("去向", default=list)
    # Answers that no longer fit, kept as they were: application, criterion code, answer, points, remark.
    dropped = models.JSONField("未沿用的内容", default=list)
    returned = models.PositiveIntegerField("退回补填的申报", default=0)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="办理人")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    objects = SupersessionQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "标准替换"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.track}：{self.old} → {self.new}"
