"""Steps that more than one road takes: filling in, checking, scoring."""

import datetime
import re
import time
import zoneinfo
from pathlib import Path

from playwright.sync_api import Page, expect

from reviews.demo import files
from tests.browser.people import Person

TEXTS = {
    "创建主题": "党建领航 平安先锋",
    "创建情况": "支部现有党员18名。创建以来，围绕主题把标准分解为24项任务，落实到每名支委和党小组，群众满意度98%。",
    "特色做法": "推行“一岗双责、一线带动”，党员亮身份、亮承诺、亮业绩。",
    "特色亮点": "建立“党员积分”手册，与辖区4个社区支部结对共建。",
    "工作亮点": "制定支部议事清单3项，经验做法被市局简报采用2篇。",
    "品牌名称": "城关先锋",
    "品牌内涵": "以党徽红为底色，以盾牌为外形，寓意党员冲锋在前、守护平安。",
    "近三年获奖": "2024年先进基层党组织（市局党委）",
    "支部党员大会应到人数": "18",
    "支部党员大会实到人数": "17",
    "赞成人数": "17",
    "经办人电话": "0000-2345678",
}


def today(days: int = 0) -> str:
    """A day counted from today in Beijing, as a date field takes it."""
    now = datetime.datetime.now(zoneinfo.ZoneInfo("Asia/Shanghai"))
    return (now.date() + datetime.timedelta(days=days)).isoformat()


def papers(folder: Path) -> list[Path]:
    """A photo, a PDF and a DOCX as a branch would upload them."""
    made = {"主题党日.png": files._photo("主题党日", 1), "会议记录.pdf": files._pdf("会议记录", 1),
            "工作总结.docx": files._docx("工作总结")}  # fmt: skip
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in made]


# The branch


def own_application(secretary: Person) -> str:
    """From home to the first thing to do; the address of the application it belongs to."""
    page = secretary.at("/")
    with page.expect_navigation():
        page.locator("main a[href^='/applications/']").first.click()
    return re.search(r"/applications/\d+/", page.url)[0]


def file_plan(secretary: Person, application: str) -> None:
    """Two measures, the second by “add a row”, then filed."""
    page = secretary.at(f"{application}plan/")
    rows = page.locator("[data-row]:visible")
    fill_row(rows.nth(0), "每月开展一次主题党日", "主题党日次数", "8", "12")
    if rows.count() < 2:
        page.locator("#plan-more").click()
    fill_row(rows.nth(1), "辖区入室盗窃案件下降", "发案数", "20", "12")
    secretary.look("plan", phone=True)
    secretary.press("保存并报备")
    expect(page.locator(".note-success").first).to_contain_text("报备")


def fill_row(row, measure: str, indicator: str, baseline: str, target: str) -> None:
    row.get_by_label("创建措施").fill(measure)
    row.get_by_label("量化指标").fill(indicator)
    row.get_by_label("基数").fill(baseline)
    row.get_by_label("目标值").fill(target)
    row.get_by_label("责任人").fill("支部书记A")
    row.get_by_label("完成时限").fill(today(60))


def record_meeting(secretary: Person, application: str, name: str) -> None:
    secretary.at(application)
    page = secretary.follow(f"{name}：去登记")
    page.get_by_label("日期").fill(today(-1))
    page.get_by_label("地点").fill("支部活动室")
    page.get_by_label("主持人").fill("支部书记A")
    page.get_by_label("应到人数").fill("18")
    page.get_by_label("实到人数").fill("17")
    page.get_by_label("主要内容").fill("学习创建标准，逐条讨论创建措施，全体党员表决通过创建活动计划。")
    secretary.press("保存登记")
    expect(page.locator("li.step", has_text=name)).to_contain_text("已完成")


def write_summary(secretary: Person, application: str, name: str) -> None:
    secretary.at(application)
    page = secretary.follow(f"{name}：去登记")
    page.get_by_label("形成日期").fill(today())
    page.get_by_label("正文").fill("一年来对照标准自查自纠3次，整改问题5个，各项任务完成，认为已达到创建标准。")
    secretary.look("summary")
    secretary.press("保存登记")
    expect(page.locator("li.step", has_text=name)).to_contain_text("已完成")


def assess(page: Page) -> int:
    """Answer every criterion as well as possible; returns how many take points. Nothing is sent by hand: it saves itself."""
    units = page.locator("#assessment [data-unit]").all()
    for unit in units:
        for field in unit.locator("input[type=text]").all():
            field.fill(full_marks(field))
        if unit.locator("input[type=radio]").count():
            unit.locator("input[type=radio]").first.check()
    of = re.search(r"/ (\d+)项", page.locator(".sheet-line").inner_text())[1]
    expect(page.locator("#answered")).to_have_text(of)
    all_saved(page)
    return int(of)


def all_saved(page: Page) -> None:
    """The page says so, and its shelf of what the server has not confirmed is empty."""
    expect(page.locator("#save-state")).to_contain_text("已保存")
    deadline = time.monotonic() + 10
    # Asked again and again from here: the content policy forbids a page to evaluate a text while it waits.
    while page.evaluate("Object.keys(localStorage).some(key => key.startsWith('unsaved:'))"):
        assert time.monotonic() < deadline, "something typed is still not confirmed"
        page.wait_for_timeout(100)


def full_marks(field) -> str:
    """What to type for the most points: all of them, nothing to be taken off, three times of what counts."""
    if field.get_attribute("name").endswith("-points"):
        return field.get_attribute("data-most")
    return "0" if field.locator("xpath=ancestor::*[contains(@class, 'answer-deduct')]").count() else "3"


def attach(page: Page, criterion, given: list[Path]) -> None:
    """Upload under one criterion; the files are cited there at once."""
    criterion.get_by_role("button", name="附材料").click()
    chooser = page.locator("#chooser")
    chooser.locator("#upload-files").set_input_files(given)
    for path in given:
        expect(chooser.locator("[data-results]")).to_contain_text(path.name)
        expect(criterion.locator("[data-chips]")).to_contain_text(path.name)


def shut(page: Page) -> None:
    page.locator("#chooser").get_by_role("button", name="关闭").click()
    expect(page.locator("#chooser")).to_be_hidden()


def fill_form(secretary: Person, application: str) -> None:
    page = secretary.at(f"{application}form/")
    for place in page.locator("[data-field]").all():
        label = place.locator("label").inner_text().strip().rstrip("*")
        place.locator("input, textarea").first.fill(TEXTS[label])
    all_saved(page)


def submit(secretary: Person, application: str) -> str:
    """Read through, confirm, submit; the receipt's number."""
    page = secretary.at(f"{application}preview/")
    read_through(page)
    secretary.press("确认提交")
    expect(page.get_by_role("heading", level=1)).to_have_text("提交回执")
    return page.locator(".receipt-number").inner_text().strip()


def read_through(page: Page) -> None:
    """Part by part as it is printed, then the whole."""
    parts = page.locator(".part-read input")
    expect(parts).to_have_count(page.locator("[data-part]").count())
    for part in parts.all():
        part.check()
    page.get_by_label("本人已逐页核对").check()


# The committee


def accept(clerk: Person, application: str, members: str = "党委经办人、组织干事A") -> None:
    """The branch's own points taken over where nothing was scored, then 审核通过."""
    page = clerk.at(f"{application}check/")
    if page.get_by_role("button", name="照自评得分填入").count():
        clerk.press("照自评得分填入")
    conclude = page.locator("form", has=page.get_by_role("heading", name="审核通过"))
    conclude.get_by_label("核查成员").fill(members)
    conclude.get_by_label("核查日期").fill(today())
    conclude.get_by_label("核查意见").fill("材料齐全，核查属实，同意通过。")
    clerk.press("审核通过", exact=True)
    clerk.says("通过")


# The inspectors


def clear(inspector: Person, point: str, *branches: str, track: str = "") -> None:
    """“无问题” for these branches at one point of the road."""
    page = inspector.at("/applications/inspection/")
    if track:
        choice = page.get_by_label("轨道", exact=True)
        wanted = choice.locator("option", has_text=track).get_attribute("value")
        with page.expect_navigation():
            choice.select_option(wanted)
    for branch in branches:
        page.get_by_role("row", name=re.compile(branch)).get_by_role("checkbox").check()
    page.get_by_label("时点", exact=True).select_option(label=point)
    inspector.press(re.compile("出具“无问题”"))
    for branch in branches:
        expect(page.get_by_role("row", name=re.compile(branch))).to_contain_text("无问题")


# The reviewers


def score_sheet(page: Page, shares: float = 1.0) -> None:
    """Every item of the open sheet; saved item by item."""
    for row in page.locator("[data-item]").all():
        for field in row.locator("input[type=text]").all():
            if field.get_attribute("name").endswith("-points"):
                field.fill(f"{round(float(full_marks(field)) * shares * 2) / 2:g}")
            else:
                field.fill(full_marks(field))
        if row.locator("input[type=radio]").count():
            row.locator("input[type=radio]").first.check()
    expect(page.locator("[data-missing]")).to_have_text("0")
