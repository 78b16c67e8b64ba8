"""What the branch brings together: plan, tasks, answers and evidence."""

import functools
import operator
import uuid
from decimal import ROUND_DOWN, Decimal

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.utils import timezone

from applications import measures
from applications.models.application import Application, Reader
from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES, PANEL_ROLES, READING_ROLES
from standards.models import Criterion, ScoredAnswer, StageTask


class PlanItem(models.Model):
    """计划措施与量化目标：措施、指标、基数、目标值、实际值、责任人、时限（S2-31）。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="plan_items")
    order = models.PositiveSmallIntegerField(default=0)
    measure = models.CharField("创建措施", max_length=200)
    indicator = models.CharField("量化指标", max_length=80, blank=True)
    baseline = models.CharField("基数", max_length=40, blank=True)
    target = models.CharField("目标值", max_length=40, blank=True)
    actual = models.CharField("实际值", max_length=40, blank=True)
    responsible = models.CharField("责任人", max_length=40)
    due_on = models.DateField("完成时限")
    done_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "计划措施"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.measure

    @property
    def is_done(self) -> bool:
        return self.done_on is not None

    @property
    def days_late(self) -> int:
        """How many days it is over its time, or was when it was done; 0 in time."""
        return max(((self.done_on or timezone.localdate()) - self.due_on).days, 0)

    @property
    def is_overdue(self) -> bool:
        return not self.is_done and self.days_late > 0

    @property
    def percent(self) -> int | None:
        """How far it is from its baseline to its target; None where that cannot be told from what was typed."""
        return measures.percent(self.baseline, self.target, self.actual)


class PlanProgress(models.Model):
    """计划进展：一条措施在某日的实际值与推进情况；只增不改，是全年的台账（S1-43, S1-89）。"""

    item = models.ForeignKey(PlanItem, models.CASCADE, related_name="progress")
    noted_on = models.DateField("日期")
    actual = models.CharField("实际值", max_length=40, blank=True)
    note = models.CharField("进展", max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "计划进展"
        ordering = ["-noted_on", "-pk"]

    def __str__(self) -> str:
        return f"{self.item_id} {self.noted_on}"


# What a file is to people: its word, its icon, and how its content type begins.
KINDS = {
    "photo": ("照片", "bi-file-earmark-image", "image/"),
    "film": ("影片", "bi-file-earmark-play", "video/"),
    "pdf": ("PDF", "bi-file-earmark-pdf", "application/pdf"),
    "office": ("Word、Excel、PPT", "bi-file-earmark-text", "application/vnd."),
}


class PlanRemark(models.Model):
    """计划意见：党委对支部创建活动计划的意见，告知支部，不改动计划。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="plan_remarks")
    text = models.CharField("意见", max_length=300)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    made_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "计划意见"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text


class EvidenceQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "EvidenceQuerySet":
        """Files of the branches one reads, and those cited in what one was given to review."""
        scope = under(user.scopes(*READING_ROLES), "branch__path")
        if user.scopes(*PANEL_ROLES):
            given = Reader.objects.filter(user=user).values("application")
            scope |= Q(pk__in=Citation.objects.filter(application__in=given).values("evidence"))
            scope |= Q(pk__in=TaskRecord.objects.filter(application__in=given).values("minutes"))
        return self.filter(scope)

    def matching(self, words: str) -> "EvidenceQuerySet":
        """Every word somewhere in the name, the caption or the place."""
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(caption__icontains=word) | Q(place__icontains=word))
        return found

    def of_kind(self, kind: str) -> "EvidenceQuerySet":
        return self.filter(content_type__startswith=KINDS[kind][2])

    def counted(self) -> dict[str, int]:
        """How many of each kind, in one query."""
        numbers = {kind: Count("pk", filter=Q(content_type__startswith=start)) for kind, (*_, start) in KINDS.items()}
        return self.order_by().aggregate(**numbers)

    def unused(self) -> "EvidenceQuerySet":
        """What no other row names: no citation, no record of a meeting, no proof, whatever will name files one day."""
        used = [
            Exists(relation.related_model._base_manager.filter(**{relation.field.name: OuterRef("pk")}))
            for relation in Evidence._meta.get_fields(include_hidden=True)
            if relation.one_to_many and relation.related_model is not PartialUpload
        ]
        return self.exclude(functools.reduce(operator.or_, used))


class Evidence(models.Model):
    """佐证材料：支部的材料库，按内容哈希只存一份，可被多项指标引用。"""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="evidence", verbose_name="党支部")
    sha256 = models.CharField(max_length=64)
    name = models.CharField("文件名", max_length=200)
    content_type = models.CharField("类型", max_length=100)
    size = models.PositiveBigIntegerField("字节数")
    file = models.FileField(max_length=200)
    caption = models.CharField("说明", max_length=120, blank=True)
    taken_on = models.DateField("形成日期", null=True, blank=True)
    place = models.CharField("地点", max_length=80, blank=True)
    # A small picture of a photograph, made when it came in; empty for everything else.
    thumbnail = models.FileField(max_length=200, blank=True)
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)
    # Whether storing it just now found the same content already there.
    was_there = False

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "佐证材料"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["branch", "sha256"], name="applications_stored_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def kind(self) -> str:
        """A key of KINDS."""
        return next((kind for kind, (*_, start) in KINDS.items() if self.content_type.startswith(start)), "office")

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind][0]

    @property
    def icon(self) -> str:
        return KINDS[self.kind][1]

    @property
    def is_image(self) -> bool:
        return self.kind == "photo"

    @property
    def is_film(self) -> bool:
        return self.kind == "film"


class PartialUploadQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PartialUploadQuerySet":
        """One's own uploads to branches one works for."""
        return self.filter(under(user.scopes(*BRANCH_ROLES), "branch__path"), owner=user)

    def under_way(self) -> "PartialUploadQuerySet":
        return self.filter(evidence=None)


class PartialUpload(models.Model):
    """续传：一个大文件已经收到多少；断线后从断处接着传，传完即并入材料库，逾期清除。"""

    # Not to be guessed: whoever continues an upload names it by this.
    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    name = models.CharField("文件名", max_length=200)
    size = models.PositiveBigIntegerField("字节数")
    received = models.PositiveBigIntegerField("已收到", default=0)
    # Where the pieces lie in the storage, in their order.
    pieces = models.JSONField(default=list, editable=False)
    # The browser's own mark of the file (name, size, date), by which it is found again after the page was closed.
    fingerprint = models.CharField(max_length=120)
    # What it became, so that a lost last answer can be asked for again.
    evidence = models.ForeignKey(Evidence, models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField("开始时间", auto_now_add=True)
    updated_at = models.DateTimeField("最近时间", auto_now=True, db_index=True)

    objects = PartialUploadQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "续传"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "owner", "fingerprint"], condition=Q(evidence=None), name="applications_one_partial"
            ),
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="applications_received_within_size"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.received}/{self.size}"

    @property
    def percent(self) -> int:
        return 100 * self.received // self.size


class TaskRecord(models.Model):
    """任务记录：阶段任务的办理情况，如一次党员大会的时间、应到实到与内容。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="task_records")
    task = models.ForeignKey(StageTask, models.PROTECT, related_name="records")
    held_on = models.DateField("日期")
    place = models.CharField("地点", max_length=80, blank=True)
    host = models.CharField("主持人", max_length=40, blank=True)
    expected = models.PositiveIntegerField("应到人数", null=True, blank=True)
    present = models.PositiveIntegerField("实到人数", null=True, blank=True)
    auxiliaries_expected = models.PositiveIntegerField("应列席辅警人数", null=True, blank=True)
    auxiliaries_present = models.PositiveIntegerField("列席辅警人数", null=True, blank=True)
    body = models.TextField("主要内容", max_length=3000)
    minutes = models.ForeignKey(
        Evidence, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="会议记录"
    )
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField("登记时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务记录"
        constraints = [
            models.UniqueConstraint(fields=["application", "task"], name="applications_one_record_per_task"),
            models.CheckConstraint(
                condition=Q(present=None) | Q(expected=None) | Q(present__lte=F("expected")),
                name="applications_present_within_expected",
            ),
            models.CheckConstraint(
                condition=Q(auxiliaries_present=None)
                | Q(auxiliaries_expected=None)
                | Q(auxiliaries_present__lte=F("auxiliaries_expected")),
                name="applications_auxiliaries_within_expected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.held_on}"

    @property
    def attendance(self) -> Decimal | None:
        """The share that came, in percent to one place, rounded down: too few never look like enough."""
        if not self.expected or self.present is None:
            return None
        return (Decimal(self.present) * 100 / self.expected).quantize(Decimal("0.1"), ROUND_DOWN)

    @property
    def mark(self) -> str:
        """Which state of the record a page was showing."""
        return self.recorded_at.isoformat()


class Assessment(ScoredAnswer):
    """自评：支部对一项指标的作答、得分与说明。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="assessments")
    updated_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "自评"
        constraints = [models.UniqueConstraint(fields=["application", "criterion"], name="applications_one_answer")]

    def __str__(self) -> str:
        return f"{self.application_id}/{self.criterion_id}: {self.points}"

    @property
    def last_hand(self) -> str:
        return str(self.updated_by or "他人")


class Citation(models.Model):
    """引用：一份佐证材料被一项指标引用。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="citations")
    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="citations")

    class Meta:
        verbose_name = verbose_name_plural = "引用"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["application", "criterion", "evidence"], name="applications_cited_once")
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id} → {self.criterion_id}"
