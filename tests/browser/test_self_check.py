"""自查整改 in the browser: a self-check that saves itself, a gap to its review by a second person, into the 自评."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.people import PHONE, Person
from tests.browser.test_accessibility import tab_to, tab_to_field

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, CLERK, PHONE_SECRETARY, PLAIN_SECRETARY, KEYS_SECRETARY, HEAD = (
    "110011", "110012", "110021", "110031", "110041", "110002",
)  # fmt: skip
GAP = "第二季度少开一次支委会"


@pytest.fixture(scope="module")
def opened(world):
    """S1 is open: its plan names the kinds of problem."""
    world.act("s1_open")
    return world


def row(page: Page, number: int):
    return page.locator("#self-check [data-row]").nth(number)


def start(person: Person) -> Page:
    """From the application to the tab, and a self-check begun there; the page of the tab is looked at."""
    page = person.at(steps.own_application(person))
    person.follow("自查整改")
    page.get_by_label("范围与方式").fill("支委会集体自查")
    person.press("开始自查")
    expect(page.get_by_role("heading", level=1)).to_have_text("第1次自查")
    return page


def saved(page: Page, number: int) -> None:
    expect(row(page, number).locator("[data-say]")).to_contain_text("已保存")


def expect_nothing_unsaved(page: Page) -> None:
    for _ in range(50):
        kept = page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('unsaved:'))")
        if not kept:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"still kept on this machine: {kept}")


def record(page: Page, number: int, gap: str, tag: str) -> None:
    entry = row(page, number).locator("[data-gap-entry]")
    entry.get_by_label("差距").fill(gap)
    entry.get_by_label(tag).check()
    entry.get_by_role("button", name="登记到整改台账").click()
    expect(row(page, number).locator("[data-entries]")).to_contain_text(f"整改：{gap}")


def test_from_a_gap_to_its_review_and_into_the_self_assessment(opened, desk):
    clerk = desk.person(CLERK)
    page = start(clerk)
    row(page, 0).get_by_label("达标").check()
    row(page, 0).locator("[data-full]").click()
    saved(page, 0)
    row(page, 1).get_by_label("有差距").check()
    row(page, 1).locator("textarea").fill("支委会记录缺一次")
    row(page, 1).locator("textarea").blur()
    saved(page, 1)
    expect(page.locator(".sheet-line")).to_contain_text("达标 1 · 有差距 1")
    record(page, 1, GAP, "组织生活实效性不强")
    clerk.look("self-check", phone=True)
    clerk.press("其余都达标")
    expect(row(page, 1).get_by_label("有差距")).to_be_checked()
    expect(row(page, 2).get_by_label("达标")).to_be_checked()
    clerk.press("完成自查")
    clerk.says("第1次自查已完成")
    clerk.look("self-check-finished", phone=True)

    # 差距 → 原因 → 措施 → 责任人 → 时限 → 完成
    clerk.follow(f"整改：{GAP}")
    page.get_by_label("原因").fill("会议没有排进月计划")
    page.get_by_label("整改措施").fill("每月最后一周召开，组织委员负责")
    page.get_by_label("责任人").fill("支委B")
    page.get_by_label("整改时限").fill(steps.today(10))
    clerk.press("保存", exact=True)
    clerk.says("整改已保存")
    page.get_by_label("完成日期").fill(steps.today())
    page.get_by_label("完成情况").fill("已补开并归档")
    clerk.look("rectification", phone=True)
    clerk.press("保存并标记完成")
    expect(page.locator(".note-info").last).to_contain_text("须由另一个人复核")

    # 复核, by the secretary, from the list of what is to be done
    secretary = desk.person(SECRETARY)
    page = secretary.at("/")
    secretary.follow(re.compile("复核"))
    secretary.look("review", phone=True)
    page.get_by_label("复核意见").fill("已核对会议记录")
    secretary.press("整改到位，销号")
    expect(page.locator(".chain-done")).to_have_count(7)

    # Into the self-assessment: only what is ticked, what stands there stays
    application = steps.own_application(secretary)
    page = secretary.at(f"{application}assessment/")
    first = page.locator("#assessment [data-unit]").first
    first.locator("textarea").fill("自评已写好的话")
    first.locator("textarea").blur()
    steps.all_saved(page)
    secretary.at(f"{application}self-checks/")
    secretary.look("self-checks", phone=True)
    secretary.follow("第1次自查")
    secretary.follow("带入自评")
    secretary.look("copy", phone=True)
    expect(page.locator(".offers").last.get_by_role("checkbox")).not_to_be_checked()
    secretary.press("带入勾选的各项")
    secretary.says("已带入自评1项")
    expect(first.locator("textarea")).to_have_value("自评已写好的话")
    expect(page.locator("#assessment [data-unit]").nth(1).locator("textarea")).to_have_value("支委会记录缺一次")

    # The committee counts it by its kind
    head = desk.person(HEAD)
    page = head.at("/applications/rectifications/")
    choice = page.get_by_label("轨道", exact=True)
    with page.expect_navigation():
        choice.select_option(choice.locator("option", has_text="四强").get_attribute("value"))
    expect(page.get_by_role("row", name=re.compile("组织生活实效性不强"))).to_contain_text("1")
    head.look("overview", phone=True)
    head.follow(re.compile("东山城关派出所"))
    page.get_by_role("link", name="打印台账").click()
    expect(page.locator(".ledger-paper")).to_contain_text("已核对会议记录")
    head.look("ledger", phone=True)


def test_a_gap_that_was_typed_survives_a_lost_network_and_a_reload(opened, desk):
    person = desk.person(PHONE_SECRETARY, size=PHONE)
    page = start(person)
    row(page, 0).locator(".verdict-gap").tap()
    saved(page, 0)
    person.context.set_offline(True)
    row(page, 0).locator("textarea").fill("断网时写的情况")
    entry = row(page, 0).locator("[data-gap-entry]")
    entry.get_by_label("差距").fill("断网时写的差距")
    entry.get_by_role("button", name="登记到整改台账").tap()
    expect(page.locator("#toasts")).to_contain_text("连接不上服务器")
    person.context.set_offline(False)
    page.reload()
    expect(row(page, 0).locator("textarea")).to_have_value("断网时写的情况")
    # Sent on leaving or after coming back, whichever was first: nothing waits on this machine any more.
    expect_nothing_unsaved(page)
    expect(entry.get_by_label("差距")).to_have_value("断网时写的差距")
    entry.get_by_role("button", name="登记到整改台账").tap()
    expect(row(page, 0).locator("[data-entries]")).to_contain_text("整改：断网时写的差距")
    page.reload()
    expect(entry.get_by_label("差距")).to_have_value("")
    expect(row(page, 0).locator("textarea")).to_have_value("断网时写的情况")
    person.complaints[:] = [text for text in person.complaints if "ERR_INTERNET_DISCONNECTED" not in text]


def test_without_javascript_a_dimension_and_its_gap_are_saved(opened, desk):
    person = desk.person(PLAIN_SECRETARY, script=False)
    page = start(person)
    row(page, 0).get_by_label("有差距").check()
    row(page, 0).locator("textarea").fill("记录不全")
    person.press(re.compile("^保存“"))
    entry = row(page, 0).locator("[data-gap-entry]")
    entry.get_by_label("差距").fill("会议记录不全")
    with page.expect_navigation():
        entry.get_by_role("button", name="登记到整改台账").click()
    person.says("已登记整改：会议记录不全")
    expect(row(page, 0).locator("[data-entries]")).to_contain_text("整改：会议记录不全")


def test_by_keyboard_alone(opened, desk):
    person = desk.person(KEYS_SECRETARY)
    page = start(person)
    page.reload()
    tab_to(page, "其余都达标")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first conclusion, 达标
    saved(page, 0)
    page.keyboard.press("ArrowRight")
    expect(row(page, 0).get_by_label("有差距")).to_be_checked()
    tab_to_field(page, "差距")
    page.keyboard.type("党课少一次")
    page.keyboard.press("Enter")
    expect(row(page, 0).locator("[data-entries]")).to_contain_text("整改：党课少一次")
    expect(page.locator(":focus")).to_have_text("整改：党课少一次")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("党课少一次")
