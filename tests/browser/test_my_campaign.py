"""The secretary's months: what is due, the plan and its progress, the meetings, what came back, nothing typed lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, OTHER_SECRETARY, PLAIN_SECRETARY = "110011", "110021", "110031"
OFFER = "找回了上次没有提交的内容"


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open."""
    world.act("s2_open")
    return world


def log_in(page, police_no):
    page.get_by_label("警号").fill(police_no)
    page.get_by_label("密码").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="登录").click()


def row(page, number):
    return page.locator("[data-row]:visible").nth(number)


# Nothing typed is lost


def test_expired_login_while_typing_the_plan_loses_nothing(opened, desk):
    secretary = desk.person(SECRETARY)
    application = steps.own_application(secretary)
    page = secretary.at(f"{application}plan/")
    for number, measure in enumerate(["每月开展一次主题党日", "辖区入室盗窃案件下降"]):
        steps.fill_row(row(page, number), measure, "次数", "8", "12")
    secretary.context.clear_cookies(name="sessionid")
    secretary.press("保存草稿")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    expect(page.locator("main")).to_contain_text("已留在这台电脑上")
    secretary.look("expired-login", phone=True)
    log_in(page, SECRETARY)
    expect(page.locator(".keep-offer")).to_contain_text(OFFER)
    secretary.look("kept-plan", phone=True)
    page.get_by_role("button", name="恢复").click()
    expect(row(page, 1).get_by_label("创建措施")).to_have_value("辖区入室盗窃案件下降")
    secretary.press("保存草稿")
    secretary.says("计划已保存")
    secretary.at(f"{application}plan/")
    expect(page.locator(".keep-offer")).to_have_count(0)
    expect(row(page, 1).get_by_label("创建措施")).to_have_value("辖区入室盗窃案件下降")


def test_a_closed_page_offers_the_rows_back_to_the_same_person_only(opened, desk):
    first = desk.person(OTHER_SECRETARY)
    application = steps.own_application(first)
    page = first.at(f"{application}plan/")
    for _ in range(2):
        page.locator("#plan-more").click()
    steps.fill_row(row(page, 5), "写到一半就关了页面", "", "", "")
    page.close()
    page = first.context.new_page()
    page.goto(f"{application}plan/")
    expect(page.locator(".keep-offer")).to_contain_text(OFFER)
    # Somebody else of the same branch's tree on the same machine is offered nothing.
    page.goto("/")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="退出").click()
    log_in(page, "110002")
    page.goto(f"{application}plan/")
    expect(page.get_by_role("heading", level=1)).to_have_text("创建活动计划")
    expect(page.locator(".keep-offer")).to_have_count(0)
    page.goto("/")
    page.locator(".user-menu summary").click()
    page.get_by_role("button", name="退出").click()
    log_in(page, OTHER_SECRETARY)
    page.goto(f"{application}plan/")
    page.get_by_role("button", name="恢复").click()
    expect(row(page, 5).get_by_label("创建措施")).to_have_value("写到一半就关了页面")
    page.reload()
    page.get_by_role("button", name="不要了").click()
    page.reload()
    expect(page.locator(".keep-offer")).to_have_count(0)


def test_a_refused_page_shows_what_was_typed_and_offers_nothing(opened, desk):
    secretary = desk.person(OTHER_SECRETARY)
    application = steps.own_application(secretary)
    page = secretary.at(f"{application}plan/")
    row(page, 0).get_by_label("创建措施").fill("没有写责任人")
    secretary.press("保存草稿")
    expect(page.locator("main")).to_contain_text("有几处还需要改")
    expect(row(page, 0).get_by_label("创建措施")).to_have_value("没有写责任人")
    expect(page.locator(".keep-offer")).to_have_count(0)
    secretary.at(f"{application}plan/")
    expect(page.locator(".keep-offer")).to_have_count(1)
    page.get_by_role("button", name="不要了").click()


def test_without_javascript_an_idle_login_carries_the_text_over(opened, desk):
    secretary = desk.person(PLAIN_SECRETARY, script=False)
    page = secretary.page
    page.locator("main a[href^='/applications/']").first.click()
    application = re.search(r"/applications/\d+/", page.url)[0]
    secretary.at(f"{application}plan/")
    steps.fill_row(page.locator("[data-row]").first, "每季度走访一次社区", "次数", "2", "4")
    opened.act("idle")
    secretary.press("保存草稿")
    expect(page.locator("main")).to_contain_text("您填写的内容已经保留")
    log_in(page, PLAIN_SECRETARY)
    expect(page.get_by_role("heading", level=1)).to_have_text("刚才那一步还没有办理")
    page.screenshot(path=desk.pictures / "carried.png", full_page=True)
    secretary.press("接着提交")
    secretary.says("计划已保存")
    expect(page.locator("[data-row]").first.get_by_label("创建措施")).to_have_value("每季度走访一次社区")
