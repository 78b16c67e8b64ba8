"""方案与标准送到每个支部: local plans, what was published to whom, and who signed for it and studied it."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from branches.models import Branch, User, above, under
from branches.roles import COMMITTEE_ROLES, READING_ROLES, Role
from standards.models.campaigns import Campaign


class LocalPlanQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "LocalPlanQuerySet":
        """One's own committee's with its drafts; published ones of every organisation above one's own posts."""
        own = under(user.scopes(*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN), "organiser__path")
        heard = above(user.scopes(*READING_ROLES), "organiser__path") & Q(published_at__isnull=False)
        return self.filter(own | heard)


class LocalPlan(models.Model):
    """本级方案：县分局（支队）党委对一个创建活动的本级方案与补充要求，与市局方案同时可见（S2-27）。"""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="local_plans", verbose_name="活动")
    organiser = models.ForeignKey(Branch, models.PROTECT, related_name="local_plans", verbose_name="党组织")
    title = models.CharField("标题", max_length=120)
    body = models.TextField("补充要求", max_length=10000, blank=True)
    file = models.FileField("方案原件", upload_to="plans/", max_length=200, blank=True)
    file_name = models.CharField("文件名", max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1)
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    updated_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = LocalPlanQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "本级方案"
        ordering = ["organiser__path"]
        constraints = [models.UniqueConstraint(fields=["campaign", "organiser"], name="standards_one_local_plan")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("standards:local_plan", args=[self.campaign_id, self.organiser_id])


class PublicationQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PublicationQuerySet":
        """The city's are everybody's; a committee's those of its subtree and of the city office."""
        if user.runs_campaigns:
            return self.all()
        paths = user.scopes(*READING_ROLES)
        return self.filter(Q(scope=None) | under(paths, "scope__path") | above(paths, "scope__path"))


class Publication(models.Model):
    """发布：方案、标准或其修订送达范围内各支部，要求签收并组织学习（S1-38）。"""

    class Kind(models.TextChoices):
        PLAN = "plan", "方案与标准"
        CHANGE = "change", "标准修订"
        LOCAL = "local", "本级方案"

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="publications", verbose_name="活动")
    number = models.PositiveSmallIntegerField("第几次")
    kind = models.CharField("类别", max_length=10, choices=Kind.choices)
    title = models.CharField("标题", max_length=160)
    body = models.TextField("内容", blank=True)
    # None: every branch; else the subtree of the committee that published.
    scope = models.ForeignKey(Branch, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="范围")
    due_on = models.DateField("签收期限", null=True, blank=True)
    published_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField("发布时间", auto_now_add=True)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "发布"
        ordering = ["-published_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["campaign", "number"], name="standards_publication_number")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("standards:publication", args=[self.pk])

    def concerns(self, branch: Branch) -> bool:
        """Whether this 党支部 is to sign for it; read with `scope`."""
        if not branch.active or branch.kind != Branch.Kind.BRANCH:
            return False
        return self.scope is None or branch.path.startswith(self.scope.path)


class AcknowledgementQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "AcknowledgementQuerySet":
        return self.filter(under(user.scopes(*READING_ROLES), "branch__path"))


class Acknowledgement(models.Model):
    """签收：支部签收一次发布，并登记学习情况，民警、辅警分别统计应学、实学与补学（S1-38、S1-41）。"""

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="acknowledgements")
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="acknowledgements", verbose_name="党支部")
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="签收人")
    signed_at = models.DateTimeField("签收时间", auto_now_add=True)
    studied_on = models.DateField("学习日期", null=True, blank=True)
    officers_expected = models.PositiveIntegerField("民警应学", null=True, blank=True)
    officers_studied = models.PositiveIntegerField("民警实学", null=True, blank=True)
    officers_later = models.PositiveIntegerField("民警补学", default=0)
    auxiliaries_expected = models.PositiveIntegerField("辅警应学", null=True, blank=True)
    auxiliaries_studied = models.PositiveIntegerField("辅警实学", null=True, blank=True)
    auxiliaries_later = models.PositiveIntegerField("辅警补学", default=0)
    how = models.CharField("学习方式", max_length=200, blank=True)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    updated_at = models.DateTimeField("更新时间", auto_now=True)

    objects = AcknowledgementQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "签收"
        ordering = ["branch__path"]
        constraints = [
            models.UniqueConstraint(fields=["publication", "branch"], name="standards_signed_once"),
            models.CheckConstraint(
                condition=Q(officers_studied=None)
                | Q(officers_studied__lte=F("officers_expected") - F("officers_later")),
                name="standards_officers_studied",
            ),
            models.CheckConstraint(
                condition=Q(auxiliaries_studied=None)
                | Q(auxiliaries_studied__lte=F("auxiliaries_expected") - F("auxiliaries_later")),
                name="standards_auxiliaries_studied",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} 签收 {self.publication}"

    @property
    def mark(self) -> str:
        """Which state of the record a page was showing."""
        return self.updated_at.isoformat()

    @property
    def has_study(self) -> bool:
        return self.studied_on is not None
