"""The whole road of S2 (竞争评选) in the browser, each step by the person whose step it is."""

import io
import re

import pypdf
import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADMIN, INSPECTOR, SECOND_INSPECTOR, AUDITOR = "010001", "010002", "010003", "010006"
SECRETARY, COUNTY_CLERK, COUNTY_HEAD = "110011", "110001", "110002"
OFFICE_SECRETARY, OFFICE_CLERK, OFFICE_HEAD = "020011", "020001", "020002"
ASSESSOR, EXPERT = "010101", "010201"
OURS, SECOND, VETOED, OFFICE = "东山城关派出所", "东山城东派出所", "东山城西派出所", "政治部"


def test_s2_road(world, desk, tmp_path):
    admin = desk.person(ADMIN)
    open_campaign(admin)
    secretary = desk.person(SECRETARY)
    application = prepare(secretary, tmp_path)
    receipt = hand_in(secretary, application)
    clerk = desk.person(COUNTY_CLERK)
    send_back(clerk, application)
    second_receipt = mend(secretary, application)
    assert second_receipt == receipt.removesuffix("-1") + "-2"
    accept(clerk, application)
    world.act("s2_others")
    rank(desk.person(COUNTY_HEAD))
    nominate(desk)
    inspector = inspect(desk)
    panels(admin)
    visit(desk.person(ASSESSOR, size=PHONE))
    world.act("visits_scored")
    present(world, admin, desk)
    result(world, admin, inspector)
    named(secretary)
    audited(desk.person(AUDITOR))


def open_campaign(admin):
    """活动管理员 puts the approval on record and opens the draft; every branch is enrolled."""
    page = admin.at("/campaigns/")
    admin.look("campaigns")
    admin.follow(re.compile("最强支部"))
    page.get_by_label("批准机关").fill("市局党委")
    page.get_by_label("批准文号").fill("市公党〔2026〕6号")
    page.get_by_label("批准日期").fill(steps.today(-9))
    admin.press("保存批准依据")
    admin.look("campaign-draft")
    admin.press("开启活动")
    expect(page.locator("#messages")).to_contain_text("开启")
    admin.at("/applications/progress/")
    expect(page.locator("main")).to_contain_text(OURS)
    admin.look("progress", phone=True)


def prepare(secretary, tmp_path):
    """支部书记 finds the work at home, plans, records the meeting, scores all criteria, attaches, fills the form."""
    page = secretary.at("/")
    expect(page.locator(".feed").first).to_contain_text("创建活动计划")
    secretary.look("home", phone=True)
    application = steps.own_application(secretary)
    secretary.at(application)
    secretary.look("application", phone=True)
    steps.file_plan(secretary, application)
    steps.record_meeting(secretary, application, "党员大会部署创建工作")
    page = secretary.at(f"{application}assessment/")
    assert steps.assess(page) == 33
    expect(page.locator("[data-say]", has_text="已保存").first).to_be_visible()
    criterion = page.locator("#assessment [data-unit]").first
    given = steps.papers(tmp_path)
    steps.attach(page, criterion, given)
    secretary.look("chooser")
    steps.shut(page)
    # A file of the library is cited a second time, by hand.
    other = page.locator("#assessment [data-unit]").nth(1)
    other.get_by_role("button", name="附材料").click()
    page.locator("#chooser").get_by_role("button", name="引用主题党日.png", exact=True).click()
    expect(other.locator("[data-chips]")).to_contain_text("主题党日.png")
    steps.shut(page)
    total = page.locator("#total").inner_text()
    page.reload()
    expect(page.locator("#total")).to_have_text(total)
    secretary.look("assessment", phone=True)
    secretary.at(f"{application}evidence/")
    secretary.look("evidence", phone=True)
    return application


def hand_in(secretary, application):
    """The preview lists what is missing; with the form filled in it can be submitted; the PDF says what was entered."""
    page = secretary.at(f"{application}preview/")
    expect(page.locator(".gaps")).to_contain_text("创建主题")
    expect(page.get_by_role("button", name="确认提交")).to_have_count(0)
    steps.fill_form(secretary, application)
    secretary.look("form", phone=True)
    secretary.press("保存并核对")
    expect(page.locator(".gaps")).to_have_count(0)
    secretary.look("preview", phone=True)
    receipt = steps.submit(secretary, application)
    secretary.look("receipt")
    text = pdf_text(secretary)
    for wanted in (f"{OURS}党支部", receipt, steps.TEXTS["创建主题"], steps.TEXTS["品牌名称"]):
        assert wanted in text, wanted
    return receipt


def pdf_text(secretary):
    """The 申报表 as the worker set it, downloaded, without the breaks of its lines."""
    with secretary.page.expect_download(timeout=60_000) as download:
        secretary.page.get_by_role("link", name="下载申报表 PDF").click()
    content = download.value.path().read_bytes()
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages)).replace(
        "党建领航平安先锋", "党建领航 平安先锋"
    )


def send_back(clerk, application):
    """党委经办人 scores two criteria and returns the application with reasons."""
    page = clerk.at("/applications/checks/")
    clerk.look("check-list")
    clerk.follow(re.compile("去核查"))
    page.locator(".desk-own input[type=text]").first.fill("1")
    page.locator(".desk-own input[type=text]").first.press("Tab")
    page.keyboard.type("台账缺两次记录")
    page.keyboard.press("Enter")
    expect(page.locator(".desk-own [data-state]").first).to_contain_text("已保存")
    clerk.look("check", phone=True)
    back = page.locator("form", has=page.get_by_role("heading", name="退回修改"))
    back.get_by_label("退回理由").fill("“第一议题”台账缺两次记录，请补充后重新提交。")
    back.get_by_label("修改期限").fill(steps.today(5))
    clerk.press("退回修改")
    clerk.says("退回")


def mend(secretary, application):
    """书记 is told why, changes a remark and submits again."""
    page = secretary.at("/notices/")
    expect(page.locator(".feed")).to_contain_text("退回")
    secretary.look("notices")
    page = secretary.at(application)
    expect(page.locator(".return-note")).to_contain_text("缺两次记录")
    secretary.look("returned", phone=True)
    page = secretary.at(f"{application}assessment/")
    unit = page.locator("#assessment [data-unit]").first
    unit.locator("textarea").fill("已补充两次“第一议题”学习记录，见会议记录。")
    unit.locator("textarea").blur()
    expect(unit.locator("[data-say]")).to_contain_text("已保存")
    return steps.submit(secretary, application)


def accept(clerk, application):
    page = clerk.at(f"{application}check/")
    page.locator(".desk-own input[type=text]").first.fill("2")
    page.locator(".desk-own input[type=text]").first.press("Enter")
    expect(page.locator(".desk-own [data-state]").first).to_contain_text("已保存")
    steps.accept(clerk, application)
    clerk.look("checked")


def rank(head):
    """党委负责人 ranks three branches with the buttons, by keyboard, and confirms."""
    page = head.at("/applications/ranking/")
    head.look("rankings")
    head.follow(re.compile("^打开"))
    for name in (VETOED, SECOND, OURS):
        page.get_by_role("button", name=f"加入{name}").press("Enter")
    for _ in range(2):
        page.get_by_role("button", name=f"{OURS}上移").press("Enter")
    page.get_by_role("button", name=f"{SECOND}上移").press("Enter")
    assert page.locator("[data-ranked] .rank-name a").all_inner_texts() == [OURS, SECOND, VETOED]
    page.get_by_label(f"{OURS}推荐理由").fill("政治功能突出，业务考评连续两年居全局前列。")
    page.get_by_role("button", name="保存名单").click()
    expect(page.locator("[data-changed]")).to_contain_text("已保存")
    head.look("ranking", phone=True)
    head.press("确认并锁定")
    head.says("名单已确认并锁定")
    head.look("ranking-confirmed")


def nominate(desk):
    """A headquarters branch: its secretary submits, 机关党委 checks, and its head confirms the self-nomination."""
    secretary = desk.person(OFFICE_SECRETARY)
    application = steps.own_application(secretary)
    steps.submit(secretary, application)
    steps.accept(desk.person(OFFICE_CLERK), application)
    head = desk.person(OFFICE_HEAD)
    head.at("/applications/progress/")
    head.look("progress-headquarters")
    head.press(re.compile("自荐"))
    head.says("自荐")


def inspect(desk):
    """纪检督察 clears one branch; another is vetoed: proposed by one inspector, confirmed by the other, out at once."""
    first = desk.person(INSPECTOR)
    page = first.page
    steps.clear(first, "推荐前", OURS)
    first.look("inspection", phone=True)
    with page.expect_navigation():
        page.get_by_role("row", name=re.compile(VETOED)).get_by_role("link", name=re.compile("提出否决")).click()
    page.get_by_label("事实与依据").fill("创建期间一名民警受党纪处分，处分决定已生效。")
    first.look("veto-proposing")
    first.press("提出否决")
    second = desk.person(SECOND_INSPECTOR)
    page = second.at("/applications/vetoes/")
    second.follow(re.compile("^打开"))
    page.locator("form", has=page.get_by_role("heading", name="确认否决")).get_by_label("意见").fill("依据充分，同意。")
    second.look("veto")
    second.press("确认否决")
    expect(page.locator("h1 .status")).to_have_class(re.compile("status-confirmed"))
    page = second.at(f"/applications/?q={VETOED}")
    expect(page.locator("tbody")).to_contain_text("已否决")
    return first


def panels(admin):
    """市局 forms the assessors' and the experts' panels; conflicts show at once; all is assigned, visits are planned."""
    form_panel(
        admin,
        "实地考评",
        "考核组",
        "第一考核组",
        ["考核组员01", "考核组员02", "考核组员03", "考核组员04", "考核组员05", "考核组员07"],
    )
    page = admin.page
    expect(page.locator("section", has=page.get_by_role("heading", name="回避", exact=True))).to_contain_text(
        "考核组员02"
    )
    admin.press(re.compile("^自动分工"))
    expect(page.get_by_role("row", name=re.compile(OURS))).to_contain_text("回避")
    expect(page.get_by_role("row", name=re.compile(VETOED))).to_have_count(0)
    admin.look("panel", phone=True)
    admin.follow("安排考评")
    page.get_by_label("动态考核").check()
    page.get_by_label("日期").fill(steps.today())
    page.get_by_label("全部支部").check()
    admin.look("visit-new")
    admin.press("安排", exact=True)
    admin.says("已安排5次考评")
    experts = [f"专家{number:02d}" for number in range(1, 8)]
    form_panel(admin, "现场展示", "专家组", "专家组", experts)
    admin.press(re.compile("^自动分工"))
    admin.at("/reviews/panels/")
    admin.look("panels")


def form_panel(admin, component, kind, name, members):
    page = admin.at("/reviews/panels/new/")
    option = page.get_by_label("负责的计分构成").locator("option", has_text=component).first
    page.get_by_label("负责的计分构成").select_option(option.get_attribute("value"))
    page.get_by_label(kind, exact=True).check()
    page.get_by_label("名称").fill(name)
    for member in members:
        page.get_by_label(f"{member}（").check()
    leader = page.get_by_label("组长").locator("option", has_text=members[0]).get_attribute("value")
    page.get_by_label("组长").select_option(leader)
    admin.look("panel-new")
    admin.press("组建")
    admin.says("已组建")


def visit(assessor):
    """考核组员 scores our branch on a telephone, standing in its rooms."""
    page = assessor.at("/reviews/")
    assessor.look("queue-phone")
    row = page.locator(".queue-row", has_text=OURS)
    with page.expect_navigation():
        row.get_by_role("button", name=re.compile("开始评分")).tap()
    steps.score_sheet(page)
    page.get_by_label("总体评语").fill("基层基础扎实，党员作用发挥明显。")
    assessor.look("sheet-phone")
    assessor.press("提交评分", exact=True)
    assessor.says("评分已提交")


def present(world, admin, desk):
    """抽签, a slot is opened, an expert scores with the keyboard alone, the slot is closed, the trimmed mean appears."""
    page = admin.at("/reviews/panels/")
    admin.follow("专家组")
    page.get_by_label("展示日期").fill(steps.today())
    admin.press("抽签", exact=True)
    admin.says("抽签完成")
    admin.press("开评")
    admin.look("session-open")
    expert = desk.person(EXPERT)
    desk_page = expert.at("/reviews/")
    with desk_page.expect_navigation():
        desk_page.locator(".queue-go button").press("Enter")
    type_scores(desk_page)
    expert.look("sheet-expert")
    with desk_page.expect_navigation():
        desk_page.keyboard.press("Control+Enter")
    expert.says("评分已提交")
    world.act("slot_scored")
    page.reload()
    admin.press("收评")
    closed = page.locator("tr", has_text="已收评")
    expect(closed.locator("s")).to_have_count(2)
    marks = sorted(float(text) for text in closed.locator(".marks > *").evaluate_all(
        "marks => marks.map(mark => mark.firstChild.textContent.trim())"
    ))  # fmt: skip
    assert len(marks) >= 5
    mean = sum(marks[1:-1]) / (len(marks) - 2)
    assert abs(float(closed.locator("[data-label=得分]").inner_text()) - mean) < 0.006
    admin.look("session-closed", phone=True)
    world.act("slots_over")


def type_scores(page):
    """Digits and Tab, or the arrow keys where one chooses; the mouse is not touched."""
    page.locator("[data-first]").first.focus()
    for _ in range(200):
        field = page.evaluate("(e => [e.id, e.type, e.name])(document.activeElement)")
        if field[0] == "comment":
            break
        if field[1] == "radio":
            page.keyboard.press("Space")
        elif field[1] == "text":
            page.keyboard.type(page.evaluate("document.activeElement.dataset.most"))
        page.keyboard.press("Tab")
    else:
        raise AssertionError("the keyboard never reached the end of the sheet")
    expect(page.locator("[data-missing]")).to_have_text("0")


def result(world, admin, inspector):
    """Computed and frozen, decided, published, approved, cleared once more, named with plaque numbers."""
    page = admin.at("/reviews/results/")
    admin.press("计算并冻结")
    expect(page.locator("tbody tr")).to_have_count(5)
    expect(page.locator("tr.outcome-selected")).to_have_count(3)
    expect(page.locator("tr.outcome-reserve")).to_have_count(1)
    expect(page.locator("tr.outcome-selected").first).to_contain_text(OURS)
    admin.look("result", phone=True)
    admin.follow(OURS)
    admin.look("result-row", phone=True)
    page.go_back()
    admin.press("定案")
    page.get_by_label("公示截止").fill(steps.today(10))
    admin.look("results-publish", phone=True)
    admin.press("公示", exact=True)
    admin.says("已公示")
    # Five working days have to pass.
    world.act("notice_over")
    admin.at("/reviews/results/")
    page.get_by_label("批准文号").fill("市公党〔2026〕41号")
    page.get_by_label("批准日期").fill(steps.today())
    admin.press("登记批准")
    admin.says("批准文号已登记")
    steps.clear(inspector, "命名前", OURS, SECOND, OFFICE)
    admin.press("命名", exact=True)
    admin.says("已命名3个支部")
    expect(page.locator(".honour", has_text=OURS)).to_contain_text(re.compile(r"最强支部\d{4}-\d{3}"))
    admin.look("awards", phone=True)


def named(secretary):
    page = secretary.at("/")
    expect(page.locator("main")).to_contain_text("命名")
    secretary.look("home-named")
    page = secretary.at("/notices/")
    expect(page.locator(".feed")).to_contain_text("本支部被命名为")


def audited(auditor):
    """审计员 finds who named whom, and the chain holds."""
    page = auditor.at("/audit/")
    auditor.look("audit", phone=True)
    for action in ("登录", "提交", "否决", "命名"):
        expect(page.get_by_label("动作")).to_contain_text(action)
    auditor.press("验证审计链")
    page = auditor.at("/audit/?q=")
    expect(page.locator("tbody tr").first).to_be_visible()
