"""评什么: rubrics, their criteria at up to three levels, their rules, and the shape of an answer."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from branches.models import User
from standards import scoring, wording


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
    cap_total = models.BooleanField("加分后不超过总分", default=False)
    status = models.CharField("状态", max_length=10, choices=Status.choices, default=Status.DRAFT)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    content_hash = models.CharField("内容哈希", max_length=64, blank=True)
    based_on = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="successors", verbose_name="沿用自"
    )
    # Counts the changes of a draft's outline: a page that shows an older one may not move or remove anything.
    revision = models.PositiveIntegerField(default=0)

    objects = RubricQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评分标准"
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="standards_rubric_version")]

    def __str__(self) -> str:
        return f"{self.name}（{self.code} 第{self.version}版）"

    def get_absolute_url(self) -> str:
        return reverse("standards:rubric", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.status == self.Status.DRAFT

    @cached_property
    def outline(self) -> list["Criterion"]:
        """All criteria with their rules in reading order: two queries, none for a published rubric once read."""
        if self.status == self.Status.DRAFT:
            return _read_outline(self.pk)
        return _published_outline(self.pk, self.content_hash, self.published_at)

    def read_afresh(self) -> None:
        """Take the outline from the database even where one is remembered: for whoever checks what stands there."""
        self.outline = _read_outline(self.pk)

    @cached_property
    def dimensions(self) -> list["Criterion"]:
        """The top level, each with `leaves`: what is answered below it, in reading order."""
        return [criterion for criterion in self.outline if criterion.parent_id is None]

    @cached_property
    def sheet(self) -> scoring.Sheet:
        """The rubric as the arithmetic sees it; keys are criterion primary keys as text."""
        return scoring.Sheet(
            tuple(top.group for top in self.dimensions),
            total_points=self.total_points,
            rescale=self.rescale,
            capped=self.cap_total,
        )

    @property
    def has_vetoes(self) -> bool:
        """Whether a sheet of this rubric asks for vetoes itself, rather than leaving them to the inspector."""
        return any(item.kind == scoring.VETO and item.asked for item in self.sheet.items)

    def detail(self, score: scoring.SheetScore) -> dict[str, object]:
        """What grades and vetoes look at, by criterion code, as plain values to be stored with a total."""
        codes = {criterion.key: criterion.code for criterion in self.outline}
        return {
            "dimensions": {
                top.code: str(score.dimensions[top.key]) for top in self.dimensions if top.key in score.dimensions
            },
            "won": [codes[key] for key in score.won],
            "vetoed": [codes[key] for key in score.vetoed],
            "caps": list(score.caps),
        }

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

    class Pick(models.TextChoices):
        SUM = scoring.SUM, "相加"
        HIGHEST = scoring.HIGHEST, "只取最高一项"

    class Effect(models.TextChoices):
        INSPECTOR = scoring.BY_INSPECTOR, "由纪检督察认定"
        DISQUALIFY = scoring.DISQUALIFY, "发生即取消资格"
        CAP = scoring.CAP_GRADE, "发生则限制等次"

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
    pick = models.CharField("合计方式", max_length=8, choices=Pick.choices, default=Pick.SUM)
    line = models.DecimalField(
        "得星线", max_digits=6, decimal_places=2, null=True, blank=True, help_text="本维度达到多少分算达标（得星）"
    )
    weight = models.DecimalField(
        "折算权重%", max_digits=5, decimal_places=2, default=100, help_text="一级维度按此比例计入总分"
    )
    veto_effect = models.CharField("否决后果", max_length=10, choices=Effect.choices, default=Effect.INSPECTOR)
    veto_cap = models.CharField("最高等次", max_length=20, blank=True, help_text="发生时等次不高于此")
    method = models.CharField("看听学比", max_length=10, blank=True)
    verify = models.CharField("核验方式", max_length=40, blank=True)
    evidence_hints = models.JSONField("佐证提示", default=list, blank=True)
    lines = models.JSONField("适用警种", default=list, blank=True, help_text="空表示全部适用（S1-19）")
    strong = models.CharField("对应四强", max_length=20, blank=True)
    regulation = models.CharField("制度依据", max_length=120, blank=True)
    note = models.CharField("说明", max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = verbose_name_plural = "评分指标"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["rubric", "code"], name="standards_criterion_code"),
            models.CheckConstraint(condition=Q(max_points__gte=0), name="standards_points_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    # Filled when an outline is read, in reading order: its children; its level (1 to 3); and for the top level what
    # is answered below it (the top itself where it is a leaf).
    parts: list["Criterion"]
    level: int
    leaves: list["Criterion"]

    @property
    def is_group(self) -> bool:
        return self.kind == self.Kind.GROUP

    @property
    def key(self) -> str:
        return str(self.pk)

    @property
    def scored(self) -> bool:
        return self.kind in scoring.SCORED_KINDS

    @property
    def asked(self) -> bool:
        """Whether a sheet is unfinished without it."""
        return self.item.asked

    @cached_property
    def group(self) -> scoring.Group:
        """A top-level criterion as the arithmetic sees it; a top that is itself a leaf is a group of one."""
        return scoring.Group(
            key=self.key,
            title=self.title,
            parts=tuple(part.group if part.is_group else part.item for part in self.parts)
            if self.is_group
            else (self.item,),
            cap=self.max_points or None,
            bonus=self.is_bonus,
            pick=self.pick if self.is_group else scoring.SUM,
            line=self.line,
            weight=self.weight,
        )

    @property
    def group_words(self) -> str:
        """What is special about a group: its points, highest only, weight, star line."""
        return wording.group_words(self.group)

    @property
    def group_notes(self) -> str:
        """The same where its points stand beside it."""
        return wording.group_words(self.group, with_points=False)

    @property
    def range_words(self) -> str:
        """What may be given for it, or what follows where a veto happened."""
        if self.kind == scoring.VETO:
            return wording.consequence(self.item)
        return wording.range_of(self.item)

    @cached_property
    def drawn(self) -> dict[tuple, Any]:
        """What pages have drawn of this very instance, see `standards.drawing`."""
        return {}

    @cached_property
    def drawn_answers(self) -> dict[tuple, str]:
        """Its inputs as drawn, by what stands in them."""
        return {}

    @cached_property
    def item(self) -> scoring.Item:
        """The criterion as the arithmetic sees it, made once per instance."""
        return scoring.Item(
            key=self.key,
            kind=self.kind,
            max_points=self.max_points,
            step=self.step,
            floor=self.floor,
            rules=tuple(rule.value for rule in self.rules.all()),
            lines=frozenset(self.lines),
            pick=self.pick,
            effect=self.veto_effect,
            caps_at=self.veto_cap,
        )


class ScoreRule(models.Model):
    """计分细则：等次及其分值，每次加减的分值，或按实际数值超出、低于界限多少加减的分值。"""

    class Steps(models.TextChoices):
        FULL = scoring.FULL_STEPS, "满一档才计"
        BEGUN = scoring.BEGUN_STEPS, "不足一档按一档计"
        EXACT = scoring.IN_PROPORTION, "按比例计"

    criterion = models.ForeignKey(Criterion, models.CASCADE, related_name="rules")
    order = models.PositiveSmallIntegerField(default=0)
    label = models.CharField("说明", max_length=80)
    points = models.DecimalField("分值", max_digits=6, decimal_places=2)
    max_times = models.PositiveSmallIntegerField("最多计次", null=True, blank=True)
    unit = models.CharField("单位", max_length=10, default="次", help_text="次、人次、项、天、%")
    threshold = models.DecimalField(
        "界限",
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="填实际数值的细则：低于（或高于）此值才计",
    )
    per = models.DecimalField("每档", max_digits=12, decimal_places=2, null=True, blank=True)
    above = models.BooleanField("高于界限时计", default=False)
    steps = models.CharField("零头", max_length=6, choices=Steps.choices, default=Steps.FULL)
    first = models.DecimalField("越界即计", max_digits=6, decimal_places=2, default=0)

    class Meta:
        verbose_name = verbose_name_plural = "计分细则"
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(per=None) | Q(per__gt=0), name="standards_rule_per_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.label}（{scoring.plain(self.points)}分）"

    @property
    def value(self) -> scoring.Rule:
        """The line as the arithmetic sees it."""
        return scoring.Rule(
            key=str(self.pk),
            label=self.label,
            points=self.points,
            max_times=self.max_times,
            threshold=self.threshold,
            per=self.per,
            above=self.above,
            steps=self.steps,
            first=self.first,
            unit=self.unit,
        )

    @property
    def sentence(self) -> str:
        """The line in words, the same on every screen and on paper."""
        return wording.rule_sentence(self.value, self.criterion.kind)


class ScoredAnswer(models.Model):
    """一个指标上的一次作答与得分；自评、核查、评审三处共用的形状。

    `version` counts the saves: a page that showed an older one must not write over what it never saw.
    """

    criterion = models.ForeignKey(Criterion, models.PROTECT, related_name="+", verbose_name="指标")
    answer = models.JSONField("作答", default=dict, blank=True)
    points = models.DecimalField("得分", max_digits=7, decimal_places=2, null=True, blank=True)
    remark = models.TextField("说明", blank=True)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    class Meta:
        abstract = True

    @property
    def last_hand(self) -> str:
        """Who saved it last, in the words of “刚被……改过”."""
        raise NotImplementedError


def _read_outline(rubric_id: int) -> list[Criterion]:
    criteria = list(Criterion.objects.filter(rubric=rubric_id).prefetch_related("rules"))
    by_pk = {criterion.pk: criterion for criterion in criteria}
    for criterion in criteria:
        criterion.parts = []
    for criterion in criteria:
        if criterion.parent_id:
            criterion.parent = by_pk[criterion.parent_id]
            criterion.parent.parts.append(criterion)
    tops = [criterion for criterion in criteria if criterion.parent_id is None]
    outline = [criterion for top in tops for criterion in _number(top, 1)]
    for top in tops:
        top.leaves = [criterion for criterion in _number(top, 1) if not criterion.is_group]
    return outline


def _number(criterion: Criterion, level: int) -> Iterator[Criterion]:
    """The criterion and what stands below it, depth first, each told its level."""
    criterion.level = level
    yield criterion
    for part in criterion.parts:
        yield from _number(part, level + 1)


@lru_cache(maxsize=64)
def _published_outline(rubric_id: int, content_hash: str, published_at: datetime.datetime) -> list[Criterion]:
    """A published rubric never changes, so one reading per process is enough; the stamp makes the key unmistakable."""
    return _read_outline(rubric_id)
