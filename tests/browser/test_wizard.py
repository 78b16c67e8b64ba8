"""A campaign set up from nothing to its opening by the keyboard alone; on a telephone; and without scripts."""

import datetime

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADMIN, COUNTY_HEAD, SECRETARY = "010001", "110002", "110011"
YEAR = f"{datetime.date.today().year}年"
# How far down the option stands in its list.
APPLY, CHECK, RECOMMEND = 3, 4, 5
BY_CHECK, BY_VISIT = 2, 3


def test_a_campaign_is_set_up_and_opened_by_keyboard(world, desk):
    admin = desk.person(ADMIN)
    page = admin.at("/campaigns/")
    enter(page, "新建创建活动")
    for label, words in (("活动全称", "平安先锋支部创建活动实施方案"), ("简称", "平安先锋支部创建"), ("轮次", YEAR)):
        typed(page, label, words)
    admin.look("new", phone=True)
    enter(page, "建立草稿")
    typed(page, "方案依据", "市公党〔2026〕9号")
    admin.look("basis", phone=True)
    enter(page, "保存并继续")
    tracks(page)
    admin.look("tracks", phone=True)
    enter(page, "保存并继续")
    calendar(page)
    admin.look("calendar", phone=True)
    enter(page, "保存并继续")
    tab_to(page, "推荐单位排序推荐，有数量限制")
    typed(page, "最多推荐几个", "3")
    admin.look("recommend", phone=True)
    enter(page, "保存并继续")
    scoring(page)
    admin.look("scoring", phone=True)
    enter(page, "保存并继续")
    typed(page, "栏目", "创建主题")
    admin.look("form", phone=True)
    enter(page, "保存并继续")
    opened(admin, page)
    local_plan(desk)


def tracks(page):
    typed(page, "称号", "平安先锋支部")
    chosen(page, "方式", 1)
    chosen(page, "自评标准", 4)
    for label, words in (("名额", "2"), ("候补", "1"), ("公示工作日", "5")):
        typed(page, label, words)


def calendar(page):
    """The wording of the plan becomes days at the press of a button; a task is added in a row of its own."""
    for place, name in ((APPLY, "自评申报"), (CHECK, "党委核查"), (RECOMMEND, "排序推荐")):
        chosen(page, "类别", place)
        typed(page, "名称", name)
        typed(page, "方案写法", YEAR)
    tab_to(page, "增加一项任务")
    page.keyboard.press("Enter")
    chosen_here(page, APPLY)
    chosen(page, "类别", 3)
    typed(page, "名称", "党员大会")
    typed(page, "证明材料", "会议记录")
    enter(page, "按方案写法填日期")
    expect(page.locator("#messages")).to_contain_text("填好3个阶段的日期")
    expect(page.get_by_label("截止（含当天）").first).to_have_value(f"{YEAR[:4]}-12-31")


def scoring(page):
    for source, name, weight, place in ((BY_CHECK, "资料审核", "40", "2"), (BY_VISIT, "实地考评", "50", "1")):
        chosen(page, "来源", source)
        typed(page, "名称", name)
        typed(page, "权重%", weight)
        typed(page, "同分比较排第几", place)
    total = page.locator("[data-total]")
    expect(total).to_contain_text("90%，应为100%")
    page.locator("[name=components-1-weight]").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("60")
    expect(total).to_contain_text("100%，正好")


def opened(admin, page):
    expect(page.get_by_role("heading", level=1)).to_have_text("设置：检查并开启")
    expect(page.locator(".wizard-findings .is-blocking")).to_have_count(1)
    admin.look("open", phone=True)
    typed(page, "批准机关", "市局党委")
    typed(page, "批准文号", "市公党〔2026〕9号")
    page.get_by_label("批准日期").fill(steps.today(-1))  # a date field's own keys depend on the browser's language
    enter(page, "保存批准依据")
    expect(page.locator(".wizard-findings .is-blocking")).to_have_count(0)
    enter(page, "开启活动")
    admin.says("已开启")
    admin.look("campaign", phone=True)


def local_plan(desk):
    """The county adds its own plan; its branch sees both."""
    head = desk.person(COUNTY_HEAD)
    page = head.at("/campaigns/")
    head.follow("平安先锋支部创建活动实施方案")
    enter(page, "编写本级方案")
    typed(page, "补充要求", "每月报告一次进展。")
    enter(page, "保存并发布")
    head.says("已发布")
    head.look("local-plan", phone=True)
    secretary = desk.person(SECRETARY, size=PHONE)
    secretary.at("/campaigns/")
    secretary.follow("平安先锋支部创建活动实施方案")
    secretary.follow("平安先锋支部创建创建方案")
    expect(secretary.page.locator("main")).to_contain_text("每月报告一次进展。")
    secretary.look("local-plan-branch")


def test_a_copied_round_is_changed_on_a_telephone_and_without_scripts(world, desk):
    admin = desk.person(ADMIN, size=PHONE)
    page = admin.at("/campaigns/new/")
    for label, words in (("活动全称", "新一轮方案"), ("简称", "新一轮"), ("编码", "NEXT")):
        page.get_by_label(label).fill(words)
    page.get_by_label("从哪里开始").select_option(label=page.locator("option", has_text="最强支部").first.inner_text())
    admin.press("建立草稿")
    admin.follow("申报表与荣誉")
    rows = page.locator("[data-table=honours] [data-row]:visible")
    expect(rows).to_have_count(3)
    rows.nth(2).get_by_role("button", name="上移").tap()
    rows.nth(0).get_by_role("button", name="删除").tap()
    admin.look("rows")
    admin.press("保存", exact=True)
    names = page.locator("[data-table=honours] [data-row]:visible").get_by_label("名称")
    assert [field.input_value() for field in names.all()] == ["书记项目", "一支部一品牌"]
    address = page.url.removeprefix(desk.url)
    plain = desk.person(ADMIN, script=False)
    page = plain.at(address)
    plain.press("增加一项荣誉")
    last = page.locator("[data-table=honours] [data-row]").nth(2)
    last.get_by_label("名称").fill("先锋书记")
    last.get_by_label("次序").fill("0")
    page.locator("[data-table=honours] [data-row]").nth(0).get_by_label("删除这一行").check()
    plain.press("保存", exact=True)
    plain.says("已保存")
    names = page.locator("[data-table=honours] [data-row]").get_by_label("名称")
    assert [field.input_value() for field in names.all()] == ["先锋书记", "一支部一品牌"]


# By the keyboard


def tab_to(page, words: str) -> None:
    """Tab on until what has the focus is called so: a button or link by its text, a field by its label."""
    named = """() => { const at = document.activeElement, labels = at.labels || [];
        return (labels.length ? labels[0].innerText : at.innerText || "").trim(); }"""
    for _ in range(160):
        page.keyboard.press("Tab")
        if page.evaluate(named).removesuffix("*").strip() == words:
            return
    raise AssertionError(f"Tab does not reach {words}")


def typed(page, label: str, words: str) -> None:
    tab_to(page, label)
    page.keyboard.press("Control+A")
    page.keyboard.type(words)


def chosen(page, label: str, down: int) -> None:
    tab_to(page, label)
    chosen_here(page, down)


def chosen_here(page, down: int) -> None:
    for _ in range(down):
        page.keyboard.press("ArrowDown")


def enter(page, words: str) -> None:
    tab_to(page, words)
    with page.expect_navigation():
        page.keyboard.press("Enter")
