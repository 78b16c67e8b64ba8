"""评什么、何时、按什么规则: rubrics, campaigns, tracks, stages, components. Nothing of any one plan is written in code."""

import datetime
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse

from branches.models import Branch, User
from standards import scoring

if TYPE_CHECKING:
    from collections.abc import Sequence


class RubricQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RubricQuerySet":
        """A draft is seen by campaign admins only; once published by everyone who is measured by it."""
        if user.runs_campaigns:
            return self.all()
        return self.exclude(status=Rubric.Status.DRAFT)


class Rubric(models.Model):
    """评分标准：一套带版本的指标树；发布后不再改动。"""

    class Status(models.TextChoices):
        DRAFT = "draft", "草稿"
        PUBLISHED = "published", "已发布"
        RETIRED = "retired", "已停用"

    code = models.CharField("编码", max_length=20)
    version = models.PositiveSmallIntegerField("版本", default=1)
    name = models.CharField("名称", max_length=120)
    source = models.CharField("出处", max_length=120, blank=True)
    total_points = models.DecimalField("总分", max_digits=6, decimal_places=2, default=100)
    points_suggested = models.BooleanField("分值为建议值", default=False, help_text="方案未规定分值（G-03）")
    rescale = models.BooleanField("不适用项按比例折算", default=False)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    content_hash = models.CharField("内容哈希", max_length=64, blank=True)

    objects = RubricQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评分标准"
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="standards_rubric_version")]

    def __str__(self) -> str:
        return f"{self.name}（{self.code} 第{self.version}版）"

    @cached_property
    def outline(self) -> list["Criterion"]:
        """All criteria with their rules in reading order: two queries, none for a published rubric once read."""
        if self.status == self.Status.DRAFT:
            return _read_outline(self.pk)
        return _published_outline(self.pk, self.content_hash, self.published_at)

    @cached_property
    def dimensions(self) -> list["Criterion"]:
        """The top level, each with `leaves`: what is answered below it, in reading order."""
        return [criterion for criterion in self.outline if criterion.parent_id is None]

    @cached_property
    def sheet(self) -> scoring.Sheet:
        """The rubric as the arithmetic sees it; keys are criterion primary keys as text."""
        return scoring.Sheet(
            tuple(
                scoring.Dimension(
                    key=str(top.pk),
                    title=top.title,
                    items=tuple(leaf.item for leaf in top.leaves),
                    cap=top.max_points or None,
                    bonus=top.is_bonus,
                )
                for top in self.dimensions
            ),
            total_points=self.total_points,
            rescale=self.rescale,
        )

    def leaves_for(self, line: str) -> list["Criterion"]:
        """What a branch of this 警种 answers, in reading order."""
        return [leaf for top in self.dimensions for leaf in top.leaves if leaf.item.applies_to(line)]


class Criterion(models.Model):
    """评分指标：标准的一行，保留方案原文；最多三级。"""

    class Kind(models.TextChoices):
        GROUP = scoring.GROUP, "分组"
        POINTS = scoring.POINTS, "打分"
        LEVELS = scoring.LEVELS, "等次"
        COUNT = scoring.COUNT, "计次得分"
        DEDUCT = scoring.DEDUCT, "扣分"
        CHECK = scoring.CHECK, "全有或全无"
        VETO = scoring.VETO, "一票否决"
        PLAIN = scoring.PLAIN, "仅说明"

    rubric = models.ForeignKey(Rubric, models.CASCADE, related_name="criteria", verbose_name="评分标准")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    order = models.PositiveIntegerField("次序")
    code = models.CharField("编号", max_length=20)
    title = models.CharField("名称", max_length=80)
    text = models.TextField("标准原文", blank=True)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.POINTS)
    max_points = models.DecimalField("分值", max_digits=6, decimal_places=2, default=0)
    step = models.DecimalField("步长", max_digits=4, decimal_places=2, default=Decimal("0.5"))
    floor = models.DecimalField("最低分", max_digits=6, decimal_places=2, null=True, blank=True, default=0)
    is_bonus = models.BooleanField("加分项", default=False)
    method = models.CharField("看听学比", max_length=4, blank=True)
    verify = models.CharField("核验方式", max_length=40, blank=True)
    evidence_hints = models.JSONField("佐证提示", default=list, blank=True)
    lines = models.JSONField("适用警种", default=list, blank=True, help_text="空表示全部适用（S1-19）")
    strong = models.CharField("对应四强", max_length=20, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "评分指标"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rubric", "code"], name="standards_criterion_code"),
            models.CheckConstraint(condition=Q(max_points__gte=0), name="standards_points_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    # Filled for the top level when an outline is read: what is answered below it, in reading order.
    leaves: list["Criterion"]

    def is_below(self, top: "Criterion") -> bool:
        """Within three levels: the top itself when it is a leaf, its children, or theirs."""
        ancestors = {self.pk, self.parent_id, self.parent.parent_id if self.parent else None}
        return top.pk in ancestors

    @property
    def key(self) -> str:
        return str(self.pk)

    @property
    def scored(self) -> bool:
        return self.kind in scoring.SCORED_KINDS

    @cached_property
    def item(self) -> scoring.Item:
        """The criterion as the arithmetic sees it, made once per instance."""
        return scoring.Item(
            key=self.key,
            kind=self.kind,
            max_points=self.max_points,
            step=self.step,
            floor=self.floor,
            rules=tuple(
                scoring.Rule(str(rule.pk), rule.label, rule.points, rule.max_times) for rule in self.rules.all()
            ),
            lines=frozenset(self.lines),
        )


class ScoreRule(models.Model):
    """计分细则：等次及其分值，或每次加减的分值。"""

    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="rules")
    order = models.PositiveSmallIntegerField(default=0)
    label = models.CharField("说明", max_length=80)
    points = models.DecimalField("分值", max_digits=6, decimal_places=2)
    max_times = models.PositiveSmallIntegerField("最多计次", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "计分细则"
        ordering = ["order", "pk"]

    def __str__(self) -> str:
        return f"{self.label}（{scoring.plain(self.points)}分）"


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
    form_copies = models.PositiveSmallIntegerField("申报表份数", default=3)
    clearance_points = models.JSONField(
        "须先出具无问题意见的环节", default=list, blank=True, help_text="recommend、review、name（S2-21）"
    )
    solid_required = models.BooleanField("须为过硬支部", default=False, help_text="S1-17")
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

    def stage(self, kind: str) -> "Stage | None":
        """The stage of that kind, out of the prefetched ones."""
        return next((stage for stage in self.stages.all() if stage.kind == kind), None)

    @property
    def breaker_names(self) -> list[str]:
        """What parts equal scores, in order, as people call it."""
        names = {component.source: component.name for component in self.components.all()}
        return [names.get(key, "自评与考评差值小者" if key == "self_gap" else key) for key in self.tie_breakers]

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


class StageTask(models.Model):
    """阶段任务：某阶段要求每个支部交出的东西，例如一次党员大会。"""

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
    source = models.CharField("出处", max_length=20, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "阶段任务"
        ordering = ["stage__order", "order", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_meeting(self) -> bool:
        return self.kind in (self.Kind.COMMITTEE_MEETING, self.Kind.MEMBERS_MEETING)


class ExtensionManager(models.Manager):
    def get_queryset(self) -> models.QuerySet:
        """With the branch: an extension is always weighed against the tree."""
        return super().get_queryset().select_related("branch")


class Extension(models.Model):
    """延期：某党组织（连同其下级）某阶段的新截止时间，记明事由与批准人。"""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="extensions", verbose_name="阶段")
    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+", verbose_name="党支部")
    until = models.DateField("延至")
    reason = models.CharField("事由", max_length=200)
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="批准人")
    granted_at = models.DateTimeField("批准时间", auto_now=True)

    objects = ExtensionManager()

    class Meta:
        verbose_name = verbose_name_plural = "延期"
        constraints = [models.UniqueConstraint(fields=["stage", "branch"], name="standards_one_extension")]

    def __str__(self) -> str:
        return f"{self.branch} {self.stage} 延至 {self.until}"


class FormField(models.Model):
    """申报表栏目：除系统已知的内容外，要求支部填写的栏目；逐轨道配置（G-01）。"""

    class Kind(models.TextChoices):
        LINE = "line", "一行文字"
        TEXT = "text", "长文字"
        NUMBER = "number", "数字"
        DATE = "date", "日期"

    track = models.ForeignKey(Track, models.CASCADE, related_name="form_fields", verbose_name="轨道")
    key = models.SlugField("键", max_length=40)
    label = models.CharField("栏目", max_length=40)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.LINE)
    max_length = models.PositiveIntegerField("字数上限", null=True, blank=True)
    required = models.BooleanField("必填", default=True)
    help_text = models.CharField("填写说明", max_length=200, blank=True)
    order = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "申报表栏目"
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["track", "key"], name="standards_form_field_key")]

    def __str__(self) -> str:
        return self.label


class ScoreComponent(models.Model):
    """计分构成：总分的一部分，从何而来、占多少、评委分怎样合成。"""

    class Source(models.TextChoices):
        SELF = "self", "支部自评"
        CHECK = "check", "资料审核（分局核查）"
        VISIT = "visit", "动态与实地考评"
        PRESENTATION = "presentation", "现场展示"

    class Method(models.TextChoices):
        MEAN = scoring.MEAN, "平均"
        TRIMMED = scoring.TRIMMED, "去掉一个最高分和一个最低分"

    class OverTime(models.TextChoices):
        MEAN = scoring.MEAN, "各次平均"
        LAST = scoring.LAST, "以最后一次为准"

    track = models.ForeignKey(Track, models.CASCADE, related_name="components", verbose_name="轨道")
    source = models.CharField("来源", max_length=14, choices=Source.choices)
    name = models.CharField("名称", max_length=40)
    order = models.PositiveSmallIntegerField("次序", default=0)
    weight = models.DecimalField(
        "权重%", max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    rubric = models.ForeignKey(Rubric, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="评分标准")
    method = models.CharField("合成方法", max_length=10, choices=Method.choices, default=Method.MEAN)
    trim_from = models.PositiveSmallIntegerField("去极值起点人数", default=5)
    over_time = models.CharField("多次合成", max_length=10, choices=OverTime.choices, default=OverTime.MEAN)
    pass_line = models.DecimalField("本项达标线", max_digits=6, decimal_places=2, null=True, blank=True)
    suggested = models.BooleanField("权重为建议值", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "计分构成"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["track", "source"], name="standards_one_component_per_source"),
            models.CheckConstraint(condition=Q(weight__gte=0) & Q(weight__lte=100), name="standards_weight_range"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scoring_rubric(self) -> Rubric:
        """The rubric the panel scores by: its own, or the track's."""
        return self.rubric or self.track.rubric

    @property
    def by_panel(self) -> bool:
        return self.source in (self.Source.VISIT, self.Source.PRESENTATION)


class ScoredAnswer(models.Model):
    """一个指标上的一次作答与得分；自评、核查、评审三处共用的形状。"""

    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+", verbose_name="指标")
    answer = models.JSONField("作答", default=dict, blank=True)
    points = models.DecimalField("得分", max_digits=7, decimal_places=2, null=True, blank=True)
    remark = models.TextField("说明", blank=True)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        abstract = True


def _read_outline(rubric_id: int) -> list[Criterion]:
    criteria = list(Criterion.objects.filter(rubric=rubric_id).prefetch_related("rules"))
    by_pk = {criterion.pk: criterion for criterion in criteria}
    for criterion in criteria:
        if criterion.parent_id:
            criterion.parent = by_pk[criterion.parent_id]
    for top in criteria:
        if top.parent_id is None:
            top.leaves = [c for c in criteria if c.kind != Criterion.Kind.GROUP and c.is_below(top)]
    return criteria


@lru_cache(maxsize=64)
def _published_outline(rubric_id: int, content_hash: str, published_at: datetime.datetime) -> list[Criterion]:
    """A published rubric never changes, so one reading per process is enough; the stamp makes the key unmistakable."""
    return _read_outline(rubric_id)


def total_weight(components: "Sequence[ScoreComponent]") -> Decimal:
    return sum((component.weight for component in components), Decimal(0))
