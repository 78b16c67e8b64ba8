"""Everybody can use it: axe on the pages the roads do not pass, telephones, the keyboard alone.

The roads look at each of their pages the same way (people.Person.look): no serious violation, no sideways scrolling,
no complaint of the browser (errors, the content policy), no request to another host.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PASSWORD, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# Who, and the pages beyond the ones of the side bar: a path, or a link to follow from one.
PEOPLE = {
    "secretary": ("110011", ["/password/", "/notices/?show=all"]),
    "county-clerk": ("110001", []),
    "county-head": ("110002", []),
    "inspector": ("010002", []),
    "admin": ("010001", ["/campaigns/"]),
    "assessor": ("010101", []),
    "expert": ("010201", []),
    "system-admin": ("010004", ["/people/new/"]),
    "security-admin": ("010005", ["/grants/new/"]),
    "auditor": ("010006", []),
}
# From which list into which page.
INTO = {
    "/campaigns/": "h2 a",
    "/campaigns/<n>/": "a[href*='/rubrics/']",
    "/applications/": "tbody th a",
    "/applications/checks/": "tbody td a",
    "/applications/ranking/": "tbody td a",
    "/applications/vetoes/": "tbody td a",
    "/applications/inspection/": "a[href$='/veto/']",
    "/applications/rectifications/": "#branches tbody a",
    "/applications/<n>/self-checks/": "tbody th a",
    "/applications/progress/": "a[href*='/extend/']",
    "/reviews/panels/": "tbody th a",
    "/reviews/panels/<n>/": "a[href*='/sessions/']",
    "/people/": "tbody a",
    "/reviews/reminders/": ".reminder-acts a",
    "/notices/": "a[href='/notices/settings/']",
}


@pytest.fixture(scope="module")
def seen():
    """Kinds of pages that were looked at: the fiftieth application looks like the first."""
    return set()


@pytest.mark.parametrize("role", PEOPLE)
def test_pages_are_accessible_on_a_desk_and_on_a_telephone(demo_desk, seen, role):
    police_no, more = PEOPLE[role]
    person = demo_desk.person(police_no)
    links = person.page.locator(".side-link").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for path in [*dict.fromkeys(links), *more]:
        look_into(person, path, role, seen)


def look_into(person, path, role, seen):
    """The page, and the first of each kind of page it lists."""
    page = person.page
    if page.goto(path).status in (403, 404):
        return
    path = page.url.removeprefix(person.desk.url)
    kind = re.sub(r"\d+", "<n>", path.split("?")[0].split("#")[0])
    if (kind if kind != "/" else role) in seen:
        return
    seen.add(kind if kind != "/" else role)
    person.look(f"{role}{kind.replace('/', '-').replace('<n>', 'n')}".rstrip("-"), phone=True)
    found = (
        [page.locator(INTO[kind]).first.get_attribute("href")]
        if kind in INTO and page.locator(INTO[kind]).count()
        else []
    )
    found += page.locator(".work-tabs a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    for following in found:
        look_into(person, following, role, seen)


def test_pages_outside_the_login_are_accessible(demo_desk):
    person = demo_desk.person("", login=False)
    for name, path in (("login", "/login/"), ("missing", "/nothing-here/")):
        person.page.goto(path)
        person.look(name, phone=True)
    person.complaints[:] = [text for text in person.complaints if "404" not in text]


def tab_to(page, words: str) -> None:
    """Press Tab until the element with these words has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if words in page.evaluate(
            "(document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()"
        ):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {words} cannot be seen"
            return
    raise AssertionError(f"Tab does not reach {words}")


def test_login_home_and_a_task_by_keyboard_alone(world, desk):
    world.act("s2_open")
    person = desk.person("110011", login=False)
    page = person.page
    page.goto("/login/")
    page.keyboard.type("110011")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("我的待办")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, "登记党员大会部署创建工作")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("党员大会部署创建工作")
    page.get_by_label("日期").fill("2026-05-06")  # a date field's own keys depend on the language of the browser
    for label, words in (("地点", "支部活动室"), ("主持人", "支部书记A"), ("应到人数", "18"), ("实到人数", "17"),
                         ("列席辅警人数", "4"), ("主要内容", "学习创建标准，部署创建工作。")):  # fmt: skip
        tab_to_field(page, label)
        page.keyboard.type(words)
    tab_to(page, "保存登记")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("li.step", has_text="党员大会")).to_contain_text("已完成")


def tab_to_field(page, label: str) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.labels || [{innerText: ''}])[0].innerText").startswith(label):
            return
    raise AssertionError(f"Tab does not reach {label}")


def test_the_side_bar_opens_on_a_telephone(demo_desk):
    person = demo_desk.person("110011", size=PHONE)
    page = person.page
    page.get_by_role("button", name="打开导航").tap()
    expect(page.locator("#side")).to_be_visible()
    with page.expect_navigation():
        page.locator("#side").get_by_role("link", name="通知").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("通知")
