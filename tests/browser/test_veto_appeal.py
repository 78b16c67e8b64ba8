"""The inspectors: clear in bulk and take one back, a veto by two people at a later stage, the appeal, and the way back."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

FIRST, SECOND, HEAD = "010002", "010003", "110002"
BRANCH = "东山城关派出所"


@pytest.fixture(scope="module")
def opened(world):
    world.act("s2_open")
    world.act("ranking_open")
    return world


def desk_row(page, name):
    return page.get_by_role("row", name=re.compile(name))


def test_clear_the_page_and_all_that_is_filtered_and_take_one_back(opened, desk):
    inspector = desk.person(FIRST)
    page = inspector.at("/applications/inspection/")
    page.get_by_label("勾选本页全部").check()
    expect(page.get_by_role("button", name=re.compile("对勾选的3个出具"))).to_be_visible()
    page.get_by_label("时点", exact=True).select_option(label="评审前")
    page.get_by_label("说明（可不填）").fill("已查询信访和处分记录")
    inspector.press(re.compile("对勾选的"))
    inspector.says("已对3个支部出具“评审前”无问题意见")
    inspector.look("cleared", phone=True)
    desk_row(page, BRANCH).get_by_role("link", name=re.compile("收回.*评审前")).click()
    page.get_by_label("收回的理由").fill("看错了支部")
    inspector.look("take-back", phone=True)
    inspector.press("收回意见")
    inspector.says("已收回")
    page.get_by_label("时点", exact=True).select_option(label="评审前")
    inspector.press(re.compile("对筛选出的全部3个出具"))
    assert "全部3个支部" in inspector.questions[-1]
    inspector.says("已对1个支部出具“评审前”无问题意见")
    inspector.says("没有办理（此前已有该时点的意见）")


def test_a_veto_by_two_while_in_review_and_its_appeal(opened, desk):
    head = desk.person(HEAD)
    head.at("/applications/ranking/")
    page = head.follow(re.compile("打开"))
    page.get_by_role("button", name=f"加入{BRANCH}").click()
    expect(page.locator("[data-changed]")).to_contain_text("已保存")
    head.press("确认并锁定")
    head.says("名单已确认并锁定")
    opened.act("given_to_panel", "X01-001")

    first, second = desk.person(FIRST), desk.person(SECOND)
    page = first.at("/applications/inspection/")
    with page.expect_navigation():
        desk_row(page, BRANCH).get_by_role("link", name=re.compile("提出否决")).click()
    expect(page.locator("main")).to_contain_text("已有评分不计入结果")
    page.get_by_label("事实与依据").fill("一名民警受党纪处分，处分决定已生效。")
    first.look("propose", phone=True)
    first.press("提出否决", exact=True)
    expect(page.locator("main")).to_contain_text("须由另一名纪检督察确认")
    page = second.at("/")
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile("去确认")).first.click()
    confirm = page.locator("form", has=page.get_by_role("heading", name="确认否决"))
    confirm.get_by_label("意见").fill("事实清楚，同意。")
    confirm.get_by_label("告知支部的理由").fill("创建期间一名民警受党纪处分。")
    second.look("confirm", phone=True)
    second.press("确认否决")
    second.says("即刻出局")

    secretary = desk.person("110011")
    page = secretary.at("/applications/")
    expect(page.locator("[data-state=vetoed]")).to_contain_text("已被一票否决")
    secretary.follow("看理由与申诉")
    expect(page.locator("main")).to_contain_text("创建期间一名民警受党纪处分。")
    page.get_by_label("申诉理由").fill("所涉事实发生在创建活动开始之前，请核对时间。")
    page.locator("#picker [name=evidence]").first.check()
    secretary.look("appeal", phone=True)
    secretary.press("提交申诉")
    secretary.says("申诉已提交")
    expect(page.locator("main")).to_contain_text("现在不需要再做什么")

    page = second.at("/")
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile("去复查")).first.click()
    page.get_by_label("复查情况").fill("经核对，事实发生在创建活动开始之前。")
    page.get_by_label("撤销否决").check()
    second.look("find", phone=True)
    second.press("提交复查情况")
    expect(page.locator("main")).to_contain_text("须由其他纪检督察人员决定")
    page = first.at("/")
    with page.expect_navigation():
        page.get_by_role("link", name=re.compile("去决定")).first.click()
    page.locator("form", has=page.get_by_role("heading", name="同意，撤销否决")).get_by_label("决定意见").fill(
        "同意撤销。"
    )
    first.look("decide", phone=True)
    first.press("撤销否决", exact=True)
    first.says("已决定")
    expect(page.locator("main")).to_contain_text("现状：考评中")

    page = secretary.page
    page.reload()
    expect(page.locator("main")).to_contain_text("否决已撤销，现状为“考评中”")
    secretary.look("lifted", phone=True)
    secretary.at("/notices/")
    expect(page.locator("main")).to_contain_text("一票否决已撤销")


def test_the_committee_finds_and_mends_what_keeps_a_branch_out(opened, desk):
    clerk = desk.person("110001")
    page = clerk.at("/applications/eligibility/?show=all")
    clerk.look("eligibility", phone=True)
    clerk.follow(re.compile(f"更正登记.*{BRANCH}"))
    page.get_by_label("正式党员").fill("31")
    clerk.look("correct", phone=True)
    clerk.press("保存更正")
    clerk.says("登记情况已更新")
