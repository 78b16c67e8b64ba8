"""The bureau of the demo: the tree, the 支委, the people and their grants. Places and persons are labels, not names."""

import datetime
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from branches.models import Branch, CommitteeMember, Honour, RoleGrant, User
from branches.roles import Role
from reviews.demo.wording import PASSWORD

OFFICES = [
    ("政治部", "政工"), ("警务督察支队", "督察"), ("法制支队", "法制"), ("治安支队", "治安"), ("刑侦支队", "刑侦"),
    ("网安支队", "网安"), ("出入境管理支队", "出入境"), ("情指中心", "情指"), ("办公室", "综合"), ("经侦支队", "经侦"),
    ("禁毒支队", "禁毒"), ("科信支队", "科信"), ("警务保障部", "保障"), ("监管支队", "监管"), ("特警支队", "巡特警"),
]  # fmt: skip
SIDES, SHAPES = "东西南北中上下前后", "山河湖岭川原溪泉林"
FIRST_COUNTIES = ["东山", "西山", "南河", "北河", "东湖", "西湖", "南岭", "北岭"]
STATIONS = ["城关", "城东", "城西", "河口", "桥头", "山前"]
BRIGADES = [
    ("刑侦大队", "刑侦"), ("治安大队", "治安"), ("巡特警大队", "巡特警"), ("法制大队", "法制"), ("看守所", "监管"),
    ("政工室", "政工"),
]  # fmt: skip
TRAFFIC = [
    "直属一大队", "直属二大队", "直属三大队", "直属四大队", "高速一大队", "高速二大队", "城区一中队", "城区二中队",
    "城区三中队", "事故处理大队", "车辆管理所", "秩序管理大队", "宣传科", "机关",
]  # fmt: skip
POSTS = [
    ("支部书记A", "书记", "主持全面工作", "所长"), ("支委B", "组织委员", "组织建设、党员管理", "教导员"),
    ("支委C", "宣传委员", "宣传教育、品牌建设", "副所长"), ("支委D", "纪检委员", "纪律监督、作风建设", "民警"),
    ("支委E", "青年委员", "青年与群团工作", "民警"),
]  # fmt: skip
ASSESSORS, EXPERTS = 15, 7
CITY_STAFF = [
    (Role.CAMPAIGN_ADMIN, "活动管理员", 1), (Role.INSPECTOR, "纪检督察", 2), (Role.SYSTEM_ADMIN, "系统管理员", 1),
    (Role.SECURITY_ADMIN, "安全管理员", 1), (Role.AUDITOR, "审计员", 1),
]  # fmt: skip
SPECIALITIES = ["党建", "组织人事", "宣传", "法制", "基层基础", "警务改革", "纪检"]


@dataclass
class Bureau:
    """What the rest of the demo asks for by place and by role."""

    city: Branch
    headquarters: Branch
    committees: list[Branch]
    branches: list[Branch]
    people: dict[tuple[int, str], User] = field(default_factory=dict)
    city_people: dict[str, list[User]] = field(default_factory=dict)

    def one(self, role: str) -> User:
        return self.city_people[role][0]

    def at(self, branch: Branch, role: str) -> User:
        return self.people[branch.pk, role]

    def committee_of(self, branch: Branch) -> Branch:
        return next(node for node in [self.headquarters, *self.committees] if branch.path.startswith(node.path))

    def below(self, committee: Branch) -> list[Branch]:
        return [branch for branch in self.branches if branch.path.startswith(committee.path)]


def build(random: Random, *, size: int | None = None) -> Bureau:
    """Make the whole bureau in a fixed number of bulk inserts; `size` asks for that many 党支部 (default about 125)."""
    Branch.objects.load_bulk(
        [_node("市局党委", "市局", "SJ", Branch.Kind.COMMITTEE, _committees(size))], bulk_create=True
    )
    nodes = list(Branch.objects.order_by("path"))
    bureau = Bureau(
        city=nodes[0],
        headquarters=nodes[1],
        committees=[node for node in nodes if node.recommends],
        branches=[node for node in nodes if node.kind == Branch.Kind.BRANCH],
    )
    _describe(bureau, random)
    _members(bureau)
    _people(bureau)
    _honours(bureau, random)
    return bureau


# The tree


def _node(name: str, short_name: str, code: str, kind: str, children: list[dict], **more: Any) -> dict[str, Any]:
    return {"data": {"name": name, "short_name": short_name, "code": code, "kind": kind, **more}, "children": children}


def _branch(short_name: str, code: str, line: str, **more: Any) -> dict[str, Any]:
    return _node(f"{short_name}党支部", short_name, code, Branch.Kind.BRANCH, [], line=line, **more)


def _committees(size: int | None) -> list[dict[str, Any]]:
    """市局机关党委, the counties, 交警支队党委. A large size widens both the number of counties and each of them."""
    offices, counties, each = len(OFFICES), len(FIRST_COUNTIES), len(STATIONS) + len(BRIGADES)
    traffic = TRAFFIC
    if size is not None:
        offices = min(len(OFFICES), max(2, size // 8))
        traffic = TRAFFIC if size > 60 else TRAFFIC[:2]
        left = max(size - offices - len(traffic), 2)
        counties = max(2, min(left // 6, round((left / 1.4) ** 0.5)))
        each = -(-left // counties)
        sizes = [min(each, left - each * number) for number in range(counties)]
        sizes = [number for number in sizes if number > 0]
    else:
        sizes = [each] * counties
    headquarters = [
        _branch(name, f"JG-{number:02d}", line, nominates_itself=True)
        for number, (name, line) in enumerate(OFFICES[:offices], 1)
    ]
    nodes = [_node("市局机关党委", "市局机关", "JG", Branch.Kind.COMMITTEE, headquarters)]
    for number, count in enumerate(sizes, 1):
        nodes.append(_county(number, count))
    teams = [_branch(f"交警{name}", f"JJ-{n:02d}", "交警") for n, name in enumerate(traffic, 1)]
    nodes.append(_node("交警支队党委", "交警支队", "JJ", Branch.Kind.COMMITTEE, teams, recommends=True))
    return nodes


def _county(number: int, count: int) -> dict[str, Any]:
    place = county_name(number)
    units = [(f"{name}派出所", "派出所") for name in STATIONS] + BRIGADES
    extra = max(count - len(units), 0)
    units = [*units[: min(count, len(STATIONS))], *[(f"第{n}派出所", "派出所") for n in range(1, extra + 1)],
             *units[len(STATIONS) : count]]  # fmt: skip
    branches = [_branch(f"{place}{name}", f"X{number:02d}-{n:03d}", line) for n, (name, line) in enumerate(units, 1)]
    return _node(
        f"{place}县分局党委", f"{place}县分局", f"X{number:02d}", Branch.Kind.COMMITTEE, branches, recommends=True
    )


def county_name(number: int) -> str:
    if number <= len(FIRST_COUNTIES):
        return FIRST_COUNTIES[number - 1]
    others = [side + shape for shape in SHAPES for side in SIDES if side + shape not in FIRST_COUNTIES]
    return others[(number - len(FIRST_COUNTIES) - 1) % len(others)]


def _describe(bureau: Bureau, random: Random) -> None:
    """Counts, dates and grades; a few terms are about to end, a few branches are not yet 过硬支部."""
    today = timezone.localdate()
    for number, branch in enumerate(bureau.branches):
        branch.founded_on = datetime.date(random.randint(1985, 2018), 7, 1)
        ends = today.replace(day=1) + datetime.timedelta(days=random.randint(200, 1000))
        branch.term_ends_on = today + datetime.timedelta(days=20) if number % 41 == 7 else ends.replace(day=1)
        branch.full_members = random.randint(7, 28)
        branch.probationary_members = random.randint(0, 2)
        branch.officers = branch.full_members + random.randint(1, 9)
        branch.auxiliaries = random.randint(4, 40)
        if number % 11 != 5:
            branch.solid_grade = "优秀" if random.random() < 0.3 else "达标"
            branch.solid_basis = f"市公党〔{today.year - 1}〕18号"
    fields = ["founded_on", "term_ends_on", "full_members", "probationary_members", "officers", "auxiliaries"]
    Branch.objects.bulk_update(bureau.branches, [*fields, "solid_grade", "solid_basis"], batch_size=500)


def _members(bureau: Bureau) -> None:
    CommitteeMember.objects.bulk_create(
        [
            CommitteeMember(
                branch=branch, name=f"{name}·{branch.short_name}"[:40], post=post, duties=duties, rank_title=title,
                since=branch.term_ends_on - datetime.timedelta(days=1000), is_secretary=post == "书记", order=order,
                phone=f"0000-{3000000 + branch.pk * 10 + order}",
            )
            for branch in bureau.branches
            for order, (name, post, duties, title) in enumerate(POSTS[: 5 if branch.full_members > 15 else 3])
        ],
        batch_size=2000,
    )  # fmt: skip


HONOURS = [
    ("先进基层党组织", "city", "collective", "市局党委", "市公党"),
    ("集体嘉奖", "city", "collective", "市局", "市公政"),
    ("平安建设先进集体", "county", "collective", "县委政法委", "县政法"),
    ("全省公安机关执法示范单位", "provincial", "collective", "省公安厅", "省公"),
    ("优秀共产党员", "city", "personal", "市局党委", "市公党"),
]


def _honours(bureau: Bureau, random: Random) -> None:
    """Up to three honours of the last years in four ledgers of five."""
    today = timezone.localdate()
    made = []
    for branch in bureau.branches:
        for name, level, holder, issuer, issued in random.sample(HONOURS, random.choice([0, 1, 2, 2, 3])):
            day = today - datetime.timedelta(days=random.randint(60, 1000))
            made.append(
                Honour(
                    branch=branch, name=name, level=level, holder=holder, issuer=issuer, awarded_on=day,
                    document_number=f"{issued}〔{day.year}〕{random.randint(3, 60)}号",
                    recipient="党员民警A" if holder == Honour.Holder.PERSONAL else "",
                    recorded_by=bureau.people.get((branch.pk, Role.CLERK)),
                )
            )  # fmt: skip
    Honour.objects.bulk_create(made, batch_size=2000)


# The people


def _people(bureau: Bureau) -> None:
    """One person per seat; 警号: 01 city, 02 headquarters, 11… the counties and the traffic police."""
    password = make_password(PASSWORD)
    seats: list[tuple[User, str, Branch]] = []

    def seat(number: str, name: str, unit: Branch, role: str, at: Branch, **more: str) -> None:
        user = User(
            police_no=number, name=name[:40], unit=unit, email=f"{number}@example.test", password=password, **more
        )
        seats.append((user, role, at))

    city, staff = bureau.city, 0
    for role, label, count in CITY_STAFF:
        for n in range(count):
            staff += 1
            unit = bureau.headquarters if role == Role.CAMPAIGN_ADMIN else city
            seat(f"01{staff:04d}", f"{label}{chr(65 + n) if count > 1 else ''}", unit, role, city)
    homes = _homes(bureau)
    for n in range(ASSESSORS):
        seat(f"01{101 + n:04d}", f"考核组员{n + 1:02d}", homes[n], Role.ASSESSOR, city, speciality=SPECIALITIES[n % 7])
    for n in range(EXPERTS):
        home = city if n < 3 else homes[-n]
        seat(f"01{201 + n:04d}", f"专家{n + 1:02d}", home, Role.EXPERT, city, speciality=SPECIALITIES[n % 7])
    for number, committee in enumerate([bureau.headquarters, *bureau.committees]):
        prefix = "02" if number == 0 else f"{10 + number:02d}"
        seat(f"{prefix}0001", f"{committee.short_name}党委经办人", committee, Role.COMMITTEE_CLERK, committee)
        seat(f"{prefix}0002", f"{committee.short_name}党委负责人", committee, Role.COMMITTEE_HEAD, committee)
        for n, branch in enumerate(bureau.below(committee), 1):
            seat(f"{prefix}{n * 10 + 1:04d}", f"{branch.short_name}书记", branch, Role.SECRETARY, branch)
            seat(f"{prefix}{n * 10 + 2:04d}", f"{branch.short_name}经办人", branch, Role.CLERK, branch)
    User.objects.bulk_create([user for user, _, _ in seats], batch_size=2000)
    granter = next(user for user, role, _ in seats if role == Role.SECURITY_ADMIN)
    RoleGrant.objects.bulk_create(
        [RoleGrant(user=user, role=role, branch=at, granted_by=granter) for user, role, at in seats], batch_size=2000
    )
    for user, role, at in seats:
        bureau.people.setdefault((at.pk, role), user)
        if at == city:
            bureau.city_people.setdefault(role, []).append(user)


def _homes(bureau: Bureau) -> list[Branch]:
    """Where assessors come from: by turns an office of the headquarters and a committee, so that 回避 is met."""
    offices = bureau.below(bureau.headquarters)
    homes = [node for pair in zip(offices, bureau.committees, strict=False) for node in pair]
    homes = homes or [bureau.city]
    return [homes[n % len(homes)] for n in range(ASSESSORS)]
