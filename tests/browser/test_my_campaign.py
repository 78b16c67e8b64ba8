"""The secretary's months: what is due, the plan and its progress, the meetings, what came back, nothing typed lost."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, OTHER_SECRETARY, PLAIN_SECRETARY = "110011", "110021", "110031"
RETURNED_SECRETARY = "120011"
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
    steps.fill_row(row(page, 4), "写到一半就关了页面", "", "", "")
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
    expect(row(page, 4).get_by_label("创建措施")).to_have_value("写到一半就关了页面")
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


# The work, step by step


def next_step(page):
    return page.locator(".next-what")


def tab_to(page, words):
    """Press Tab until the element with these words has the focus, as somebody without a mouse does."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if words in page.evaluate(
            "(document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()"
        ):
            return
    raise AssertionError(f"Tab does not reach {words}")


def test_the_next_step_follows_the_work(opened, desk, tmp_path):
    secretary = desk.person(SECRETARY)
    application = steps.own_application(secretary)
    page = secretary.at(application)
    expect(page.locator(".state")).to_contain_text("草稿·未提交")
    expect(page.locator(".stage-now")).to_have_count(1)
    clock = page.locator(".stage-clock time")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    expect(next_step(page)).to_have_text("创建活动计划措施")
    secretary.look("campaign", phone=True)
    # By the keyboard alone: the one next thing, then the filter.
    tab_to(page, "只看未完成")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator(".criteria-dimension[open]").first).to_contain_text("缺说明")
    page.goto(application)
    tab_to(page, "去制定")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for number in range(2):
        steps.fill_row(row(page, number), f"措施{number + 1}", "次数", "8次", "12次")
    row(page, 1).get_by_label("完成时限").fill(steps.today(-2))
    secretary.press("保存并报备")
    expect(page.locator(".plan-total")).to_have_text("2条措施，完成0条，逾期1条")
    secretary.look("plan-filed", phone=True)
    note_progress(secretary)
    page.goto(application)
    expect(next_step(page)).to_have_text("党员大会部署创建工作")
    record_meeting(secretary, application, tmp_path)
    page.goto(application)
    expect(next_step(page)).to_have_text("对照标准自评")
    expect(page.locator("li.step", has_text="党员大会")).to_contain_text("会议记录.pdf")
    secretary.look("campaign-later", phone=True)


def note_progress(secretary):
    page = secretary.page
    page.get_by_role("link", name="措施2：登记进展").click()
    page.get_by_label("实际值").fill("10次")
    page.get_by_role("textbox", name="进展").fill("已开展10次，群众反映较好。")
    secretary.look("measure", phone=True)
    secretary.press("登记", exact=True)
    late = page.locator(".measure", has_text="措施2")
    expect(late).to_contain_text("从基数到目标已走50%")
    late.locator("summary").click()
    expect(late.locator(".timeline")).to_contain_text("群众反映较好")
    page.get_by_role("link", name="措施2：登记进展").click()
    page.get_by_label("实际值").fill("12次")
    page.get_by_label("这条措施已经完成").check()
    secretary.press("登记", exact=True)
    expect(page.locator(".plan-total")).to_have_text("2条措施，完成1条")
    secretary.look("plan-progress", phone=True)


def record_meeting(secretary, application, folder):
    page = (
        secretary.follow("党员大会部署创建工作：去登记") if secretary.page.url.endswith(application) else secretary.page
    )
    page.get_by_label("日期").fill(steps.today())
    page.get_by_label("地点").fill("支部活动室")
    page.get_by_label("主持人").fill("支部书记A")
    page.get_by_label("应到人数").fill("12")
    page.get_by_label("实到人数").fill("11")
    expect(page.locator("[data-rate]")).to_contain_text("到会率91.6%")
    page.get_by_label("应列席辅警人数").fill("6")
    page.get_by_label("列席辅警人数", exact=True).fill("5")
    page.get_by_label("主要内容").fill("学习创建标准，部署创建工作。")
    paper = next(path for path in steps.papers(folder) if path.suffix == ".pdf")
    page.locator("input[type=file]").set_input_files(paper)
    secretary.look("task", phone=True)
    secretary.press("保存登记")
    expect(page.locator("li.step", has_text="党员大会")).to_contain_text("列席辅警5人")


def test_a_returned_application_shows_what_is_to_be_mended(opened, desk):
    opened.act("s2_filled", "X02-001")
    opened.act("sent_back", "X02-001")
    secretary = desk.person(RETURNED_SECRETARY)
    application = steps.own_application(secretary)
    page = secretary.at(application)
    expect(page.locator(".state")).to_contain_text("已退回修改（第1次）")
    expect(page.locator(".return-item")).to_have_count(2)
    expect(page.locator(".return-note")).to_contain_text("还有2项没有改动")
    secretary.look("returned", phone=True)
    first = page.locator(".return-item").first
    with page.expect_navigation():
        first.get_by_role("link", name=re.compile("去修改")).click()
    unit = page.locator("[data-unit]:target")
    unit.locator("textarea").fill("已补充第一议题学习记录12份。")
    unit.locator("textarea").blur()
    expect(unit.locator("[data-say]")).to_contain_text("已保存")
    page.goto(application)
    expect(page.locator(".return-item").first).to_contain_text("已改动")
    expect(next_step(page)).to_contain_text("按退回意见修改")
    expect(page.get_by_role("link", name="直接核对提交")).to_be_visible()
    page.goto(f"{application}plan/")
    expect(page.locator(".state")).to_contain_text("已退回修改（第1次）")
