"""Two clerks on one check desk, one assessor on two devices: nothing saved is written over unseen, and a person decides."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CLERK, HEAD, ASSESSOR = "110001", "110002", "010101"


@pytest.fixture(scope="module")
def opened(world):
    """A track of the rubric with every kind: one branch waits for the check, one for its visit."""
    world.act("wide")
    return world


def conflicts_meant(person):
    """The browser notes every refused request; here they are meant to be refused."""
    person.complaints[:] = [text for text in person.complaints if not re.search(r"status of (409|422)", text)]


def typed(page, title, points, remark):
    """One row of the desk or the sheet, by its title."""
    row = page.locator(".desk-row, .score-row", has=page.get_by_role("heading", name=re.compile(title)))
    row.locator(".answer-points input").fill(points)
    row.locator("textarea").fill(remark)
    return row


def type_in(page, title, points, remark):
    """Typed and left, so that it is saved; the points go out first, the remark after their answer."""
    row = typed(page, title, points, remark)
    row.locator("textarea").blur()
    page.wait_for_timeout(1500)
    return row


def says(row, text):
    expect(row.locator("[data-state], [data-say]")).to_contain_text(text)


def test_two_clerks_of_one_committee_see_both_and_decide(opened, desk):
    clerk, head = desk.person(CLERK), desk.person(HEAD)
    for person in (clerk, head):
        person.at("/applications/checks/")
        person.follow(re.compile("去核查"))
    says(type_in(clerk.page, "党课质量", "9", "经办人核的"), "已保存")
    row = type_in(head.page, "党课质量", "5", "负责人核的")
    says(row, "改过，请核对后再保存")
    box = row.locator("[data-conflict-box]")
    expect(box).to_contain_text("保存的是：作答：9；说明：经办人核的")
    expect(row.locator("textarea")).to_have_value("负责人核的")
    expect(head.page.locator("[data-all-state]")).to_have_text("1项未保存")
    head.look("check-both", phone=True)
    box.get_by_role("button", name="用我的").click()
    says(row, "已保存")
    expect(head.page.locator("[data-all-state]")).to_have_text("全部已保存")
    row = type_in(clerk.page, "党课质量", "8", "经办人再核")
    row.locator("[data-conflict-box]").get_by_role("button", name="用对方的").click()
    expect(row.locator("textarea")).to_have_value("负责人核的")
    expect(row.locator("[data-earned]")).to_have_text("5分")
    expect(clerk.page.locator("[data-all-state]")).to_have_text("全部已保存")
    says(type_in(clerk.page, "党课质量", "7", "商量以后"), "已保存")
    head.page.reload()
    expect(head.page.locator(".desk-own textarea", has_text="商量以后")).to_have_count(1)
    for person in (clerk, head):
        conflicts_meant(person)


def test_without_javascript_the_refused_row_stays_and_counts_when_saved_once_more(opened, desk):
    clerk, head = desk.person(CLERK, script=False), desk.person(HEAD)
    for person in (clerk, head):
        person.at("/applications/checks/")
        person.follow(re.compile("去核查"))
    says(type_in(head.page, "党课质量", "6", "负责人后核的"), "已保存")
    typed(clerk.page, "党课质量", "4", "经办人最后核的")
    clerk.press("保存本部分核分")
    row = clerk.page.locator(".desk-row.score-wrong")
    says(row, "现在保存的是：6分，说明：负责人后核的；再次保存即以您填的为准。")
    expect(row.locator("textarea")).to_have_value("经办人最后核的")
    clerk.page.screenshot(path=desk.pictures / "check-without-script.png", full_page=True)
    clerk.press("保存本部分核分")
    clerk.says("已保存1项核分")
    conflicts_meant(clerk)


def test_one_assessor_on_two_devices_sees_both_and_decides(opened, desk):
    assessor = desk.person(ASSESSOR, size=PHONE)
    first = assessor.at("/reviews/")
    with first.expect_navigation():
        first.locator("main form button").first.click()
    second = assessor.context.new_page()
    second.goto(first.url)
    says(type_in(first, "党课质量", "9", "手机上写的"), "已保存")
    row = type_in(second, "党课质量", "5", "电脑上写的")
    says(row, "您自己在另一个页面或设备上改过")
    box = row.locator("[data-conflict-box]")
    expect(box).to_contain_text("保存的是：作答：9；说明：手机上写的")
    expect(row.locator("textarea")).to_have_value("电脑上写的")
    second.screenshot(path=desk.pictures / "sheet-both.png", full_page=True)
    box.get_by_role("button", name="用这里填的").click()
    says(row, "已保存")
    row = type_in(first, "党课质量", "8", "手机上再写")
    row.locator("[data-conflict-box]").get_by_role("button", name="用那边存的").click()
    expect(row.locator("textarea")).to_have_value("电脑上写的")
    expect(row.locator("[data-earned]")).to_have_text("5")
    expect(first.locator(".score-bar [data-total]")).to_have_text("5")
    says(type_in(first, "党课质量", "7.5", "最后写的"), "已保存")
    second.reload()
    expect(second.locator("textarea", has_text="最后写的")).to_have_count(1)
    conflicts_meant(assessor)
