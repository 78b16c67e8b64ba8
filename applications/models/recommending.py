"""推荐: a committee's ranked list."""

from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from branches.models import Branch, User, under
from standards.models import Track


class RecommendationListQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RecommendationListQuerySet":
        return self.filter(under(user.scopes("committee_clerk", "committee_head", "campaign_admin"), "committee__path"))


class RecommendationList(models.Model):
    """推荐名单：一个推荐单位在一条轨道上的排序推荐，党委负责人确认后锁定。"""

    track = models.ForeignKey(Track, models.PROTECT, related_name="recommendation_lists")
    committee = models.ForeignKey(Branch, models.PROTECT, related_name="recommendation_lists")
    version = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField("最近保存", null=True, blank=True)
    saved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    # How many were confirmed: an empty list cannot be (S2-32).
    confirmed_number = models.PositiveSmallIntegerField("确认个数", null=True, blank=True)

    objects = RecommendationListQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "推荐名单"
        constraints = [
            models.UniqueConstraint(fields=["track", "committee"], name="applications_one_list"),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(confirmed_number__isnull=False, confirmed_number__gte=1),
                name="applications_confirmed_not_empty",
            ),
        ]

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
