"""评审组、分工与回避、评分、实地与展示、成绩、公示、命名: from a checked application to a plaque."""

from django.db import models
from django.db.models import Case, Exists, F, Func, OuterRef, Q, Subquery, Value, When

from applications.models import Application
from applications.states import Status
from branches.models import Branch, User
from branches.roles import PANEL_ROLES, Role
from standards.models import ScoreComponent, ScoredAnswer, Track


def count_of(rows: models.QuerySet) -> Subquery:
    """How many rows a subquery has, as a column beside each row of the outer query."""
    counted = rows.order_by().annotate(counted=Func(F("pk"), function="COUNT")).values("counted")
    return Subquery(counted, output_field=models.IntegerField())


class PanelQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PanelQuerySet":
        """The city office sees all of them, members see their own for as long as they hold a panel's role."""
        if user.runs_campaigns:
            return self.all()
        if not user.scopes(*PANEL_ROLES):
            return self.none()
        return self.filter(pk__in=PanelMember.objects.filter(user=user).values("panel"))

    def with_progress(self, user: User | None = None) -> "PanelQuerySet":
        """`due`: sheets the panel (or one member of it) is to hand in; `done`: handed in. Conflicts count in neither."""
        work = Assignment.objects.filter(~Exists(Conflict.objects.bars("application", "user")), panel=OuterRef("pk"))
        if user is not None:
            work = work.filter(user=user)
        return self.annotate(
            visits_due=count_of(work.filter(application__visits__panel=OuterRef("pk"))),
            slots_due=count_of(work.filter(application__slots__session__panel=OuterRef("pk"))),
            done=count_of(work.filter(reviews__status=Review.Status.FINAL)),
        ).annotate(due=F("visits_due") + F("slots_due"))


class Panel(models.Model):
    """评审组：考核组或专家组，负责一项计分构成；两套人马分开组建（S2-35, S2-38）。"""

    class Kind(models.TextChoices):
        ASSESSORS = "assessors", "考核组"
        EXPERTS = "experts", "专家组"

    track = models.ForeignKey(Track, models.PROTECT, related_name="panels", verbose_name="轨道")
    component = models.ForeignKey(ScoreComponent, models.PROTECT, related_name="panels", verbose_name="计分构成")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    name = models.CharField("名称", max_length=60)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PanelQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评审组"
        ordering = ["track", "pk"]
        constraints = [models.UniqueConstraint(fields=["track", "name"], name="reviews_panel_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def role_needed(self) -> str:
        return Role.ASSESSOR if self.kind == self.Kind.ASSESSORS else Role.EXPERT


class PanelMember(models.Model):
    """评审组成员：组长一名，其余为组员。"""

    panel = models.ForeignKey(Panel, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.PROTECT, related_name="panel_memberships")
    is_leader = models.BooleanField("组长", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "评审组成员"
        ordering = ["-is_leader", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["panel", "user"], name="reviews_member_once"),
            models.UniqueConstraint(fields=["panel"], condition=Q(is_leader=True), name="reviews_one_leader"),
        ]

    def __str__(self) -> str:
        return f"{self.user}（{'组长' if self.is_leader else '组员'}）"


class Conflict(models.Model):
    """回避：某评委不得评某支部；由组织树推定，或由本人、组长申报。"""

    class QuerySet(models.QuerySet):
        def bars(self, application: str, user: str) -> "Conflict.QuerySet":
            """Those of the outer row's application and person, by the names of its two columns."""
            return self.filter(application=OuterRef(application), user=OuterRef(user))

        def against(self, user: User) -> "Conflict.QuerySet":
            """Those that keep this person from the outer row's application, whatever else the person may do."""
            return self.filter(application=OuterRef("application"), user=user)

    class Reason(models.TextChoices):
        OWN_UNIT = "own_unit", "本单位"
        OWN_COMMITTEE = "own_committee", "同一县分局（支队）党委"
        DECLARED = "declared", "本人申报"

    application = models.ForeignKey(Application, models.CASCADE, related_name="conflicts")
    user = models.ForeignKey(User, models.CASCADE, related_name="conflicts")
    reason = models.CharField("事由", max_length=14, choices=Reason.choices)
    remark = models.CharField("说明", max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "回避"
        constraints = [models.UniqueConstraint(fields=["application", "user"], name="reviews_one_conflict")]

    def __str__(self) -> str:
        return f"{self.user} 回避 {self.application_id}"


class AssignmentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "AssignmentQuerySet":
        """One's own, all of them for the city office; nobody reaches an application through a conflict."""
        free = self.filter(~Exists(Conflict.objects.against(user)))
        if user.runs_campaigns:
            return free
        return free.filter(user=user) if user.scopes(*PANEL_ROLES) else free.none()

    def with_progress(self) -> "AssignmentQuerySet":
        """Events to score, sheets handed in and begun, whether a conflict bars the person; least done first."""
        here = {"application": OuterRef("application")}
        reviews = Review.objects.filter(assignment=OuterRef("pk"))
        slots = PresentationSlot.objects.filter(session__panel=OuterRef("panel"), **here)
        return (
            self.annotate(
                barred=Exists(Conflict.objects.bars("application", "user")),
                visits_due=count_of(SiteVisit.objects.filter(panel=OuterRef("panel"), **here)),
                slots_due=count_of(slots),
                on_stage=Exists(slots.on_stage()),
                done=count_of(reviews.filter(status=Review.Status.FINAL)),
                begun=count_of(reviews.filter(status=Review.Status.DRAFT)),
            )
            .annotate(due=F("visits_due") + F("slots_due"))
            .annotate(
                turn=Case(
                    When(barred=True, then=Value(9)),
                    When(due=0, then=Value(7)),
                    When(done__gte=F("due"), then=Value(8)),
                    When(on_stage=True, then=Value(0)),
                    When(begun__gt=0, then=Value(1)),
                    default=Value(2),
                )
            )
            .order_by("turn", "application__branch__path", "pk")
        )


class Assignment(models.Model):
    """分工：某评委在某评审组中负责评某支部。"""

    panel = models.ForeignKey(Panel, models.CASCADE, related_name="assignments")
    user = models.ForeignKey(User, models.PROTECT, related_name="assignments")
    application = models.ForeignKey(Application, models.PROTECT, related_name="assignments")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "分工"
        ordering = ["application__branch__path", "pk"]
        constraints = [models.UniqueConstraint(fields=["panel", "user", "application"], name="reviews_assigned_once")]

    def __str__(self) -> str:
        return f"{self.user} → {self.application}"


class SiteVisit(models.Model):
    """考评：对一个支部的一次动态考核或实地考评，创建期内可多次（S2-36）。"""

    class Kind(models.TextChoices):
        DYNAMIC = "dynamic", "动态考核"
        ONSITE = "onsite", "实地考评"

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "SiteVisit.QuerySet":
            free = self.filter(~Exists(Conflict.objects.against(user)))
            if user.runs_campaigns:
                return free
            if not user.scopes(*PANEL_ROLES):
                return free.none()
            mine = Assignment.objects.filter(user=user, panel=OuterRef("panel"), application=OuterRef("application"))
            return free.filter(Exists(mine))

    panel = models.ForeignKey(Panel, models.PROTECT, related_name="visits")
    application = models.ForeignKey(Application, models.PROTECT, related_name="visits")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    number = models.PositiveSmallIntegerField("第几次")
    visited_on = models.DateField("日期")
    note = models.CharField("说明", max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "考评"
        ordering = ["visited_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["panel", "application", "number"], name="reviews_visit_number"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}第{self.number}次"


class PresentationSession(models.Model):
    """现场展示：一次展示评审会，抽签定序，逐个开评、收评，收评前分数密封（S2-40）。"""

    panel = models.OneToOneField(Panel, models.PROTECT, related_name="session")
    held_on = models.DateField("日期")
    minutes_each = models.PositiveSmallIntegerField("每个分钟数", default=8)
    draw_seed = models.CharField("抽签种子", max_length=40, blank=True)
    drawn_at = models.DateTimeField("抽签时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "现场展示"

    def __str__(self) -> str:
        return f"{self.panel}现场展示"


class SlotQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "SlotQuerySet":
        return self.filter(session__panel__in=Panel.objects.visible_to(user))

    def on_stage(self) -> "SlotQuerySet":
        """Opened and not yet closed: its scores are sealed."""
        return self.filter(opened_at__isnull=False, closed_at=None)


class PresentationSlot(models.Model):
    """展示场次：一个支部的出场次序与开评、收评时间。"""

    session = models.ForeignKey(PresentationSession, models.CASCADE, related_name="slots")
    application = models.ForeignKey(Application, models.PROTECT, related_name="slots")
    order = models.PositiveSmallIntegerField("出场序号")
    opened_at = models.DateTimeField("开评时间", null=True)
    closed_at = models.DateTimeField("收评时间", null=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "展示场次"
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["session", "order"], name="reviews_slot_order"),
            models.UniqueConstraint(fields=["session", "application"], name="reviews_slot_once"),
            # One branch on the stage at a time.
            models.UniqueConstraint(
                fields=["session"], condition=Q(opened_at__isnull=False, closed_at=None), name="reviews_one_open_slot"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}号 {self.application}"

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None and self.closed_at is None


class ReviewQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ReviewQuerySet":
        """One's own; the city office sees every review, but scores only once final (see Review.sealed)."""
        free = self.filter(~Exists(Conflict.objects.against(user)))
        if user.runs_campaigns:
            return free
        return free.filter(reviewer=user) if user.scopes(*PANEL_ROLES) else free.none()

    def counting(self) -> "ReviewQuerySet":
        """Final reviews by people without a conflict, of nobody on the stage: only these ever enter a result."""
        conflicted = Exists(Conflict.objects.bars("application", "reviewer"))
        return self.filter(Q(slot=None) | Q(slot__closed_at__isnull=False), ~conflicted, status=Review.Status.FINAL)


class Review(models.Model):
    """评审：一人对一个支部一项计分构成（某次考评或展示）的一份评分。"""

    class Status(models.TextChoices):
        DRAFT = "draft", "未提交"
        FINAL = "final", "已提交"

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(User, models.PROTECT, related_name="reviews")
    application = models.ForeignKey(Application, models.PROTECT, related_name="reviews")
    component = models.ForeignKey(ScoreComponent, models.PROTECT, related_name="reviews")
    visit = models.ForeignKey(SiteVisit, models.PROTECT, null=True, blank=True, related_name="reviews")
    slot = models.ForeignKey(PresentationSlot, models.PROTECT, null=True, blank=True, related_name="reviews")
    status = models.CharField("状态", max_length=6, choices=Status.choices, default=Status.DRAFT)
    total = models.DecimalField("总分", max_digits=6, decimal_places=2, null=True, blank=True)
    # What grades and vetoes look at, as `Rubric.detail` gives it.
    detail = models.JSONField(default=dict, blank=True)
    comment = models.TextField("评语", max_length=1000, blank=True)
    finished_at = models.DateTimeField("提交时间", null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "评审"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reviewer", "visit"], condition=~Q(visit=None), name="reviews_once_per_visit"
            ),
            models.UniqueConstraint(fields=["reviewer", "slot"], condition=~Q(slot=None), name="reviews_once_per_slot"),
            models.CheckConstraint(
                condition=Q(visit=None, slot__isnull=False) | Q(visit__isnull=False, slot=None),
                name="reviews_visit_or_slot",
            ),
            models.CheckConstraint(
                condition=Q(status="draft") | Q(total__isnull=False), name="reviews_final_has_total"
            ),
        ]
        indexes = [models.Index(fields=["application", "component", "status"])]

    def __str__(self) -> str:
        return f"{self.reviewer} 评 {self.application_id}"

    @property
    def is_final(self) -> bool:
        return self.status == self.Status.FINAL

    @property
    def sealed(self) -> bool:
        """Nobody but the reviewer may know the scores: not handed in, or the branch is still on the stage."""
        return not self.is_final or (self.slot is not None and self.slot.closed_at is None)

    @property
    def event(self) -> "SiteVisit | PresentationSlot | None":
        return self.visit or self.slot


class Score(ScoredAnswer):
    """评分：一份评审中一项指标的得分。"""

    review = models.ForeignKey(Review, models.CASCADE, related_name="scores")

    class Meta:
        verbose_name = verbose_name_plural = "评分"
        constraints = [models.UniqueConstraint(fields=["review", "criterion"], name="reviews_one_score")]

    def __str__(self) -> str:
        return f"{self.review_id}/{self.criterion_id}: {self.points}"

    @property
    def last_hand(self) -> str:
        """Nobody but the reviewer writes on a sheet."""
        return "您自己在另一个页面或设备上"


class ResultSet(models.Model):
    """成绩：一条轨道一次计算的冻结结果，含方法、输入哈希与全部中间值；重算另存一份。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "ResultSet.QuerySet":
            return self.all() if user.runs_campaigns else self.none()

    track = models.ForeignKey(Track, models.PROTECT, related_name="results")
    number = models.PositiveSmallIntegerField("第几次计算")
    method = models.JSONField("方法")
    inputs = models.JSONField("输入")
    inputs_hash = models.CharField("输入哈希", max_length=64)
    blocked = models.TextField("不能公布的原因", blank=True)
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField("冻结时间", auto_now_add=True)
    decided_at = models.DateTimeField("定案时间", null=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "成绩"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["track", "number"], name="reviews_result_number"),
            models.UniqueConstraint(
                fields=["track"], condition=Q(decided_at__isnull=False), name="reviews_one_decided_result"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.track}成绩第{self.number}稿"


class ResultRow(models.Model):
    """成绩行：一个支部的各项得分、总分、名次与结论。"""

    class Outcome(models.TextChoices):
        SELECTED = "selected", "拟命名"
        RESERVE = "reserve", "候补"
        NOT_SELECTED = "not_selected", "未入选"
        INCOMPLETE = "incomplete", "资料不全"
        DISQUALIFIED = "disqualified", "一票否决"

    result = models.ForeignKey(ResultSet, models.CASCADE, related_name="rows")
    application = models.ForeignKey(Application, models.PROTECT, related_name="result_rows")
    components = models.JSONField("各项得分")
    final = models.DecimalField("总分", max_digits=6, decimal_places=2, null=True)
    rank = models.PositiveIntegerField("名次", null=True)
    tied = models.BooleanField("并列", default=False)
    decided_by = models.CharField("同分依据", max_length=40, blank=True)
    outcome = models.CharField("结论", max_length=14, choices=Outcome.choices)
    reserve_order = models.PositiveSmallIntegerField("候补次序", null=True)
    grade = models.CharField("等次", max_length=20, blank=True)
    stars = models.PositiveSmallIntegerField("得星", null=True)  # none where no dimension has a line
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "成绩行"
        ordering = ["rank", "application__branch__path"]
        constraints = [models.UniqueConstraint(fields=["result", "application"], name="reviews_one_row")]

    def __str__(self) -> str:
        return f"{self.rank} {self.application_id} {self.final}"


class PublicNotice(models.Model):
    """公示：拟命名名单在系统内公示若干工作日；递补的支部另发一份。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "PublicNotice.QuerySet":
            """Public to everyone in the system."""
            return self.all()

    track = models.ForeignKey(Track, models.PROTECT, related_name="public_notices")
    number = models.PositiveSmallIntegerField("第几份", default=1)
    result = models.ForeignKey(ResultSet, models.PROTECT, related_name="+")
    applications = models.ManyToManyField(Application, related_name="public_notices", verbose_name="名单")
    title = models.CharField("标题", max_length=120)
    body = models.TextField("正文")
    opens_on = models.DateField("公示起")
    closes_on = models.DateField("公示止")
    published_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    published_at = models.DateTimeField(auto_now_add=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "公示"
        ordering = ["-opens_on", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["track", "number"], name="reviews_notice_number"),
            models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="reviews_notice_dates"),
        ]

    def __str__(self) -> str:
        return self.title


class Approval(models.Model):
    """报批：市局党委对命名授牌的批准，机关、文号、日期（S2-44）。"""

    track = models.OneToOneField(Track, models.PROTECT, related_name="approval")
    approved_by = models.CharField("批准机关", max_length=80)
    number = models.CharField("批准文号", max_length=80)
    approved_on = models.DateField("批准日期")
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "报批"

    def __str__(self) -> str:
        return self.number


class AwardQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "AwardQuerySet":
        """Named branches are public to everyone in the system (S1-12, S1-64); one struck off later is none."""
        return self.filter(application__status=Status.NAMED)


class Award(models.Model):
    """命名授牌：称号、命名文号、牌匾编号与有效期。"""

    application = models.OneToOneField(Application, models.PROTECT, related_name="award")
    title = models.CharField("称号", max_length=80)
    document_number = models.CharField("命名文号", max_length=80)
    plaque_number = models.CharField("牌匾编号", max_length=40, unique=True)
    named_on = models.DateField("命名日期")
    valid_until = models.DateField("有效期至")
    named_by = models.ForeignKey(User, models.PROTECT, related_name="+")

    objects = AwardQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "命名授牌"
        ordering = ["-named_on", "plaque_number"]

    def __str__(self) -> str:
        return f"{self.plaque_number} {self.title}"


def same_committee(user: User, branch: Branch) -> bool:
    """Whether the person's unit and the branch belong to the same committee right below the city's."""
    county = branch.path[: 2 * branch.steplen]
    return len(branch.path) >= 2 * branch.steplen and user.unit.path.startswith(county)
