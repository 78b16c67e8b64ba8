"""纪检: no problem found, vetoes and the appeals against them."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from applications.models.application import Application
from applications.models.work import Evidence
from branches.models import User, under


class Clearance(models.Model):
    """无问题意见：纪检督察在某一时点确认该支部无违纪违法（S2-21：推荐、评审、命名前各一次）。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "Clearance.QuerySet":
            """The inspectors' own work."""
            return self.filter(under(user.scopes("inspector"), "application__branch__path"))

    class Point(models.TextChoices):
        RECOMMEND = "recommend", "推荐前"
        REVIEW = "review", "评审前"
        NAME = "name", "命名前"

    application = models.ForeignKey(Application, models.CASCADE, related_name="clearances")
    point = models.CharField("时点", max_length=10, choices=Point.choices)
    remark = models.CharField("说明", max_length=200, blank=True)
    cleared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField("时间", auto_now_add=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "无问题意见"
        constraints = [models.UniqueConstraint(fields=["application", "point"], name="applications_one_clearance")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_point_display()}"


class VetoQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "VetoQuerySet":
        return self.filter(under(user.scopes("inspector", "campaign_admin"), "application__branch__path"))

    def with_open_appeal(self) -> "VetoQuerySet":
        return self.filter(appeals__state__in=[Appeal.State.FILED, Appeal.State.PROPOSED])


class VetoRecord(models.Model):
    """一票否决：一人提出、另一人确认，确认即刻出局（S1-35, S2-21）。"""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        CONFIRMED = "confirmed", "已否决"
        DISMISSED = "dismissed", "不予否决"
        LIFTED = "lifted", "申诉后撤销"

    # Neither dismissed nor lifted.
    STANDING = (State.PROPOSED, State.CONFIRMED)

    application = models.ForeignKey(Application, models.PROTECT, related_name="vetoes")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    basis = models.TextField("事实与依据", max_length=1000)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField("提出时间", auto_now_add=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="确认人")
    decided_at = models.DateTimeField("确认时间", null=True)
    decision_remark = models.CharField("确认意见", max_length=300, blank=True)
    # What the branch and its committees are told of the reasons; the facts themselves stay with the inspectors.
    told = models.CharField("告知支部的理由", max_length=300, blank=True)
    status_before = models.CharField("否决前状态", max_length=16, blank=True)

    objects = VetoQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "一票否决"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=Q(state="proposed"), name="applications_one_open_veto"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="applications_veto_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_state_display()}"


class Appeal(models.Model):
    """申诉：对一票否决的申诉，一人提出处理意见、另一人决定；撤销否决后申报回到该回的地方。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "Appeal.QuerySet":
            """What the inspectors handle, and the city office looks on; the branch reads its own on its application."""
            roles = ("inspector", "campaign_admin")
            return self.filter(under(user.scopes(*roles), "veto__application__branch__path"))

    class State(models.TextChoices):
        FILED = "filed", "待处理"
        PROPOSED = "proposed", "待另一人决定"
        UPHELD = "upheld", "维持否决"
        LIFTED = "lifted", "撤销否决"

    veto = models.ForeignKey(VetoRecord, models.PROTECT, related_name="appeals")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.FILED)
    grounds = models.TextField("申诉理由", max_length=2000)
    appellant = models.CharField("申诉人", max_length=60, help_text="书面申诉由纪检督察代录的，写明申诉单位或人员")
    proofs = models.ManyToManyField(Evidence, blank=True, related_name="+", verbose_name="证明材料")
    filed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提交人")
    filed_at = models.DateTimeField("提交时间", auto_now_add=True)
    # True to lift, False to uphold: what the first inspector proposes and the second decides on.
    lifts = models.BooleanField("拟撤销", null=True)
    finding = models.TextField("复查情况", max_length=1000, blank=True)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    proposed_at = models.DateTimeField("提出时间", null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    decision_remark = models.CharField("决定意见", max_length=300, blank=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "申诉"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["veto"], condition=Q(state__in=["filed", "proposed"]), name="applications_one_open_appeal"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")), name="applications_appeal_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.veto_id} {self.get_state_display()}"

    def get_absolute_url(self) -> str:
        return reverse("applications:appeal_case", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.FILED, self.State.PROPOSED)
