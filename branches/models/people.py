"""党组织、人员与授权、审计链: what every floor above needs."""

import datetime
import hashlib
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import rules
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from branches.roles import BRANCH_ROLES, READING_ROLES, Role


def under(paths: Iterable[str], field: str = "path") -> Q:
    """A filter for nodes at or below any of the given tree paths; no path at all matches nothing."""
    scope = Q(pk__in=[])
    for path in paths:
        scope |= Q(**{f"{field}__startswith": path})
    return scope


def above(paths: Iterable[str], field: str = "path") -> Q:
    """A filter for nodes at or above any of the given tree paths; no path at all matches nothing."""
    step = Branch.steplen
    return Q(**{f"{field}__in": {path[:end] for path in paths for end in range(step, len(path) + 1, step)}})


def named(text: str, prefix: str = "") -> Q:
    """A filter for people by part of their name or 警号."""
    return Q(**{f"{prefix}name__icontains": text}) | Q(**{f"{prefix}police_no__icontains": text})


class BranchQuerySet(MP_NodeQuerySet):
    def visible_to(self, user: "User") -> "BranchQuerySet":
        """Every node at or below a node on which the user holds any role, own unit included."""
        return self.filter(under({grant.path for grant in user.grants}))

    def grassroots(self) -> "BranchQuerySet":
        """党支部 only: the nodes that take part in campaigns."""
        return self.filter(kind=Branch.Kind.BRANCH, active=True)

    def kept_by(self, user: "User") -> "BranchQuerySet":
        """The 党支部 the user works for as 书记 or 经办人."""
        return self.grassroots().filter(under(user.scopes(*BRANCH_ROLES)))

    def signing(self, scope: "Branch | None" = None) -> "BranchQuerySet":
        """Whom something published is sent to: the 党支部 below the committee, or every one."""
        return self.grassroots().filter(path__startswith=scope.path) if scope else self.grassroots()

    def recommending(self) -> "BranchQuerySet":
        return self.filter(recommends=True, active=True)


class BranchManager(MP_NodeManager.from_queryset(BranchQuerySet)):
    def get_queryset(self) -> BranchQuerySet:
        """The tree's own manager would hand out its own queryset, without the words above."""
        return BranchQuerySet(self.model, using=self._db).order_by("path")


class Branch(MP_Node):
    """党组织：一棵树，从市局党委到党支部。"""

    class Kind(models.TextChoices):
        COMMITTEE = "committee", "党委"
        GENERAL_BRANCH = "general_branch", "党总支"
        BRANCH = "branch", "党支部"

    name = models.CharField("全称", max_length=120)
    short_name = models.CharField("简称", max_length=60)
    code = models.CharField("编码", max_length=32, unique=True)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    line = models.CharField("警种/序列", max_length=40, blank=True)
    founded_on = models.DateField("成立时间", null=True, blank=True)
    term_ends_on = models.DateField("本届届满", null=True, blank=True)
    full_members = models.PositiveIntegerField("正式党员", default=0)
    probationary_members = models.PositiveIntegerField("预备党员", default=0)
    officers = models.PositiveIntegerField("民警", default=0)
    auxiliaries = models.PositiveIntegerField("辅警", default=0)
    solid_grade = models.CharField("过硬支部等次", max_length=40, blank=True, help_text="未达标请留空")
    solid_basis = models.CharField("过硬支部认定文号", max_length=80, blank=True)
    recommends = models.BooleanField("推荐单位", default=False, help_text="县分局党委、支队党委：排序推荐候选支部")
    nominates_itself = models.BooleanField("自荐", default=False, help_text="市局机关支部：走自荐通道（S2-33）")
    active = models.BooleanField("启用", default=True)

    objects = BranchManager()

    class Meta:
        verbose_name = verbose_name_plural = "党组织"
        indexes = [models.Index(fields=["kind", "line"])]

    def __str__(self) -> str:
        return self.name

    def get_parent(self, update: bool = False) -> "Branch | None":
        return Branch.objects.get_parent(self, update)

    def get_ancestors(self) -> BranchQuerySet:
        """From the root down to the parent."""
        return Branch.objects.get_ancestors(self)

    @property
    def secretary(self) -> "CommitteeMember | None":
        return next((member for member in self.members.all() if member.is_secretary), None)

    @property
    def party_members(self) -> int:
        return self.full_members + self.probationary_members


class CommitteeMember(models.Model):
    """支委：姓名、党内职务、分工。"""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="members")
    name = models.CharField("姓名", max_length=40)
    post = models.CharField("党内职务", max_length=40)
    duties = models.CharField("分工", max_length=120, blank=True)
    rank_title = models.CharField("行政职务", max_length=60, blank=True)
    since = models.DateField("任职时间", null=True, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_secretary = models.BooleanField("书记", default=False)
    order = models.PositiveSmallIntegerField("次序", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "支委"
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch"], condition=Q(is_secretary=True), name="branches_one_secretary_per_branch"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.post}）"


class HonourQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> "HonourQuerySet":
        """Those of the branches one reads."""
        return self.filter(under(user.scopes(*READING_ROLES), "branch__path"))

    def matching(self, *, q: str = "", level: str = "", branch: Branch | None = None) -> "HonourQuerySet":
        """What a filter asks for: part of a name, a level, a subtree."""
        rows = self.filter(name__icontains=q) if q else self.all()
        rows = rows.filter(level=level) if level else rows
        return rows.filter(branch__path__startswith=branch.path) if branch else rows


class Honour(models.Model):
    """荣誉：支部集体或个人所获的表彰，记一次，多处引用（S1-60, S1-87）。"""

    class Level(models.TextChoices):
        NATIONAL = "national", "国家级"
        PROVINCIAL = "provincial", "省部级"
        CITY = "city", "市厅级"
        COUNTY = "county", "县处级"
        OTHER = "other", "其他"

    class Holder(models.TextChoices):
        COLLECTIVE = "collective", "集体"
        PERSONAL = "personal", "个人"

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="honours", verbose_name="党支部")
    name = models.CharField("荣誉名称", max_length=120)
    level = models.CharField("级别", max_length=12, choices=Level.choices)
    holder = models.CharField("获奖对象", max_length=12, choices=Holder.choices, default=Holder.COLLECTIVE)
    recipient = models.CharField("获奖人", max_length=60, blank=True, help_text="个人荣誉填写姓名")
    issuer = models.CharField("授予机关", max_length=80)
    document_number = models.CharField("文号", max_length=60, blank=True)
    awarded_on = models.DateField("授予日期")
    recorded_by = models.ForeignKey("User", models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField("登记时间", auto_now_add=True)

    objects = HonourQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "荣誉"
        ordering = ["-awarded_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "name", "recipient", "awarded_on"], name="branches_honour_recorded_once"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def words(self) -> str:
        """One line as it is written in a form: time, name, who gave it, who got it."""
        day = f"{self.awarded_on.year}年{self.awarded_on.month}月"
        person = f"　{self.recipient}" if self.holder == self.Holder.PERSONAL and self.recipient else ""
        return f"{day}　{self.name}　{self.issuer}{person}"

    @property
    def mark(self) -> str:
        """Which state of the entry a page was showing."""
        said = (self.level, self.holder, self.document_number, self.awarded_on.isoformat())
        return hashlib.sha256(repr((self.words, *said)).encode()).hexdigest()[:16]


class UserQuerySet(models.QuerySet):
    def visible_to(self, user: "User") -> "UserQuerySet":
        """The accounts an administrator looks after: those of the units below the grant."""
        return self.filter(under(user.scopes(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN), "unit__path"))

    def matching(self, *, q: str = "", unit: Branch | None = None, state: str = "") -> "UserQuerySet":
        """What a filter asks for: part of a name or 警号, a subtree, switched on or off."""
        rows = self.filter(named(q)) if q else self.all()
        if unit:
            rows = rows.filter(unit__path__startswith=unit.path)
        return rows.filter(is_active=state == "active") if state else rows


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, police_no: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(police_no=police_no, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """人员：以警号登录，权限全部来自职务授权。"""

    class Pace(models.TextChoices):
        EACH = "each", "逐条发送"
        DAILY = "daily", "每天汇总一次"

    police_no = models.CharField("警号", max_length=20, unique=True)
    name = models.CharField("姓名", max_length=40)
    unit = models.ForeignKey(Branch, models.PROTECT, related_name="people", verbose_name="所在党组织")
    email = models.EmailField("邮箱", blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    speciality = models.CharField("专长", max_length=60, blank=True)
    notice_pace = models.CharField("站外通知", max_length=8, choices=Pace.choices, default=Pace.EACH)
    is_active = models.BooleanField("启用", default=True)
    valid_until = models.DateField("账号有效期至", null=True, blank=True)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "police_no"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = verbose_name_plural = "人员"
        ordering = ["police_no"]

    def __str__(self) -> str:
        return self.name

    @cached_property
    def grants(self) -> list["RoleGrant"]:
        """The grants in force today, read once per request: of each, what is asked of it on every page."""
        rows = self.role_grants.in_force().select_related("branch")
        return list(
            rows.only("user", "role", *(f"branch__{name}" for name in ("path", "kind", "short_name", "active")))
        )

    @cached_property
    def roles(self) -> frozenset[str]:
        return frozenset(grant.role for grant in self.grants)

    def scopes(self, *roles: str) -> list[str]:
        """The tree paths on which the user holds one of the roles."""
        return sorted({grant.path for grant in self.grants if grant.role in roles})

    def holds(self, roles: Iterable[str], branch: Branch) -> bool:
        """Whether the user holds one of the roles on the branch itself or on a node above it."""
        return any(branch.path.startswith(path) for path in self.scopes(*roles))

    @property
    def runs_campaigns(self) -> bool:
        """活动管理员 of the whole tree. Campaigns, panels and results span every committee, so a grant on a node
        further down opens none of them."""
        return any(len(path) == Branch.steplen for path in self.scopes(Role.CAMPAIGN_ADMIN))

    @property
    def runs_system(self) -> bool:
        """系统管理员 of the whole tree: the machine's own state concerns every unit."""
        return any(len(path) == Branch.steplen for path in self.scopes(Role.SYSTEM_ADMIN))

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        return self.is_active and rules.has_perm(perm, self, obj)


class RoleGrant(models.Model):
    """职务授权：某人在某党组织（含下级）担任某职务，有起止日期。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: "User") -> "RoleGrant.QuerySet":
            return self.filter(under(user.scopes(Role.SECURITY_ADMIN), "branch__path"))

        def matching(self, *, q: str = "", role: str = "", state: str = "") -> "RoleGrant.QuerySet":
            """What a filter asks for; without a state, those not yet over."""
            over = Q(valid_to__lt=timezone.localdate())
            rows = {"over": self.filter(over), "all": self.all()}.get(state, self.exclude(over))
            rows = rows.filter(role=role) if role else rows
            return rows.filter(named(q, "user__")) if q else rows

        def in_force(self, on: datetime.date | None = None) -> "RoleGrant.QuerySet":
            on = on or timezone.localdate()
            return self.filter(Q(valid_to=None) | Q(valid_to__gte=on), valid_from__lte=on)

        def over(self, branch: Branch) -> "RoleGrant.QuerySet":
            """Grants that cover the branch: made on it or on a node above it."""
            return self.filter(above([branch.path], "branch__path"))

    user = models.ForeignKey(User, models.CASCADE, related_name="role_grants", verbose_name="人员")
    role = models.CharField("职务", max_length=20, choices=Role.choices)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="role_grants", verbose_name="党组织")
    valid_from = models.DateField("自", default=timezone.localdate)
    valid_to = models.DateField("至", null=True, blank=True)
    granted_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="授权人")
    granted_at = models.DateTimeField("授权时间", auto_now_add=True)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "职务授权"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "role", "branch", "valid_from"], name="branches_one_grant"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gte=models.F("valid_from")), name="branches_grant_dates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.branch}"

    @property
    def path(self) -> str:
        return self.branch.path

    @property
    def is_over(self) -> bool:
        return self.valid_to is not None and self.valid_to < timezone.localdate()


class AuditHead(models.Model):
    """审计链头：最后一条的序号与哈希；写入时锁定这一行，使链不分叉。"""

    last_seq = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.last_seq} {self.last_hash[:12]}"


class AuditEntry(models.Model):
    """审计记录：何人、何时、从何处、对何物、改了什么；只增不改，逐条哈希相连。"""

    class QuerySet(models.QuerySet):
        def visible_to(self, user: User) -> "AuditEntry.QuerySet":
            """The auditor reads the log of the subtree granted; nobody else reads any of it (三员分立)."""
            paths = user.scopes(Role.AUDITOR)
            if not paths:
                return self.none()
            return self.filter(Q(branch=None) | under(paths, "branch__path"))

        def matching(
            self,
            *,
            q: str = "",
            action: str = "",
            target: str = "",
            label: str = "",
            branch: Branch | None = None,
            since: datetime.datetime | None = None,
            until: datetime.datetime | None = None,
        ) -> "AuditEntry.QuerySet":
            """What a filter asks for; `until` is the first instant that no longer counts."""
            asked = {
                "actor_label__icontains": q,
                "action": action,
                "target__startswith": f"{target}:" if target else "",
                "target_label__icontains": label,
                "branch__path__startswith": branch.path if branch else "",
                "at__gte": since,
                "at__lt": until,
            }
            return self.filter(**{field: value for field, value in asked.items() if value})

    seq = models.BigIntegerField("序号", unique=True)
    at = models.DateTimeField("时间", db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name="操作人")
    actor_label = models.CharField("操作人姓名与警号", max_length=80)
    action = models.CharField("动作", max_length=60, db_index=True)
    target = models.CharField("对象", max_length=60, db_index=True)
    target_label = models.CharField("对象名称", max_length=200)
    branch = models.ForeignKey(Branch, models.PROTECT, null=True, related_name="+", verbose_name="党组织")
    origin = models.CharField("来源", max_length=120)
    changes = models.JSONField("变化", default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = QuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "审计记录"
        ordering = ["-seq"]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.target_label}"

    @property
    def kind(self) -> str:
        """What sort of thing it happened to."""
        return self.target.split(":")[0]
