"""Rows for tests. Every parent is named by the caller: a factory never makes a branch, user or track on the quiet."""

import datetime

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from applications.models import Application, Evidence
from branches.models import Branch, CommitteeMember, RoleGrant, User
from standards.models import (
    Campaign,
    Criterion,
    FormField,
    GradeBand,
    Rubric,
    ScoreComponent,
    ScoreRule,
    Stage,
    StageTask,
    Track,
)
from standards.services import rubrics as rubric_services

PASSWORD = "chuangjian-2026"


def days(number: int) -> datetime.date:
    """Today in Shanghai plus so many days."""
    return timezone.localdate() + datetime.timedelta(days=number)


class BranchFactory(factory.django.DjangoModelFactory):
    """`BranchFactory(parent=node, short_name="城关所")`; without a parent it is a root."""

    class Meta:
        model = Branch

    kind = Branch.Kind.BRANCH
    code = factory.Sequence(lambda n: f"Z-{n:04d}")
    short_name = factory.Sequence(lambda n: f"第{n}所")
    name = factory.LazyAttribute(lambda o: f"{o.short_name}{Branch.Kind(o.kind).label}")

    @classmethod
    def _create(cls, model, *args, parent=None, **fields):
        if parent is None:
            return model.objects.add_root(create_kwargs=fields)
        # Read afresh: the tree keeps the number of children on the parent.
        return model.objects.add_child(model.objects.get(pk=parent.pk), create_kwargs=fields)


class MemberFactory(factory.django.DjangoModelFactory):
    """`MemberFactory(branch=…)`: a 支委; `is_secretary=True` for the 书记."""

    class Meta:
        model = CommitteeMember

    name = "支部书记A"
    post = "书记"
    rank_title = "所长"
    phone = "0000-1000000"


class UserFactory(factory.django.DjangoModelFactory):
    """`UserFactory(unit=branch)`; the password is PASSWORD."""

    class Meta:
        model = User

    police_no = factory.Sequence(lambda n: f"{900000 + n}")
    name = factory.LazyAttribute(lambda o: f"民警{o.police_no}")
    email = factory.LazyAttribute(lambda o: f"{o.police_no}@example.test")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))


class GrantFactory(factory.django.DjangoModelFactory):
    """`GrantFactory(user=…, role=Role.CLERK, branch=…)`."""

    class Meta:
        model = RoleGrant


class ApplicationFactory(factory.django.DjangoModelFactory):
    """`ApplicationFactory(branch=…, track=…)`: 筹备中, nothing filled in."""

    class Meta:
        model = Application


class RubricFactory(factory.django.DjangoModelFactory):
    """A draft without criteria."""

    class Meta:
        model = Rubric

    code = factory.Sequence(lambda n: f"Q{n}")
    name = "试用标准"


class CampaignFactory(factory.django.DjangoModelFactory):
    """A draft with its approval on record; `open_campaign` opens it."""

    class Meta:
        model = Campaign

    code = factory.Sequence(lambda n: f"C{n}")
    name = "试用创建活动实施方案"
    short_name = "试用创建活动"
    approved_by = "市局党委"
    approval_number = "党发〔2026〕1号"
    approved_on = datetime.date(2026, 1, 5)


def tiny_rubric(code: str = "TINY") -> Rubric:
    """A published rubric of 100 points with one criterion of each kind and a bonus dimension of 5."""
    rubric = RubricFactory(code=code, name="小标准")
    top = Criterion.objects.create(
        rubric=rubric, order=1, code="A", title="基本项", kind=Criterion.Kind.GROUP, max_points=100
    )
    bonus = Criterion.objects.create(
        rubric=rubric, order=90, code="B", title="加分项", kind=Criterion.Kind.GROUP, max_points=5, is_bonus=True
    )
    rows = [
        (top, "A1", "打分", "points", 30, []),
        (top, "A2", "等次", "levels", 20, [("好", 20), ("较好", 15), ("一般", 10), ("差", 0)]),
        (top, "A3", "计次", "count", 20, [("每次", 5)]),
        (top, "A4", "扣分", "deduct", 20, [("每少1次", "0.5"), ("每迟1次", "0.25")]),
        (top, "A5", "全有或全无", "check", 10, []),
        (top, "A6", "一票否决", "veto", 0, []),
        (top, "A7", "说明", "plain", 0, []),
        (bonus, "B1", "获奖", "count", 5, [("每项", 2)]),
    ]
    for order, (parent, item_code, title, kind, points, given) in enumerate(rows, 2):
        criterion = Criterion.objects.create(
            rubric=rubric, parent=parent, order=order if parent == top else order + 90, code=item_code, title=title,
            text=f"{title}的标准原文", kind=kind, max_points=points, evidence_hints=["照片"],
        )  # fmt: skip
        for place, (label, value) in enumerate(given):
            ScoreRule.objects.create(criterion=criterion, order=place, label=label, points=value)
    return rubric_services.publish_rubric(Rubric.objects.get(pk=rubric.pk), by=None)


# Below: code, parent, title, kind, points, fields, and the lines as (label, points, fields).
WIDE = [
    ("A", "", "组织建设", "group", 60, {"line": 48}, []),
    ("A1", "A", "组织生活", "group", 30, {}, []),
    ("A11", "A1", "党课质量", "points", 10, {"step": "0.1"}, []),
    ("A12", "A1", "台账", "levels", 10, {}, [("好", 10, {}), ("较好", 8, {}), ("一般", 5, {})]),
    ("A13", "A1", "参会", "deduct", 10, {}, [("缺席", "0.5", {"unit": "人次", "max_times": 10}), ("每少1次", 1, {})]),
    ("A2", "A", "表彰", "group", 20, {"pick": "highest"}, []),
    ("A21", "A2", "省级表彰", "check", 20, {}, []),
    ("A22", "A2", "市级表彰", "check", 12, {}, []),
    ("A23", "A2", "县级表彰", "count", 8, {}, [("县级", 4, {"unit": "项"})]),
    ("A3", "A", "群众评价", "deduct", 10, {"floor": -5}, [
        ("满意率", 1, {"unit": "%", "threshold": 90, "per": 10, "first": "0.5"}),
        ("投诉", "0.5", {"unit": "件", "threshold": 3, "per": 2, "above": True, "steps": "begun"}),
    ]),
    ("C", "", "业务实绩", "group", 80, {"line": 64, "weight": 50}, []),
    ("C1", "C", "经验推广", "count", 40, {"pick": "highest"}, [
        ("市级推广", 15, {"max_times": 2}), ("省级推广", 40, {"max_times": 1})
    ]),
    ("C2", "C", "重点任务", "check", 20, {}, []),
    ("C3", "C", "执法质量", "levels", 20, {}, [("优秀", 20, {}), ("合格", 12, {})]),
    ("B", "", "加分", "group", 10, {"is_bonus": True}, []),
    ("B1", "B", "创新", "count", 8, {}, [("每项", 3, {"unit": "项"})]),
    ("B2", "B", "试点", "check", 4, {}, []),
    ("V", "", "否决与说明", "group", 0, {}, []),
    ("V1", "V", "严重违纪", "veto", 0, {"veto_effect": "disqualify"}, []),
    ("V2", "V", "一般违纪", "veto", 0, {"veto_effect": "cap", "veto_cap": "良好"}, []),
    ("V3", "V", "纪检情况", "veto", 0, {}, []),
    ("V4", "V", "说明", "plain", 0, {}, []),
]  # fmt: skip


def wide_rubric(code: str = "WIDE") -> Rubric:
    """A published rubric of 100 points with every oddity: three levels, highest only, stars, weights, measured, vetoes.

    `wide_answers` comes to A 45.8 (A1 25.3, A2 12, A3 8.5), C 70 at half weight, B 12 capped at 10: 90.8 in all.
    """
    rubric = RubricFactory(code=code, name="大标准")
    made: dict[str, Criterion] = {}
    for order, (item_code, parent, title, kind, points, fields, lines) in enumerate(WIDE, 1):
        made[item_code] = Criterion.objects.create(
            rubric=rubric, parent=made.get(parent), order=order, code=item_code, title=title,
            text=f"{title}的标准原文", kind=kind, max_points=points, **fields,
        )  # fmt: skip
        for place, (label, value, more) in enumerate(lines):
            ScoreRule.objects.create(criterion=made[item_code], order=place, label=label, points=value, **more)
    return rubric_services.publish_rubric(Rubric.objects.get(pk=rubric.pk), by=None)


def wide_answers(rubric: Rubric) -> dict[str, dict]:
    """An answer to every criterion of `wide_rubric` that asks for one, by its code."""
    labels = {
        (leaf.code, rule.label): str(rule.pk)
        for top in rubric.dimensions for leaf in top.leaves for rule in leaf.rules.all()
    }  # fmt: skip
    times = {
        "A13": {"缺席": "2", "每少1次": "1"}, "A23": {"县级": "1"}, "A3": {"满意率": "87", "投诉": "6"},
        "C1": {"市级推广": "2", "省级推广": "0"}, "B1": {"每项": "3"},
    }  # fmt: skip
    counted = {
        code: {"times": {labels[code, name]: value for name, value in given.items()}} for code, given in times.items()
    }
    return {
        "A11": {"points": "9.3"}, "A12": {"level": labels["A12", "较好"]}, "A21": {"met": False}, "A22": {"met": True},
        "C2": {"met": True}, "C3": {"level": labels["C3", "优秀"]}, "B2": {"met": True}, "V1": {"met": True},
        "V2": {"met": False}, **counted,
    }  # fmt: skip


STAGES = ("mobilise", "apply", "check", "recommend", "nominate", "forward", "dynamic", "onsite", "present")


def tiny_track(campaign: Campaign, rubric: Rubric, *, mode: str = Track.Mode.COMPETITION, **fields) -> Track:
    """A track all of whose stages are open for five more days: one task, two form fields, three components."""
    competition = mode == Track.Mode.COMPETITION
    defaults = {
        "code": "T", "award_name": "试用称号", "mode": mode, "rubric": rubric, "plaque_prefix": "试用",
        "quota": 2 if competition else None, "reserves": 1 if competition else 0,
        "recommend_max": 3 if competition else None, "pass_line": None if competition else 60,
        "tie_breakers": ["visit", "presentation", "self_gap"] if competition else [],
    }  # fmt: skip
    track = Track.objects.create(campaign=campaign, **{**defaults, **fields})
    for order, kind in enumerate(STAGES, 1):
        Stage.objects.create(
            track=track, kind=kind, name=Stage.Kind(kind).label, order=order, opens_on=days(-10), closes_on=days(5)
        )
    mobilise = track.stages.get(kind="mobilise")
    StageTask.objects.create(stage=mobilise, kind="plan", name="创建活动计划", order=1)
    StageTask.objects.create(stage=mobilise, kind="members_meeting", name="党员大会", order=2)
    FormField.objects.create(track=track, key="theme", label="创建主题", kind="line", max_length=40, order=1)
    FormField.objects.create(track=track, key="work", label="创建情况", kind="text", max_length=300, order=2)
    parts = [("check", "资料审核", 30), ("visit", "实地考评", 40), ("presentation", "现场展示", 30)]
    for order, (source, name, weight) in enumerate(parts, 1):
        ScoreComponent.objects.create(
            track=track, source=source, name=name, weight=weight, order=order,
            method="trimmed" if source != "check" else "mean",
        )  # fmt: skip
    return track


def wide_track(campaign: Campaign, rubric: Rubric, **fields) -> Track:
    """A `tiny_track` of the wide rubric with the grades its second veto speaks of: 优秀 from 90, the rest 良好."""
    track = tiny_track(campaign, rubric, **fields)
    GradeBand.objects.create(track=track, name="优秀", order=1, at_least=90)
    GradeBand.objects.create(track=track, name="良好", order=2)
    return track


def draft_outline(code: str = "OUTLINE") -> Rubric:
    """A draft of three levels and 100 points that could be published: A (A1: A1-1, A1-2; A2: A2-1, A2-2), B (B1, B2)."""
    rubric = RubricFactory(code=code, name="三级标准")
    rows = [
        ("A", None, "组织建设", "group", 60, []),
        ("A1", "A", "班子建设", "group", 30, []),
        ("A1-1", "A1", "班子配备", "points", 10, []),
        ("A1-2", "A1", "民主评议", "levels", 20, [("好", 20), ("较好", 15)]),
        ("A2", "A", "组织生活", "group", 30, []),
        ("A2-1", "A2", "三会一课", "deduct", 20, [("每少1次", "0.5")]),
        ("A2-2", "A2", "主题党日", "check", 10, []),
        ("B", None, "作用发挥", "group", 40, []),
        ("B1", "B", "受到表彰", "count", 40, [("每次", 5)]),
        ("B2", "B", "违纪违法", "veto", 0, []),
    ]
    made: dict[str | None, Criterion | None] = {None: None}
    for order, (item_code, parent, title, kind, points, rules) in enumerate(rows, 1):
        made[item_code] = criterion = Criterion.objects.create(
            rubric=rubric, parent=made[parent], order=order, code=item_code, title=title, text=f"{title}的标准原文",
            kind=kind, max_points=points,
        )  # fmt: skip
        for place, (label, value) in enumerate(rules):
            ScoreRule.objects.create(criterion=criterion, order=place, label=label, points=value)
    return Rubric.objects.get(pk=rubric.pk)


def evidence_rows(branch, user, number: int) -> None:
    """So many rows of a library, with no files behind them."""
    Evidence.objects.bulk_create(
        [
            Evidence(
                branch=branch, sha256=f"{n:064d}", name=f"材料{n:05d}.jpg", content_type="image/jpeg", size=1000,
                uploaded_by=user, file=f"evidence/{n}", caption=f"第{n}份",
            )
            for n in range(number)
        ],
        batch_size=1000,
    )  # fmt: skip
