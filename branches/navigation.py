"""The left navigation: one table of pages, in sections, each with the roles that need it."""

from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from branches.roles import BRANCH_ROLES, COMMITTEE_ROLES, PANEL_ROLES, READING_ROLES, Role


@dataclass(frozen=True)
class Entry:
    url_name: str
    label: str
    icon: str
    roles: tuple[str, ...] = ()  # none: everybody, also people without any role


@dataclass(frozen=True)
class Link:
    """An entry whose page exists, as the template shows it."""

    url: str
    label: str
    icon: str
    current: bool = False


SECTIONS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("home", "我的待办", "bi-check2-square"),
            Entry("branches:notices", "通知", "bi-bell"),
        ),
    ),
    (
        "创建",
        (
            Entry("standards:campaigns", "创建活动", "bi-flag"),
            Entry("standards:rubrics", "评分标准", "bi-list-check"),
            Entry(
                "standards:publications",
                "签收与学习",
                "bi-journal-bookmark",
                (*BRANCH_ROLES, *COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN),
            ),
            Entry("applications:list", "我的申报", "bi-file-earmark-text", BRANCH_ROLES),
            Entry(
                "applications:list",
                "申报总览",
                "bi-file-earmark-text",
                (*COMMITTEE_ROLES, Role.INSPECTOR, Role.CAMPAIGN_ADMIN),
            ),
            Entry("branches:honours", "荣誉台账", "bi-trophy", READING_ROLES),
            Entry("applications:progress", "创建进度", "bi-grid-3x3-gap", (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)),
            Entry(
                "applications:rectifications",
                "自查整改",
                "bi-tools",
                (*COMMITTEE_ROLES, Role.INSPECTOR, Role.CAMPAIGN_ADMIN),
            ),
            Entry("applications:check_list", "核查验收", "bi-clipboard-check", COMMITTEE_ROLES),
            Entry(
                "applications:eligibility",
                "申报资格",
                "bi-person-check",
                (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN),
            ),
            Entry("applications:rankings", "排序推荐", "bi-list-ol", COMMITTEE_ROLES),
            Entry("applications:recommended", "推荐汇总", "bi-table", (*COMMITTEE_ROLES, Role.CAMPAIGN_ADMIN)),
            Entry("applications:inspection", "纪检审查", "bi-shield-check", (Role.INSPECTOR,)),
            Entry("applications:vetoes", "一票否决", "bi-slash-circle", (Role.INSPECTOR, Role.CAMPAIGN_ADMIN)),
            Entry("reviews:reminders", "催办与送达", "bi-megaphone", (Role.CAMPAIGN_ADMIN,)),
        ),
    ),
    (
        "评审",
        (
            Entry("reviews:queue", "我的评分", "bi-ui-checks", PANEL_ROLES),
            Entry("reviews:panels", "考核组与分工", "bi-people", (Role.CAMPAIGN_ADMIN,)),
            Entry("reviews:results", "成绩与公示", "bi-bar-chart-line", (Role.CAMPAIGN_ADMIN,)),
            Entry("reviews:awards", "命名表彰", "bi-award"),
        ),
    ),
    (
        "管理",
        (
            Entry("branches:people", "人员账号", "bi-person-badge", (Role.SYSTEM_ADMIN,)),
            Entry("branches:grants", "职务授权", "bi-key", (Role.SECURITY_ADMIN,)),
            Entry("branches:health", "运行状态", "bi-activity", (Role.SYSTEM_ADMIN,)),
            Entry("branches:audit", "审计日志", "bi-journal-check", (Role.AUDITOR,)),
        ),
    ),
)


@lru_cache(maxsize=1)
def addresses() -> dict[str, str]:
    """The address of every page in the table that exists; read once per process."""
    found = {}
    for _, entries in SECTIONS:
        for entry in entries:
            try:
                found[entry.url_name] = reverse(entry.url_name)
            except NoReverseMatch:
                continue
    return found


# Pages whose address does not lie under the entry they belong to.
BELONGS = {
    "applications:check": "applications:check_list",
    "applications:check_record": "applications:check_list",
    "applications:ranking": "applications:rankings",
    "applications:propose_veto": "applications:vetoes",
    "applications:veto": "applications:vetoes",
    "applications:enter_appeal": "applications:vetoes",
    "applications:appeal_case": "applications:vetoes",
    "applications:unclear": "applications:inspection",
    "applications:extend": "applications:progress",
    "applications:extend_many": "applications:progress",
    "applications:supersede": "standards:campaigns",
    "applications:supersession": "standards:campaigns",
}


def place_of(request: HttpRequest) -> str:
    """The address by which the navigation finds its current entry."""
    match = request.resolver_match
    return addresses().get(BELONGS.get(match.view_name if match else "", ""), request.path)


def for_roles(roles: frozenset[str], path: str) -> list[tuple[str, list[Link]]]:
    """What somebody with these roles sees, the page at `path` marked; no query."""
    current = current_for(roles, path)
    return [
        (title, [Link(url, entry.label, entry.icon, url == current) for url, entry in links])
        for title, links in _sections(roles)
        if links
    ]


def current_for(roles: frozenset[str], path: str) -> str | None:
    """The address of the entry that the page at `path` belongs to, among those these roles see."""
    return _best_match({url for _, links in _sections(roles) for url, _ in links}, path)


@lru_cache(maxsize=128)
def _sections(roles: frozenset[str]) -> tuple[tuple[str, tuple[tuple[str, Entry], ...]], ...]:
    """The entries these roles see, each page once, with their addresses."""
    known = addresses()
    sections, shown = [], set()
    for title, entries in SECTIONS:
        links = []
        for entry in entries:
            url = known.get(entry.url_name)
            if url is None or url in shown or (entry.roles and not roles.intersection(entry.roles)):
                continue
            shown.add(url)
            links.append((url, entry))
        sections.append((title, tuple(links)))
    return tuple(sections)


def _best_match(urls: set[str], path: str) -> str | None:
    """The longest address that the page lies under; the home page only matches itself."""
    under = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(under, key=len, default=None)
