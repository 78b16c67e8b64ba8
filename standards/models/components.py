"""按什么计分与评等: the parts of a total, the grades, the honours, and what the form asks for; all of them a track's."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from standards import ranking, scoring
from standards.models.campaigns import Track
from standards.models.rubrics import Criterion, Rubric


class FormField(models.Model):
    """申报表栏目：除系统已知的内容外，要求支部填写的栏目；逐轨道配置（G-01）。"""

    class Kind(models.TextChoices):
        LINE = "line", "一行文字"
        TEXT = "text", "长文字"
        NUMBER = "number", "数字"
        DATE = "date", "日期"

    class Source(models.TextChoices):
        """What the platform already knows and offers for the field (S1-59: 一次录入，多处引用)."""

        NONE = "", "不带入"
        HONOURS = "honours", "荣誉台账"
        MEASURES = "measures", "计划措施与完成情况"
        RECTIFIED = "rectified", "整改情况"
        EXPECTED = "expected", "党员大会应到人数"
        PRESENT = "present", "党员大会实到人数"
        PHONE = "phone", "经办人电话"

    track = models.ForeignKey(Track, models.CASCADE, related_name="form_fields", verbose_name="轨道")
    key = models.SlugField("键", max_length=40)
    label = models.CharField("栏目", max_length=40)
    kind = models.CharField("类型", max_length=10, choices=Kind.choices, default=Kind.LINE)
    max_length = models.PositiveIntegerField("字数上限", null=True, blank=True)
    required = models.BooleanField("必填", default=True)
    help_text = models.CharField("填写说明", max_length=200, blank=True)
    source = models.CharField("自动带入", max_length=12, choices=Source.choices, default=Source.NONE, blank=True)
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
        MEAN = ranking.MEAN, "平均"
        TRIMMED = ranking.TRIMMED, "去掉一个最高分和一个最低分"

    class OverTime(models.TextChoices):
        MEAN = ranking.MEAN, "各次平均"
        MONTHLY = ranking.MONTHLY, "先按月平均，再各月平均"
        LAST = ranking.LAST, "以最后一次为准"

    track = models.ForeignKey(Track, models.CASCADE, related_name="components", verbose_name="轨道")
    code = models.SlugField("编码", max_length=20, blank=True, help_text="轨道内唯一；不填即同来源")
    source = models.CharField("来源", max_length=14, choices=Source.choices)
    name = models.CharField("名称", max_length=40)
    order = models.PositiveSmallIntegerField("次序", default=0)
    weight = models.DecimalField(
        "权重%", max_digits=5, decimal_places=2, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    rubric = models.ForeignKey(Rubric, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="评分标准")
    dimensions = models.JSONField("只取维度", default=list, blank=True, help_text="一级维度的编号；空表示整套标准")
    method = models.CharField("合成方法", max_length=10, choices=Method.choices, default=Method.MEAN)
    trim_from = models.PositiveSmallIntegerField("去极值起点人数", default=5)
    min_scores = models.PositiveSmallIntegerField(
        "至少几份评分", default=1, validators=[MinValueValidator(1)], help_text="每次不足此数，本项视为资料不全"
    )
    over_time = models.CharField("多次合成", max_length=10, choices=OverTime.choices, default=OverTime.MEAN)
    pass_line = models.DecimalField("本项达标线", max_digits=6, decimal_places=2, null=True, blank=True)
    suggested = models.BooleanField("权重为建议值", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "计分构成"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["track", "code"], name="standards_component_code"),
            models.CheckConstraint(condition=~Q(code=""), name="standards_component_has_code"),
            models.CheckConstraint(condition=Q(weight__gte=0) & Q(weight__lte=100), name="standards_weight_range"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.code = self.code or self.source
        super().save(*args, **kwargs)

    @property
    def scoring_rubric(self) -> Rubric:
        """The rubric the panel scores by: its own, or the track's."""
        return self.rubric or self.track.rubric

    @property
    def tops(self) -> list[Criterion]:
        """The dimensions this component is scored by."""
        tops = self.scoring_rubric.dimensions
        return [top for top in tops if top.code in self.dimensions] if self.dimensions else tops

    @property
    def sheet(self) -> scoring.Sheet:
        """The rubric or the part of it that is scored here."""
        whole = self.scoring_rubric.sheet
        if not self.dimensions:
            return whole
        part = replace(whole, dimensions=tuple(top.group for top in self.tops))
        # A part of nothing but bonus is out of the bonus: what it comes to must be a share of something.
        counted = [top for top in self.tops if not top.is_bonus] or self.tops
        full = (top.max_points * top.weight / scoring.HUNDRED for top in counted)
        return replace(part, total_points=sum(full, scoring.ZERO))

    def leaves_for(self, line: str) -> list[Criterion]:
        """What is answered for a branch of this 警种, in reading order."""
        return [leaf for top in self.tops for leaf in top.leaves if leaf.item.applies_to(line)]

    @property
    def by_panel(self) -> bool:
        return self.source in (self.Source.VISIT, self.Source.PRESENTATION)


class GradeBand(models.Model):
    """等次：从高到低，各有分数线、比例限制和附加条件；没有条件的等次收下其余。"""

    track = models.ForeignKey(Track, models.CASCADE, related_name="grades", verbose_name="轨道")
    name = models.CharField("等次", max_length=20)
    order = models.PositiveSmallIntegerField("次序", default=0)
    at_least = models.DecimalField("总分不低于", max_digits=6, decimal_places=2, null=True, blank=True)
    share = models.DecimalField(
        "比例不超过%", max_digits=5, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)], help_text="占参评支部数，舍去零头",
    )  # fmt: skip
    stars = models.PositiveSmallIntegerField("得星不少于", null=True, blank=True)
    each_dimension = models.DecimalField(
        "各维度不低于%", max_digits=5, decimal_places=2, null=True, blank=True, help_text="占该维度满分的百分比"
    )
    component = models.SlugField("单项", max_length=20, blank=True, help_text="计分构成的编码")
    component_min = models.DecimalField("单项不低于", max_digits=6, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "等次"
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["track", "name"], name="standards_grade_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> str:
        """The conditions in words; “其余” where there are none."""
        plain, said = scoring.plain, []
        if self.at_least is not None:
            said.append(f"总分不低于{plain(self.at_least)}分")
        if self.share is not None:
            said.append(f"不超过{plain(self.share)}%")
        if self.stars is not None:
            said.append(f"得星不少于{self.stars}个")
        if self.each_dimension is not None:
            said.append(f"各维度不低于{plain(self.each_dimension)}%")
        if self.component_min is not None:
            names = {component.code: component.name for component in self.track.components.all()}
            said.append(f"{names.get(self.component, self.component)}不低于{plain(self.component_min)}分")
        return "，".join(said) or "其余"


class SpecialHonour(models.Model):
    """专项荣誉：只从入选支部中产生的称号，例如党支部书记工作室、一支部一品牌、书记项目（S2-42）。"""

    track = models.ForeignKey(Track, models.CASCADE, related_name="honours", verbose_name="轨道")
    code = models.SlugField("编码", max_length=20)
    name = models.CharField("名称", max_length=60)
    order = models.PositiveSmallIntegerField("次序", default=0)
    quota = models.PositiveSmallIntegerField("名额", null=True, blank=True)
    text = models.TextField("条件与要求", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "专项荣誉"
        ordering = ["order", "pk"]
        constraints = [models.UniqueConstraint(fields=["track", "code"], name="standards_honour_code")]

    def __str__(self) -> str:
        return self.name


def total_weight(components: "Sequence[ScoreComponent]") -> Decimal:
    return sum((component.weight for component in components), Decimal(0))
