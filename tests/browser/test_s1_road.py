"""The whole road of S1 (达标验收) in the browser: no ranking, no quota, whoever passes is named."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, CLERK, HEAD, OFFICE, ASSESSOR, INSPECTOR = (
    "110011", "110001", "110002", "010001", "010101", "010002",
)  # fmt: skip
OURS, THEIRS, FAR = "东山城关派出所", "东山城东派出所", "西山城关派出所"
METHODS = ["看", "听", "学", "比"]


def test_s1_road(world, desk):
    world.act("s1_open")
    secretary = desk.person(SECRETARY)
    application = prepare(secretary)
    steps.submit(secretary, application)
    # The stages of S1 follow one another: the calendar moves on to the committee's.
    world.act("s1_forwarding")
    clerk = desk.person(CLERK)
    steps.accept(clerk, application)
    forward(desk.person(HEAD))
    office = desk.person(OFFICE)
    plan_visits(office)
    world.act("s1_onsite")
    visit(desk.person(ASSESSOR))
    world.act("visits_scored", "S1")
    name(world, office, desk.person(INSPECTOR))
    page = secretary.at("/reviews/awards/")
    expect(page.locator(".honour", has_text=OURS)).to_contain_text("“四强”党支部")


def prepare(secretary):
    """Plan, 支委会, 党员大会, 总结, a self-assessment over the line of 90, the form."""
    page = secretary.at("/")
    expect(page.locator(".feed").first).to_contain_text("支部委员会动员部署")
    application = steps.own_application(secretary)
    steps.file_plan(secretary, application)
    steps.record_meeting(secretary, application, "支部委员会动员部署")
    steps.record_meeting(secretary, application, "党员大会动员部署")
    steps.write_summary(secretary, application, "创建活动总结")
    page = secretary.at(f"{application}assessment/")
    expect(page.locator("[data-line-words]")).to_contain_text("达标线90分")
    steps.assess(page)
    assert float(page.locator("#total").inner_text()) >= 90
    secretary.look("assessment")
    steps.fill_form(secretary, application)
    page = secretary.at(application)
    expect(page.locator(".next-what")).to_have_text("内容已齐备，请逐页核对后提交")
    secretary.look("ready")
    return application


def forward(head):
    """党委负责人 sends it up; nothing is ranked."""
    page = head.at("/applications/progress/")
    head.look("progress")
    row = page.get_by_role("row", name=re.compile(OURS))
    with page.expect_navigation():
        row.get_by_role("button", name=re.compile("上报")).click()
    head.says("上报市局")


def plan_visits(office):
    """One panel for the inspection; who belongs to the county does not visit it."""
    page = office.at("/reviews/panels/new/")
    option = page.get_by_label("负责的计分构成").locator("option", has_text="“四强”党支部").first
    page.get_by_label("负责的计分构成").select_option(option.get_attribute("value"))
    page.get_by_label("考核组", exact=True).check()
    page.get_by_label("名称").fill("市局考核组")
    for member in ("考核组员01", "考核组员03", "考核组员05"):
        page.get_by_label(f"{member}（").check()
    leader = page.get_by_label("组长").locator("option", has_text="考核组员01").get_attribute("value")
    page.get_by_label("组长").select_option(leader)
    office.press("组建")
    office.press(re.compile("^自动分工"))
    office.follow("安排考评")
    page.get_by_label("实地考评").check()
    page.get_by_label("日期").fill(steps.today())
    page.get_by_label("全部支部").check()
    office.press("安排", exact=True)
    office.says("已安排3次考评")
    office.look("panel")


def visit(assessor):
    """The sheet is ordered as one looks: 看, 听, 学, 比."""
    page = assessor.at("/reviews/")
    row = page.locator(".queue-row", has_text=OURS)
    with page.expect_navigation():
        row.get_by_role("button", name=re.compile("开始评分")).click()
    assert page.locator(".score-head .method").all_inner_texts() == METHODS
    steps.score_sheet(page)
    assessor.look("sheet")
    assessor.press("提交评分", exact=True)
    assessor.says("评分已提交")


def name(world, office, inspector):
    """Whoever reaches the line of 90 is named, as many as they are; one did not."""
    track = "/reviews/results/"
    page = office.at(track)
    office.press("计算并冻结")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tr.outcome-selected")).to_have_count(2)
    expect(page.get_by_role("row", name=re.compile(FAR))).not_to_contain_text("拟命名")
    expect(page.locator(".facts-line")).not_to_contain_text("候补")
    office.look("result")
    office.press("定案")
    page.get_by_label("公示截止").fill(steps.today(10))
    office.press("公示", exact=True)
    office.says("已公示")
    # Five working days have to pass.
    world.act("notice_over", "S1")
    office.at(track)
    page.get_by_label("批准文号").fill("市公党〔2026〕19号")
    page.get_by_label("批准日期").fill(steps.today())
    office.press("登记批准")
    steps.clear(inspector, "命名前", OURS, THEIRS, track="“四强”党支部")
    office.press("命名", exact=True)
    office.says("已命名2个支部")
    for branch, named in ((OURS, 1), (THEIRS, 1), (FAR, 0)):
        expect(page.locator(".honour", has_text=branch)).to_have_count(named)
    office.look("awards")
