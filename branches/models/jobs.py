"""后台任务与心跳: what the workers are at, and whether they are alive."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from branches.models.people import User, under
from branches.roles import Role


class Job(models.Model):
    """后台任务：工作进程替人做的一件事；进程被杀后凭租期重新排队。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "Job.QuerySet":
            return self.filter(owner=user)

        def overseen_by(self, user: User) -> "Job.QuerySet":
            """Those of the people below the system administrator's grant; nobody's own below none but the whole tree."""
            paths = user.scopes(Role.SYSTEM_ADMIN)
            of_people = self.filter(under(paths, "owner__unit__path"))
            return of_people | self.filter(owner=None) if user.runs_system else of_people

    class State(models.TextChoices):
        QUEUED = "queued", "排队中"
        RUNNING = "running", "进行中"
        DONE = "done", "已完成"
        FAILED = "failed", "失败"

    task = models.CharField("任务名", max_length=80)
    target = models.CharField("对象", max_length=60)
    owner = models.ForeignKey(User, models.CASCADE, null=True, related_name="jobs")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "后台任务"
        ordering = ["-pk"]
        constraints = [
            # One unfinished job per thing to do: pressing the button twice does not do the work twice.
            models.UniqueConstraint(
                fields=["task", "target"],
                condition=Q(state__in=["queued", "running"]),
                name="branches_one_open_job",
            )
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.target}"

    @property
    def unfinished(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class Heartbeat(models.Model):
    """心跳：每项定时任务最近一次办成与办坏的时间，供健康检查使用。"""

    name = models.CharField(max_length=80, unique=True)
    at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.name} {self.at or '—'}"
