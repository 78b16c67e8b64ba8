"""Which pages are measured, as whom, and how: CPU of this process and queries per request, medians of many."""

import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Count, F, Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application
from applications.states import Status
from branches.models import Branch, RoleGrant, User
from branches.roles import Role
from reviews.bench import outlines
from reviews.models import Panel, ResultSet, Review
from standards.models import Campaign, Track


@dataclass
class Measure:
    """One page: CPU in ms (median), the same divided by the floor, queries, answer size in kB."""

    name: str
    kind: str
    status: int
    cpu_ms: float
    ratio: float
    queries: int
    size_kb: float


@dataclass
class Probe:
    """One thing to ask for. `data` makes it a POST, and is asked anew for every request."""

    name: str
    kind: str
    user: User
    url: str
    data: Callable[[], dict[str, str]] | None = None


def measure(repeat: int) -> list[Measure]:
    """Interleave the floor with every page, so that a noisy machine slows both alike."""
    floor_probe = Probe("空页（基准）", "floor", _holder(Role.CAMPAIGN_ADMIN), "/floor/")
    results = [Measure(floor_probe.name, "floor", 200, _cpu(floor_probe, repeat), 1.0, _queries(floor_probe), 0)]
    for probe in probes():
        client = _client(probe)
        first = _ask(client, probe)
        ours, floor = [], []
        floor_client = _client(floor_probe)
        for _ in range(repeat):
            floor.append(_timed(floor_client, floor_probe))
            ours.append(_timed(client, probe))
        cpu = statistics.median(ours)
        results.append(
            Measure(
                probe.name, probe.kind, first.status_code, round(cpu, 2),
                round(cpu / statistics.median(floor), 2), _queries(probe), round(len(first.content) / 1024, 1),
            )
        )  # fmt: skip
    return results


def _cpu(probe: Probe, repeat: int) -> float:
    client = _client(probe)
    _ask(client, probe)
    return round(statistics.median(_timed(client, probe) for _ in range(repeat)), 2)


def _timed(client: Client, probe: Probe) -> float:
    started = time.process_time()
    _ask(client, probe)
    return (time.process_time() - started) * 1000


def _queries(probe: Probe) -> int:
    client = _client(probe)
    _ask(client, probe)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        _ask(client, probe)
    return len([query for query in captured.captured_queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])


def _client(probe: Probe) -> Client:
    client = Client()
    client.force_login(probe.user, backend="branches.auth.PoliceNumberBackend")
    return client


def _ask(client: Client, probe: Probe):
    if probe.data is None:
        return client.get(probe.url)
    # As the pages' scripts send it.
    body = urlencode(probe.data())
    return client.post(probe.url, body, "application/x-www-form-urlencoded", headers={"X-Requested-With": "fetch"})


def probes() -> Iterator[Probe]:
    yield from _branch_probes()
    yield from _committee_probes()
    yield from _review_probes()
    yield from _city_probes()


def _branch_probes() -> Iterator[Probe]:
    for series, label in (("S2", "R3 33项"), ("S1", "R2 71项")):
        application = (
            Application.objects.running()
            .filter(status=Status.PREPARING, track__campaign__code=series, assessments__isnull=False)
            .select_related("branch", "track__rubric")
            # Where there is a last round its remarks stand on the page: that is the dearer one.
            .annotate(
                rounds=Count("branch__applications", filter=Q(branch__applications__track__series=F("track__series")))
            )
            .order_by("-track__rubric__code", "-rounds", "pk")
            .first()
        )
        secretary = application and _holder(Role.SECRETARY, application.branch)
        if not secretary:
            continue
        page = _pages_of(application, secretary, label)
        yield from page


def _pages_of(application: Application, secretary: User, label: str) -> Iterator[Probe]:
    args = [application.pk]
    yield Probe("书记 首页待办", "list", secretary, reverse("home"))
    yield Probe("书记 我的创建", "desk", secretary, reverse("applications:detail", args=args))
    yield Probe(f"书记 自评表 {label}", "sheet", secretary, reverse("applications:assessment", args=args))
    yield Probe("书记 申报表填写", "desk", secretary, reverse("applications:form", args=args))
    yield Probe("书记 预览", "desk", secretary, reverse("applications:preview", args=args))
    answer = application.assessments.filter(criterion__kind="points").select_related("criterion").first()

    def autosave() -> dict[str, str]:
        answer.refresh_from_db()
        prefix = f"c{answer.criterion_id}"
        points = "0" if answer.points else "0.5"
        return {f"{prefix}-points": points, f"{prefix}-remark": answer.remark, f"{prefix}-version": str(answer.version)}

    yield Probe(
        f"书记 自评一项自动保存 {label}", "autosave", secretary,
        reverse("applications:save_answer", args=[application.pk, answer.criterion_id]), autosave,
    )  # fmt: skip


def _committee_probes() -> Iterator[Probe]:
    waiting = Application.objects.running().filter(status=Status.SUBMITTED).select_related("branch", "track").first()
    counties = Branch.objects.recommending()
    county = waiting and next((node for node in counties if waiting.branch.path.startswith(node.path)), None)
    county = county or counties.first()
    clerk = _holder(Role.COMMITTEE_CLERK, county) or _holder(Role.COMMITTEE_HEAD, county)
    yield Probe("党委 进度一览", "list", clerk, reverse("applications:progress"))
    yield Probe("党委 待核查", "list", clerk, reverse("applications:check_list"))
    if waiting:
        yield Probe("党委 核查台", "desk", clerk, reverse("applications:check", args=[waiting.pk]))
    ranked = Track.objects.filter(recommend_max__isnull=False, campaign__status=Campaign.Status.OPEN).first()
    if ranked:
        head = _holder(Role.COMMITTEE_HEAD, county)
        yield Probe("党委 排序推荐", "desk", head, reverse("applications:ranking", args=[ranked.pk, county.pk]))
    inspector = _holder(Role.INSPECTOR)
    yield Probe("纪检 核查台", "list", inspector, reverse("applications:inspection"))


def _review_probes() -> Iterator[Probe]:
    review = Review.objects.filter(status=Review.Status.DRAFT).select_related("reviewer").first()
    review = review or Review.objects.select_related("reviewer").first()
    if review is None:
        return
    yield Probe("评委 我的评审", "list", review.reviewer, reverse("reviews:queue"))
    yield Probe("评委 评分台", "desk", review.reviewer, reverse("reviews:sheet", args=[review.pk]))
    score = review.scores.select_related("criterion").first()
    if score and not review.is_final:

        def save() -> dict[str, str]:
            score.refresh_from_db()
            prefix = f"c{score.criterion_id}"
            return {f"{prefix}-points": "0.5", f"{prefix}-remark": "", f"{prefix}-version": str(score.version)}

        yield Probe(
            "评委 一项自动保存", "save", review.reviewer,
            reverse("reviews:save_score", args=[review.pk, score.criterion_id]), save,
        )  # fmt: skip


def _city_probes() -> Iterator[Probe]:
    admin = _holder(Role.CAMPAIGN_ADMIN)
    yield Probe("市局 首页", "list", admin, reverse("home"))
    yield Probe("市局 申报列表", "list", admin, reverse("applications:list"))
    yield Probe("市局 进度一览", "list", admin, reverse("applications:progress"))
    campaign = Campaign.objects.running().order_by("-code").first()
    if campaign:
        yield Probe("市局 活动", "desk", admin, reverse("standards:campaign", args=[campaign.pk]))
    panel = Panel.objects.order_by("pk").first()
    if panel:
        yield Probe("市局 评审组", "list", admin, reverse("reviews:panel", args=[panel.pk]))
    yield Probe("市局 成绩", "list", admin, reverse("reviews:results"))
    reviewed = Track.objects.filter(applications__status=Status.IN_REVIEW).order_by("-campaign__code").first()
    if reviewed:
        trial = reverse("reviews:trial", args=[reviewed.pk])
        part = reviewed.components.order_by("order").first()
        yield Probe("市局 试算", "desk", admin, trial)
        yield Probe("市局 试算 改一项权重", "desk", admin, f"{trial}?w-{part.code}=50")
    result = ResultSet.objects.order_by("-pk").first()
    if result:
        yield Probe("市局 排名表", "list", admin, reverse("reviews:result", args=[result.pk]))
    for draft, count in outlines.drafts():
        name = f"市局 标准编辑 {count}项"
        yield Probe(name, "outline", admin, reverse("standards:rubric_edit", args=[draft.pk]))
    yield Probe("全体 光荣榜", "list", admin, reverse("reviews:awards"))
    yield Probe("审计员 审计日志", "list", _holder(Role.AUDITOR), reverse("branches:audit"))
    yield Probe("全体 通知", "list", admin, reverse("branches:notices"))


def _holder(role: str, branch: Branch | None = None) -> User | None:
    grants = RoleGrant.objects.in_force().filter(role=role).select_related("user").order_by("pk")
    if branch is not None:
        grants = grants.filter(branch=branch)
    grant = grants.first()
    return grant.user if grant else None


def as_json(results: list[Measure]) -> str:
    return json.dumps([asdict(result) for result in results], ensure_ascii=False)
