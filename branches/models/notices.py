"""通知: what people are told in the app, and how it goes out to them by mail and other channels."""

import datetime
import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from branches.models.people import User, named

# What the reminder run and the buttons “催办” write; everything else tells of something that has happened.
REMINDERS = "remind."


class NoticeQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "NoticeQuerySet":
        return self.filter(recipient=user)

    def overseen_by(self, user: User) -> "NoticeQuerySet":
        """Who was told what, and what came of it: the city office's to see, nobody else's."""
        return self.all() if user.runs_campaigns else self.none()

    def unread(self) -> "NoticeQuerySet":
        """Not seen yet and still to be seen: a reminder of what is done by now asks for nothing."""
        return self.filter(read_at=None, settled_at=None)

    def of_kind(self, kind: str) -> "NoticeQuerySet":
        """By the first word of the kind: remind, application, …"""
        return self.filter(kind__startswith=f"{kind}.") if kind else self.all()

    def in_inbox(
        self,
        *,
        kind: str = "",
        q: str = "",
        since: datetime.date | None = None,
        until: datetime.date | None = None,
    ) -> "NoticeQuerySet":
        """What the person's own filter asks for."""
        rows = self.of_kind(kind)
        if q:
            rows = rows.filter(Q(title__icontains=q) | Q(body__icontains=q))
        asked = {"due_on__gte": since, "due_on__lte": until}
        return rows.filter(**{field: value for field, value in asked.items() if value})

    def reminders(self) -> "NoticeQuerySet":
        return self.filter(kind__startswith=REMINDERS)

    def matching(
        self,
        *,
        q: str = "",
        topic: str = "",
        duty: str = "",
        outcome: str = "",
        since: datetime.date | None = None,
        until: datetime.date | None = None,
    ) -> "NoticeQuerySet":
        """What the office's filter asks for: the person, the campaign, the duty, what came of it, the days."""
        rows = self.filter(named(q, "recipient__") | Q(recipient__unit__short_name__icontains=q)) if q else self.all()
        asked = {"topic": topic, "due_on__gte": since, "due_on__lte": until}
        rows = rows.filter(**{field: value for field, value in asked.items() if value})
        if duty:
            rows = rows.filter(Q(kind=f"{REMINDERS}{duty}") | Q(kind__startswith=f"{REMINDERS}{duty}."))
        return rows.filter(_OUTCOMES[outcome](self.model)) if outcome in _OUTCOMES else rows


def _with_delivery(*states: str):
    return lambda model: models.Exists(Delivery.objects.filter(notice=models.OuterRef("pk"), state__in=states))


_OUTCOMES = {
    "done": lambda model: Q(settled_at__isnull=False),
    "open": lambda model: Q(settled_at=None),
    "unread": lambda model: Q(read_at=None, settled_at=None),
    "sent": _with_delivery("sent"),
    "waiting": _with_delivery("pending", "sending"),
    "trouble": _with_delivery("failed", "doubt"),
    "cancelled": _with_delivery("cancelled"),
}


class Notice(models.Model):
    """通知：站内必到的一条；同一事由、同类、同一人、同一天只有一条。"""

    uid = models.UUIDField(default=uuid.uuid4, editable=False)
    recipient = models.ForeignKey(User, models.CASCADE, related_name="notices")
    kind = models.CharField("类别", max_length=60)
    about = models.CharField("事由", max_length=60)
    # The campaign it belongs to, as “campaign:5”; this floor knows no campaigns.
    topic = models.CharField("活动", max_length=60, blank=True)
    due_on = models.DateField("日期")
    title = models.CharField("标题", max_length=200)
    body = models.TextField("内容", blank=True)
    url = models.CharField("去处理", max_length=200, blank=True)
    # Who urged by hand; nobody for what the system wrote of itself.
    sender = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="催办人")
    # The grants by which the person was told: without any of them in force nothing goes out any more.
    grants = models.JSONField("凭何职务", default=list, blank=True)
    # What it asks for, and until when; once none of it is owed any more it is settled.
    matters = models.JSONField("所催事项", default=list, blank=True)
    deadline = models.DateTimeField("截止", null=True)
    settled_at = models.DateTimeField("办结时间", null=True)
    created_at = models.DateTimeField("时间", default=timezone.now, db_index=True)
    read_at = models.DateTimeField("已读时间", null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["about", "kind", "recipient", "due_on"], name="branches_notice_once"),
            models.UniqueConstraint(fields=["uid"], name="branches_notice_uid"),
        ]
        indexes = [
            models.Index(
                fields=["recipient"], condition=Q(read_at=None, settled_at=None), name="branches_notice_unread"
            ),
            models.Index(fields=["recipient", "-created_at"], name="branches_notice_inbox"),
            models.Index(fields=["topic", "-created_at"], name="branches_notice_topic"),
        ]

    def __str__(self) -> str:
        return self.title


class Delivery(models.Model):
    """送达：一条通知经一个渠道发给本人的一次；先认领后发送，最多一次，没有把握的如实记下。"""

    class QuerySet(models.QuerySet):
        def overseen_by(self, user: User) -> "Delivery.QuerySet":
            return self.all() if user.runs_campaigns else self.none()

        def due(self, now: datetime.datetime) -> "Delivery.QuerySet":
            return self.filter(state=Delivery.State.PENDING, not_before__lte=now)

        def resendable(self) -> "Delivery.QuerySet":
            return self.filter(state__in=Delivery.RESENDABLE)

    class State(models.TextChoices):
        PENDING = "pending", "待发送"
        SENDING = "sending", "发送中"
        SENT = "sent", "已发送"
        FAILED = "failed", "发送失败"
        DOUBT = "doubt", "无法确认"
        CANCELLED = "cancelled", "已取消"

    RESENDABLE = (State.FAILED, State.DOUBT)

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    channel = models.CharField("渠道", max_length=20)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PENDING)
    digest = models.BooleanField("并入当日汇总", default=False)
    not_before = models.DateTimeField("最早发送", default=timezone.now)
    # Set aside for one worker: it asks for many at once, others look past them until then.
    holder = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)
    # Who is sending it, since when: the outcome is noted under the same claim only.
    claim = models.UUIDField(null=True)
    claimed_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    sent_at = models.DateTimeField("发送时间", null=True)
    error = models.TextField("原因", blank=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "送达"
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["notice", "channel"], name="branches_delivery_once")]
        indexes = [
            models.Index(
                fields=["channel", "not_before", "id"], condition=Q(state="pending"), name="branches_delivery_due"
            ),
            models.Index(fields=["claim"], condition=Q(state="sending"), name="branches_delivery_claimed"),
            models.Index(
                fields=["state"],
                condition=Q(state__in=["sending", "failed", "doubt"]),
                name="branches_delivery_watched",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.notice_id} {self.state}"

    @property
    def can_resend(self) -> bool:
        return self.state in self.RESENDABLE
