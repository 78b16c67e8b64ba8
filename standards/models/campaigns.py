"""何时、按什么规则: campaigns, tracks, stages, tasks, extensions. Nothing of any plan is in code."""

import datetime

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from branches.models import Branch, User, above, under
from branches.roles import READING_ROLES
from standards.models.rubrics import Rubric

# Tie-breakers that are not a component of the score.
SELF_GAP, STARS = "self_gap", "stars"
BREAKERS = {SELF_GAP: "自评与考评差值小者", STARS: "得星多者"}


class CampaignQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "CampaignQuerySet":
        """A draft is seen by campaign admins only; from opening on by everyone (S2-55)."""
        if user.runs_campaigns:
            return self.all()
        return self.exclude(status=Campaign.Status.DRAFT)

    def running(self) -> "CampaignQuerySet":
        return self.filter(status=Campaign.Status.OPEN)


class Campaign(models.Model):
    """创建活动：一份实施方案的一轮，先有批准依据才能开启。"""

    class Status(models.TextChoices):
        DRAFT = "draft", "筹备中"
        OPEN = "open", "进行中"
        CLOSED = "closed", "已结束"

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=120)
    short_name = models.CharField("简称", max_length=40)
    round_label = models.CharField("轮次", max_length=40, blank=True)
    issuer = models.CharField("印发单位", max_length=120, blank=True)
    basis = models.TextField("方案依据", blank=True)
    basis_file = models.FileField("方案原件", upload_to="plans/", max_length=200, blank=True)
    description = models.TextField("活动说明", blank=True)
    source = models.CharField("出处", max_length=20, blank=True)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    approved_by = models.CharField("批准机关", max_length=80, blank=True)
    approval_number = models.CharField("批准文号", max_length=80, blank=True)
    approved_on = models.DateField("批准日期", null=True, blank=True)
    opened_at = models.DateTimeField("开启时间", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "创建活动"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.short_name}（{self.round_label}）" if self.round_label else self.short_name

    def get_absolute_url(self) -> str:
        return reverse("standards:campaign", args=[self.pk])


class Track(models.Model):
    """轨道：一个称号的一轮评定，达标验收或竞争评选，各有标准、日历与结果。"""

    class Mode(models.TextChoices):
        ACCEPTANCE = "acceptance", "达标验收"
        COMPETITION = "competition", "竞争评选"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="tracks", verbose_name="活动")
    code = models.CharField("编码", max_length=20)
    order = models.PositiveSmallIntegerField("次序", default=0)
    award_name = models.CharField("称号", max_length=80)
    series = models.CharField("系列", max_length=20, blank=True, help_text="逐年各一轮的同一称号用同一系列（S1-08）")
    round_label = models.CharField("轮次", max_length=40, blank=True)
    rubric = models.ForeignKey(Rubric, models.PROTECT, related_name="tracks", verbose_name="自评标准")
    mode = models.CharField("方式", max_length=12, choices=Mode.choices)
    quota = models.PositiveSmallIntegerField("名额", null=True, blank=True)
    reserves = models.PositiveSmallIntegerField("候补", default=0)
    pass_line = models.DecimalField("达标线", max_digits=6, decimal_places=2, null=True, blank=True)
    self_line = models.DecimalField("自评达标线", max_digits=6, decimal_places=2, null=True, blank=True)
    check_line = models.DecimalField("分局验收线", max_digits=6, decimal_places=2, null=True, blank=True)
    recommend_min = models.PositiveSmallIntegerField("推荐下限", default=1)
    recommend_max = models.PositiveSmallIntegerField("推荐上限", null=True, blank=True, help_text="空表示不排序推荐")
    tie_breakers = models.JSONField("同分次序", default=list, blank=True)
    notice_days = models.PositiveSmallIntegerField("公示工作日", default=5)
    valid_years = models.PositiveSmallIntegerField("称号有效年数", default=2)
    plaque_prefix = models.CharField("牌匾编号前缀", max_length=20, blank=True)
    pass_grade = models.CharField("命名最低等次", max_length=20, blank=True, help_text="达标验收：不低于此等次方可命名")
    grade_component = models.SlugField(
        "得星与维度看哪一项", max_length=20, blank=True, help_text="计分构成的编码；空表示第一项"
    )
    form_copies = models.PositiveSmallIntegerField("申报表份数", default=3)
    self_nomination = models.BooleanField("机关支部可自荐", default=True, help_text="S2-33")
    clearance_points = models.JSONField(
        "须先出具无问题意见的环节", default=list, blank=True, help_text="recommend、review、name（S2-21）"
    )
    solid_required = models.BooleanField("须为过硬支部", default=False, help_text="S1-17")
    min_members = models.PositiveSmallIntegerField("党员人数下限", null=True, blank=True)
    min_years = models.PositiveSmallIntegerField("成立年限下限", null=True, blank=True, help_text="满几年")
    eligible_lines = models.JSONField("限定警种", default=list, blank=True, help_text="空表示不限")
    problem_tags = models.JSONField(
        "问题类型", default=list, blank=True, help_text="自查整改可选的问题标签（S1-14, S1-58）"
    )
    eligibility_note = models.TextField("其他申报条件", blank=True, help_text="由推荐单位把关的条件，原文照录")
    # Until then every decision reads 考评中 to all but the city office.
    announced_at = models.DateTimeField("结果公开时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "轨道"
        ordering = ["campaign", "order", "pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "code"], name="standards_track_code")]

    def __str__(self) -> str:
        return f"{self.award_name}（{self.round_label}）" if self.round_label else self.award_name

    @property
    def is_competition(self) -> bool:
        return self.mode == self.Mode.COMPETITION

    @property
    def ranked(self) -> bool:
        """Whether committees recommend in ranked order (S2-32) rather than forward all that pass (S1-51)."""
        return self.recommend_max is not None

    @property
    def conditions(self) -> list[str]:
        """What a branch must be to apply, in words; the plan's own wording last."""
        said = ["须为过硬支部"] if self.solid_required else []
        if self.min_members:
            said.append(f"党员不少于{self.min_members}名")
        if self.min_years:
            said.append(f"支部成立满{self.min_years}年")
        if self.eligible_lines:
            said.append(f"限{'、'.join(self.eligible_lines)}")
        return said + ([self.eligibility_note] if self.eligibility_note else [])

    def stage(self, kind: str) -> "Stage | None":
        """The stage of that kind, out of the prefetched ones."""
        return next((stage for stage in self.stages.all() if stage.kind == kind), None)

    @property
    def breaker_names(self) -> list[str]:
        """What parts equal scores, in order, as people call it."""
        names = {component.code: component.name for component in self.components.all()}
        return [names.get(key) or BREAKERS.get(key, key) for key in self.tie_breakers]

    @property
    def begins_on(self) -> datetime.date | None:
        return min((stage.opens_on for stage in self.stages.all() if stage.opens_on), default=None)


class Stage(models.Model):
    """阶段：轨道日历的一段；截止日含当日全天。"""

    class Kind(models.TextChoices):
        MOBILISE = "mobilise", "动员部署"
        BUILD = "build", "组织实施"
        APPLY = "apply", "自评申报"
        CHECK = "check", "分局核查"
        RECOMMEND = "recommend", "排序推荐"
        NOMINATE = "nominate", "机关自荐"
        FORWARD = "forward", "上报"
        DYNAMIC = "dynamic", "动态考核"
        ONSITE = "onsite", "实地考评"
        PRESENT = "present", "现场展示"
        SELECT = "select", "评定"
        HONOUR = "honour", "专项推荐"
        PUBLISH = "publish", "公示"
        NAME = "name", "命名授牌"
        PROMOTE = "promote", "经验推广"

    track = models.ForeignKey(Track, models.CASCADE, related_name="stages", verbose_name="轨道")
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    name = models.CharField("名称", max_length=60)
    order = models.PositiveSmallIntegerField("次序", default=0)
    opens_on = models.DateField("开始", null=True, blank=True)
    closes_on = models.DateField("截止", null=True, blank=True)
    date_text = models.CharField("方案写法", max_length=120, blank=True)
    inferred = models.BooleanField("日期为推定", default=False)
    actors = models.JSONField("责任主体", default=list, blank=True)
    outputs = models.JSONField("产出", default=list, blank=True)
    source = models.CharField("出处", max_length=20, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "阶段"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["track", "kind"], name="standards_stage_kind"),
            models.CheckConstraint(
                condition=Q(opens_on=None) | Q(closes_on=None) | Q(closes_on__gte=models.F("opens_on")),
                name="standards_stage_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def common_tasks(self) -> "list[StageTask]":
        """The tasks asked of every branch; those of single committees stand in their own plans."""
        return [task for task in self.tasks.all() if task.organiser_id is None]


class StageTaskManager(models.Manager):
    def get_queryset(self) -> models.QuerySet:
        """With whose task it is: whether it is asked of a branch is always weighed against the tree."""
        return super().get_queryset().select_related("organiser")


class StageTask(models.Model):
    """阶段任务：某阶段要求支部交出的东西，例如一次党员大会；本级方案可另加任务，只对其下级（S2-27）。"""

    class Kind(models.TextChoices):
        PLAN = "plan", "创建活动计划"
        COMMITTEE_MEETING = "committee_meeting", "支部委员会"
        MEMBERS_MEETING = "members_meeting", "党员大会"
        SUMMARY = "summary", "创建活动总结"
        OTHER = "other", "其他"

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="tasks", verbose_name="阶段")
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    name = models.CharField("名称", max_length=60)
    order = models.PositiveSmallIntegerField(default=0)
    organiser = models.ForeignKey(
        Branch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="由谁提出",
        help_text="空表示主办单位",
    )  # fmt: skip
    proof = models.CharField("证明材料", max_length=80, blank=True, help_text="例如：会议记录、照片")
    proof_required = models.BooleanField("须附证明", default=False)
    min_attendance = models.PositiveSmallIntegerField(
        "到会率下限%", null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    source = models.CharField("出处", max_length=20, blank=True)

    objects = StageTaskManager()

    class Meta:
        verbose_name = verbose_name_plural = "阶段任务"
        ordering = ["stage__order", "order", "pk"]

    def __str__(self) -> str:
        return self.name

    def is_asked_of(self, branch: Branch) -> bool:
        return self.organiser is None or branch.path.startswith(self.organiser.path)

    @property
    def demands(self) -> str:
        """What it takes to be done beyond being recorded, in words; "" for nothing."""
        said = []
        if self.min_attendance:
            said.append(f"到会率不低于{self.min_attendance}%")
        if self.proof_required:
            said.append(f"须附{self.proof or '证明材料'}")
        elif self.proof:
            said.append(f"可附{self.proof}")
        return "，".join(said)

    @property
    def is_meeting(self) -> bool:
        return self.kind in (self.Kind.COMMITTEE_MEETING, self.Kind.MEMBERS_MEETING)


class ExtensionQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ExtensionQuerySet":
        """Those given below the nodes one reads, and those given above, which cover one's own branches."""
        paths = user.scopes(*READING_ROLES)
        return self.filter(under(paths, "branch__path") | above(paths, "branch__path"))

    def counted(self, campaign: Campaign) -> dict[int, int]:
        """How many there are on each track of the campaign, by its key."""
        of_track = self.filter(stage__track__campaign=campaign).order_by().values_list("stage__track")
        return dict(of_track.annotate(number=models.Count("pk")))


class ExtensionManager(models.Manager):
    def get_queryset(self) -> models.QuerySet:
        """With the branch, for an extension is always weighed against the tree, and with who granted it."""
        return super().get_queryset().select_related("branch", "granted_by")


class Extension(models.Model):
    """延期：某党组织（连同其下级）某阶段的新截止时间，记明事由与批准人。"""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="extensions", verbose_name="阶段")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+", verbose_name="党支部")
    until = models.DateField("延至")
    reason = models.CharField("事由", max_length=200)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="批准人")
    granted_at = models.DateTimeField("批准时间", auto_now=True)

    objects = ExtensionManager.from_queryset(ExtensionQuerySet)()

    class Meta:
        verbose_name = verbose_name_plural = "延期"
        constraints = [models.UniqueConstraint(fields=["stage", "branch"], name="standards_one_extension")]

    def __str__(self) -> str:
        return f"{self.branch} {self.stage} 延至 {self.until}"

    @property
    def words(self) -> str:
        """What the branch reads of it: until when, why, and who granted it when."""
        granted = timezone.localtime(self.granted_at)
        until = f"{self.until.year}年{self.until.month}月{self.until.day}日"
        return f"已延期至{until}24时（{self.reason}；{self.granted_by.name}{granted.month}月{granted.day}日批准）"
