"""Nothing typed is lost: the network gone, the session over, two tabs, no JavaScript at all."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, ADMIN, PLAIN_SECRETARY = "110011", "010001", "110021"
FAILED_LOADS = re.compile(r"Failed to load resource|ERR_INTERNET_DISCONNECTED")


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open."""
    world.act("s2_open")
    return world


def forgive(person):
    """The browser notes every failed request; here they are meant to fail."""
    person.complaints[:] = [text for text in person.complaints if not FAILED_LOADS.search(text)]


@pytest.fixture
def secretary(opened, desk):
    person = desk.person(SECRETARY)
    person.at(f"{steps.own_application(person)}assessment/")
    return person


def unit(page, number):
    return page.locator("#assessment [data-unit]").nth(number)


def test_autosave_while_offline_is_sent_when_the_network_is_back(secretary):
    page = secretary.page
    secretary.context.set_offline(True)
    unit(page, 0).locator("textarea").fill("断网时写的话")
    unit(page, 0).locator("textarea").blur()
    expect(page.locator("#save-banner")).to_contain_text("网络不通")
    expect(page.locator("#save-state")).to_contain_text("未保存")
    page.screenshot(path=secretary.desk.pictures / "offline.png")
    secretary.context.set_offline(False)
    expect(unit(page, 0).locator("[data-say]")).to_contain_text("已保存")
    expect(page.locator("#save-banner")).to_be_hidden()
    page.reload()
    expect(unit(page, 0).locator("textarea")).to_have_value("断网时写的话")
    forgive(secretary)


def test_a_closed_page_brings_back_what_was_never_saved(secretary):
    page = secretary.page
    address = page.url
    secretary.context.set_offline(True)
    unit(page, 1).locator("textarea").fill("还没存上就关了页面")
    page.close()
    secretary.context.set_offline(False)
    again = secretary.context.new_page()
    again.goto(address)
    expect(unit(again, 1).locator("textarea")).to_have_value("还没存上就关了页面")
    expect(unit(again, 1).locator("[data-say]")).to_contain_text("已保存")
    forgive(secretary)


def test_session_expired_while_typing_keeps_the_text_until_logged_in_again(secretary):
    page = secretary.page
    secretary.context.clear_cookies(name="sessionid")
    unit(page, 2).locator("textarea").fill("登录过期时写的话")
    unit(page, 2).locator("textarea").blur()
    expect(page.locator("#save-banner")).to_contain_text("登录已过期")
    expect(unit(page, 2).locator("textarea")).to_have_value("登录过期时写的话")
    page.screenshot(path=secretary.desk.pictures / "expired.png")
    with secretary.context.expect_page() as opened:
        page.get_by_role("link", name="在新窗口重新登录").click()
    login = opened.value
    login.get_by_label("警号").fill(SECRETARY)
    login.get_by_label("密码").fill(PASSWORD)
    login.get_by_role("button", name="登录").click()
    expect(login.get_by_role("heading", level=1)).to_have_text("我的待办")
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(unit(page, 2).locator("[data-say]")).to_contain_text("已保存")
    page.reload()
    expect(unit(page, 2).locator("textarea")).to_have_value("登录过期时写的话")
    forgive(secretary)


def test_two_tabs_show_both_versions_and_a_person_decides(secretary):
    first, second = secretary.page, secretary.context.new_page()
    second.goto(first.url)
    for page, words in ((first, "第一个窗口写的"), (second, "第二个窗口写的")):
        unit(page, 3).locator("textarea").fill(words)
        unit(page, 3).locator("textarea").blur()
        expect(unit(page, 3).locator("[data-say]")).not_to_be_empty()
        expect(unit(page, 3).locator("[data-say]")).not_to_contain_text("正在")
    box = unit(second, 3).locator("[data-conflict-box]")
    expect(box).to_contain_text("第一个窗口写的")
    expect(unit(second, 3).locator("textarea")).to_have_value("第二个窗口写的")
    second.screenshot(path=secretary.desk.pictures / "two-tabs.png")
    box.get_by_role("button", name="用我的").click()
    expect(unit(second, 3).locator("[data-say]")).to_contain_text("已保存")
    first.reload()
    expect(unit(first, 3).locator("textarea")).to_have_value("第二个窗口写的")
    forgive(secretary)


def test_a_page_gone_stale_says_who_was_first(opened, desk):
    """Two tabs submit the same application: the second one gets the same receipt and words, not an error."""
    opened.act("s2_filled", "X02-002")
    secretary = desk.person("120021")
    application = steps.own_application(secretary)
    first, second = secretary.page, secretary.context.new_page()
    for page in (first, second):
        page.goto(f"{application}preview/")
        steps.read_through(page)
    first.get_by_role("button", name="确认提交").click()
    expect(first.get_by_role("heading", level=1)).to_have_text("提交回执")
    second.get_by_role("button", name="确认提交").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("提交回执")
    expect(second.locator("body")).to_contain_text("没有重复提交")
    expect(second.locator(".note-error")).to_have_count(0)
    forgive(secretary)


def test_without_javascript_everything_can_be_filled_in_and_submitted(opened, desk):
    """By the pages' own buttons: plan, meeting, self-assessment, form, submission."""
    secretary = desk.person(PLAIN_SECRETARY, script=False)
    page = secretary.page
    page.locator("main a[href^='/applications/']").first.click()
    application = re.search(r"/applications/\d+/", page.url)[0]
    secretary.at(f"{application}plan/")
    steps.fill_row(page.locator("[data-row]").first, "每月开展一次主题党日", "次数", "8", "12")
    page.get_by_role("button", name="保存并报备").click()
    steps.record_meeting(secretary, application, "党员大会部署创建工作")
    secretary.at(f"{application}assessment/")
    for number in range(page.locator("form.dimension").count()):
        form = page.locator("form.dimension").nth(number)
        for field in form.locator(".answer-points input").all():
            field.fill("1")
        for field in form.locator(".answer-lines input").all():
            field.fill("0")
        for choices in form.locator(".answer-options").all():
            choices.locator("input").first.check()
        form.locator(".dimension-foot button").click()
    expect(page.locator("#answered")).to_have_text("33")
    page.screenshot(path=desk.pictures / "plain-assessment.png", full_page=True)
    secretary.at(f"{application}form/")
    for place in page.locator("[data-field]").all():
        place.locator("input, textarea").first.fill(steps.TEXTS[place.locator("label").inner_text().strip()])
    page.get_by_role("button", name="保存并核对").click()
    page.get_by_label("本人已逐页核对").check()
    page.get_by_role("button", name="确认提交").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("提交回执")
    page.screenshot(path=desk.pictures / "plain-receipt.png")
