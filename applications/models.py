"""一个支部走完一次创建: the application, its plan, tasks, answers, evidence, checks, recommendation and vetoes."""

from django.db import models
from django.db.models import Count, F, Q
from django.urls import reverse

from applications.states import SEALED, Road, Status
from branches.models import Branch, User, under
from branches.roles import BRANCH_ROLES, PANEL_ROLES, READING_ROLES
from standards.models import Campaign, Criterion, Rubric, ScoredAnswer, Stage, StageTask, Track


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
        """Everything the gate, the deadlines and a page's frame look at, in a fixed number of queries."""
        return self.select_related("branch", "track__campaign", "track__rubric").prefetch_related(
            "track__stages__tasks", "track__stages__extensions"
        )


class Application(models.Model):
    """申报：一个支部在一条轨道上的创建全程，每轨道每支部一份。"""

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="applications", verbose_name="党支部")
    track = models.ForeignKey(Track, models.PROTECT, related_name="applications", verbose_name="轨道")
    status = models.CharField("状态", max_length=16, choices=Status.choices, default=Status.PREPARING, db_index=True)
    form_data = models.JSONField("申报表内容", default=dict, blank=True)
    form_version = models.PositiveIntegerField(default=0)
    plan_filed_at = models.DateTimeField("计划备案时间", null=True, blank=True)
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

    class Meta:
        verbose_name = verbose_name_plural = "计划措施"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return self.measure


class EvidenceQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "EvidenceQuerySet":
        """Files of the branches one reads, and those cited in what one was given to review."""
        scope = under(user.scopes(*READING_ROLES), "branch__path")
        if user.scopes(*PANEL_ROLES):
            given = Reader.objects.filter(user=user).values("application")
            scope |= Q(pk__in=Citation.objects.filter(application__in=given).values("evidence"))
            scope |= Q(pk__in=TaskRecord.objects.filter(application__in=given).values("minutes"))
        return self.filter(scope)


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
    uploaded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("上传时间", auto_now_add=True)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "佐证材料"
        ordering = ["-uploaded_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["branch", "sha256"], name="applications_stored_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


class TaskRecord(models.Model):
    """任务记录：阶段任务的办理情况，如一次党员大会的时间、应到实到与内容。"""

    application = models.ForeignKey(Application, models.CASCADE, related_name="task_records")
    task = models.ForeignKey(StageTask, models.PROTECT, related_name="records")
    held_on = models.DateField("日期")
    place = models.CharField("地点", max_length=80, blank=True)
    host = models.CharField("主持人", max_length=40, blank=True)
    expected = models.PositiveIntegerField("应到人数", null=True, blank=True)
    present = models.PositiveIntegerField("实到人数", null=True, blank=True)
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
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.held_on}"

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


class Snapshot(models.Model):
    """申报快照：每次提交时冻结的全部内容及其哈希；申报表 PDF 只从它生成。"""

    application = models.ForeignKey(Application, models.PROTECT, related_name="snapshots")
    number = models.PositiveSmallIntegerField("第几次提交")
    receipt_number = models.CharField("回执号", max_length=40, unique=True)
    content = models.JSONField()
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
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
    decided_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "核查结论"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_outcome_display()}"


class RecommendationListQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RecommendationListQuerySet":
        return self.filter(under(user.scopes("committee_clerk", "committee_head", "campaign_admin"), "committee__path"))


class RecommendationList(models.Model):
    """推荐名单：一个推荐单位在一条轨道上的排序推荐，党委负责人确认后锁定。"""

    track = models.ForeignKey(Track, models.PROTECT, related_name="recommendation_lists")
    committee = models.ForeignKey(Branch, models.PROTECT, related_name="recommendation_lists")
    version = models.PositiveIntegerField(default=0)
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = RecommendationListQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "推荐名单"
        constraints = [models.UniqueConstraint(fields=["track", "committee"], name="applications_one_list")]

    def __str__(self) -> str:
        return f"{self.committee.short_name}·{self.track}推荐名单"


class Recommendation(models.Model):
    """推荐：名单上的一个候选支部及其名次；名次唯一，不超过上限（S2-32）。"""

    list = models.ForeignKey(RecommendationList, models.CASCADE, related_name="places")
    application = models.OneToOneField(Application, models.PROTECT, related_name="recommendation")
    rank = models.PositiveSmallIntegerField("名次")
    limit = models.PositiveSmallIntegerField("上限")
    reason = models.CharField("推荐理由", max_length=300, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "推荐"
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["list", "rank"], name="applications_rank_once"),
            models.CheckConstraint(condition=Q(rank__gte=1) & Q(rank__lte=F("limit")), name="applications_rank_within"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}. {self.application_id}"


class Clearance(models.Model):
    """无问题意见：纪检督察在某一时点确认该支部无违纪违法（S2-21：推荐、评审、命名前各一次）。"""

    class Point(models.TextChoices):
        RECOMMEND = "recommend", "推荐前"
        REVIEW = "review", "评审前"
        NAME = "name", "命名前"

    application = models.ForeignKey(Application, models.CASCADE, related_name="clearances")
    point = models.CharField("时点", max_length=10, choices=Point.choices)
    remark = models.CharField("说明", max_length=200, blank=True)
    cleared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    cleared_at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "无问题意见"
        constraints = [models.UniqueConstraint(fields=["application", "point"], name="applications_one_clearance")]

    def __str__(self) -> str:
        return f"{self.application_id} {self.get_point_display()}"


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


class VetoQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "VetoQuerySet":
        return self.filter(under(user.scopes("inspector", "campaign_admin"), "application__branch__path"))


class VetoRecord(models.Model):
    """一票否决：一人提出、另一人确认，确认即刻出局（S1-35, S2-21）。"""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待确认"
        CONFIRMED = "confirmed", "已否决"
        DISMISSED = "dismissed", "不予否决"

    application = models.ForeignKey(Application, models.PROTECT, related_name="vetoes")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    basis = models.TextField("事实与依据", max_length=1000)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="提出人")
    proposed_at = models.DateTimeField("提出时间", auto_now_add=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="确认人")
    decided_at = models.DateTimeField("确认时间", null=True)
    decision_remark = models.CharField("确认意见", max_length=300, blank=True)
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
