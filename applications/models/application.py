"""申报: the application, who beside the tree may read it, and what each submission froze."""

from django.db import models
from django.db.models import Count, Q
from django.urls import reverse

from applications.states import SEALED, Road, Status
from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES, PANEL_ROLES, READING_ROLES
from standards.models import Campaign, Stage, StageTask, Track


class ApplicationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ApplicationQuerySet":
        """The only scoping rule: the subtree of one's reading roles, and what one was given to review."""
        scope = under(user.scopes(*READING_ROLES), "branch__path")
        if user.scopes(*PANEL_ROLES):
            scope |= Q(pk__in=Reader.objects.filter(user=user).values("application"))
        return self.filter(scope)

    def of_branches(self, user: User) -> "ApplicationQuerySet":
        """The applications the user works on as 书记 or 经办人."""
        return self.filter(under(user.scopes(*BRANCH_ROLES), "branch__path"))

    def held_as(self, user: User, *roles: str) -> "ApplicationQuerySet":
        """Those at or below a node on which the user holds one of the roles."""
        return self.filter(under(user.scopes(*roles), "branch__path"))

    def running(self) -> "ApplicationQuerySet":
        return self.filter(track__campaign__status=Campaign.Status.OPEN)

    def on_road(self, road: str) -> "ApplicationQuerySet":
        """Those that leave their committee by this road; the same rule as `Application.road`, in the database."""
        ranked = Q(track__recommend_max__isnull=False)
        nominated = Q(branch__nominates_itself=True, track__self_nomination=True)
        return self.filter(
            {Road.FORWARDED: ~ranked, Road.NOMINATED: ranked & nominated, Road.RANKED: ranked & ~nominated}[Road(road)]
        )

    def by_status(self) -> dict[int, list[tuple[str, str, int]]]:
        """Per track how many stand where: (status, label, number) in the order of the road; one query."""
        numbers = {
            (track, status): number
            for track, status, number in self.order_by().values_list("track", "status").annotate(Count("pk"))
        }
        return {
            track: [(s.value, s.label, numbers[track, s.value]) for s in Status if (track, s.value) in numbers]
            for track in sorted({track for track, _ in numbers})
        }

    def for_work(self) -> "ApplicationQuerySet":
        """Everything the gate, the deadlines, the tasks and a page's frame look at, in a fixed number of queries."""
        return self.for_frame().prefetch_related("track__stages__tasks")

    def for_frame(self) -> "ApplicationQuerySet":
        """The same for a page that is not about the tasks: one query less."""
        related = self.select_related("branch", "track__campaign", "track__rubric")
        return related.prefetch_related("track__stages__extensions")


class Application(models.Model):
    """申报：一个支部在一条轨道上的创建全程，每轨道每支部一份。"""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="applications", verbose_name="党支部")
    track = models.ForeignKey(Track, models.PROTECT, related_name="applications", verbose_name="轨道")
    status = models.CharField("状态", max_length=16, choices=Status.choices, default=Status.PREPARING, db_index=True)
    form_data = models.JSONField("申报表内容", default=dict, blank=True)
    form_version = models.PositiveIntegerField(default=0)
    plan_filed_at = models.DateTimeField("计划备案时间", null=True, blank=True)
    plan_refiled_at = models.DateTimeField("最近报备时间", null=True, blank=True)
    self_score = models.DecimalField("自评得分", max_digits=6, decimal_places=2, null=True, blank=True)
    # What grades and vetoes look at, as `Rubric.detail` gives it.
    self_detail = models.JSONField(default=dict, blank=True)
    self_complete = models.BooleanField("自评完整", default=False)
    check_score = models.DecimalField("核查得分", max_digits=6, decimal_places=2, null=True, blank=True)
    check_detail = models.JSONField(default=dict, blank=True)
    receipt_number = models.CharField("回执号", max_length=40, blank=True)
    submissions = models.PositiveSmallIntegerField("提交次数", default=0)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    submitted_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    returns = models.PositiveSmallIntegerField("退回次数", default=0)
    # When and by whom it left its committee for the city: recommended, nominated or forwarded.
    handed_up_at = models.DateTimeField("报市局时间", null=True, blank=True)
    handed_up_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "申报"
        ordering = ["branch__path", "pk"]
        constraints = [models.UniqueConstraint(fields=["branch", "track"], name="applications_one_per_track")]
        indexes = [models.Index(fields=["track", "status"])]

    def __str__(self) -> str:
        return f"{self.branch.short_name}·{self.track}"

    def get_absolute_url(self) -> str:
        return reverse("applications:detail", args=[self.pk])

    @property
    def road(self) -> str:
        if not self.track.ranked:
            return Road.FORWARDED
        nominates = self.branch.nominates_itself and self.track.self_nomination
        return Road.NOMINATED if nominates else Road.RANKED

    @property
    def road_label(self) -> str:
        return Road(self.road).label

    @property
    def is_draft(self) -> bool:
        return self.status == Status.PREPARING

    def status_label_for(self, user: User) -> str:
        """What the user is told: a decision that is not yet public reads 考评中 to all but the city office."""
        return self.status_for(user).label

    def status_for(self, user: User) -> Status:
        """The status the user may know of; badges and filters go by it, or their colour would tell."""
        return Status(self.status) if user.runs_campaigns else self.public_status

    @property
    def public_status(self) -> Status:
        """What may be told to anybody who sees the application at all."""
        hidden = self.status in SEALED and self.track.announced_at is None
        return Status.IN_REVIEW if hidden else Status(self.status)

    def stage(self, kind: str) -> Stage | None:
        return self.track.stage(kind)

    @property
    def tasks(self) -> list[StageTask]:
        """What the plan, and that of its committee, demands of the branch, in the order of the stages."""
        stages = self.track.stages.all()
        return [task for stage in stages for task in stage.tasks.all() if task.is_asked_of(self.branch)]


class Reader(models.Model):
    """阅卷授权：组织树之外可查看该申报的人，由分工写入、回避撤销。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="readers")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")

    class Meta:
        verbose_name = verbose_name_plural = "阅卷授权"
        constraints = [models.UniqueConstraint(fields=["application", "user"], name="applications_one_reader")]

    def __str__(self) -> str:
        return f"{self.user} → {self.application_id}"


class Snapshot(models.Model):
    """申报快照：每次提交时冻结的全部内容及其哈希；申报表 PDF 只从它生成。"""

    application = models.ForeignKey(Application, models.PROTECT, related_name="snapshots")
    number = models.PositiveSmallIntegerField("第几次提交")
    receipt_number = models.CharField("回执号", max_length=40, unique=True)
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    pdf = models.FileField(max_length=200, blank=True)
    pdf_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "申报快照"
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="applications_snapshot_number")]

    def __str__(self) -> str:
        return self.receipt_number

    @property
    def short_hash(self) -> str:
        return self.hash[:12]
