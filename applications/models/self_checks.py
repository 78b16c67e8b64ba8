"""自查与整改: what the branch finds by itself and puts right; never scored."""

import datetime

from django.db import models
from django.db.models import Case, Count, F, Q, When
from django.urls import reverse
from django.utils import timezone

from applications.models.application import Application
from applications.models.work import Evidence
from branches.models import User, under
from branches.roles import READING_ROLES
from standards.models import Criterion, Rubric, ScoredAnswer


class SelfCheckQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "SelfCheckQuerySet":
        """The branch's own matter and its superiors': not shown to those who score it."""
        return self.filter(under(user.scopes(*READING_ROLES), "application__branch__path"))

    def with_counts(self) -> "SelfCheckQuerySet":
        """How many criteria were found met, and how many wanting."""
        verdict = SelfCheckItem.Verdict
        return self.annotate(
            met=Count("items", filter=Q(items__verdict=verdict.MET)),
            gaps=Count("items", filter=Q(items__verdict=verdict.GAP)),
        )


class SelfCheck(models.Model):
    """自查：对照标准的一次自我检查，可反复做，从不计入成绩（S1-42）。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="self_checks")
    # The standard it was made by: a newer one on the track leaves what was found as it was.
    rubric = models.ForeignKey(Rubric, models.PROTECT, related_name="+", verbose_name="对照标准")
    number = models.PositiveSmallIntegerField("第几次")
    note = models.CharField("范围与方式", max_length=200, blank=True)
    started_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    started_at = models.DateTimeField("开始时间", auto_now_add=True)
    finished_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    finished_at = models.DateTimeField("完成时间", null=True, blank=True)

    objects = SelfCheckQuerySet.as_manager()

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

    def get_absolute_url(self) -> str:
        return reverse("applications:self_check", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.finished_at is None


class SelfCheckItem(ScoredAnswer):
    """自查项：一次自查中一项指标的情况；作答与自评同形，可以带入正式自评。"""

    class Verdict(models.TextChoices):
        MET = "met", "达标"
        GAP = "gap", "有差距"

    self_check = models.ForeignKey(SelfCheck, models.CASCADE, related_name="items")
    verdict = models.CharField("结论", max_length=4, choices=Verdict.choices, blank=True)
    # Nobody: carried over from the check before and not looked at yet.
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


class RectificationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RectificationQuerySet":
        """The branch's own matter and its superiors': not shown to those who score it."""
        return self.filter(under(user.scopes(*READING_ROLES), "application__branch__path"))

    def of_running(self) -> "RectificationQuerySet":
        """Those of campaigns that are open."""
        return self.filter(application__in=Application.objects.running())

    def overdue(self, today: datetime.date | None = None) -> "RectificationQuerySet":
        """Still being worked at after their last day."""
        return self.filter(state=Rectification.State.OPEN, due_on__lt=today or timezone.localdate())

    def matching(self, *, state: str = "", tag: str = "", overdue: bool = False) -> "RectificationQuerySet":
        """What a filter asks for."""
        rows = self.filter(state=state) if state else self.all()
        rows = rows.filter(pk__in=RectificationTag.objects.filter(name=tag).values("rectification")) if tag else rows
        return rows.overdue() if overdue else rows

    def for_ledger(self) -> "RectificationQuerySet":
        """With all that a line of the ledger shows, in a fixed number of queries: what is to be done first comes first."""
        named = ("criterion", "self_check", "created_by", "done_by", "reviewed_by")
        turn = Case(*(When(state=state, then=place) for place, state in enumerate(Rectification.State)))
        ordered = self.order_by(turn, F("due_on").asc(nulls_last=True), "pk")
        return ordered.select_related(*named).prefetch_related("tags", "proofs")


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
    criterion = models.ForeignKey(
        Criterion, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="对应指标"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    gap = models.CharField("差距", max_length=300)
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
    # Who had the last word on what was done: in the state 整改中 it was sent back by them.
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reviewed_at = models.DateTimeField("复核时间", null=True, blank=True)
    review_remark = models.CharField("复核意见", max_length=300, blank=True)

    objects = RectificationQuerySet.as_manager()

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

    def get_absolute_url(self) -> str:
        return reverse("applications:rectification", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    @property
    def overdue(self) -> bool:
        return self.is_open and self.due_on is not None and self.due_on < timezone.localdate()

    @property
    def sent_back(self) -> bool:
        """Done once, and found wanting by whoever reviewed it."""
        return self.is_open and self.reviewed_by_id is not None

    @property
    def missing(self) -> list[str]:
        """What must be filled in before it can be done, by name (S1-56)."""
        fields = (("原因", self.cause), ("整改措施", self.measure), ("责任人", self.responsible), ("时限", self.due_on))
        return [name for name, value in fields if not value]

    @property
    def chain(self) -> list[tuple[str, bool]]:
        """The way of an entry, step by step, and which of them it has behind it."""
        return [
            ("差距", True), ("原因", bool(self.cause)), ("措施", bool(self.measure)),
            ("责任人", bool(self.responsible)), ("时限", self.due_on is not None), ("完成", not self.is_open),
            ("复核", self.state == self.State.REVIEWED),
        ]  # fmt: skip

    @property
    def tag_names(self) -> list[str]:
        return [tag.name for tag in self.tags.all()]


class RectificationTag(models.Model):
    """问题类型：一条整改所属的一类问题，如“两张皮”；一类一行，便于统计（S1-14, S1-58）。"""

    rectification = models.ForeignKey(Rectification, models.CASCADE, related_name="tags")
    name = models.CharField("问题类型", max_length=30)

    class Meta:
        verbose_name = verbose_name_plural = "问题类型"
        ordering = ["pk"]
        indexes = [models.Index(fields=["name"])]
        constraints = [models.UniqueConstraint(fields=["rectification", "name"], name="applications_tagged_once")]

    def __str__(self) -> str:
        return self.name
