"""The 申报表 from the first prefilled field to a second receipt: clerk, secretary, two tabs, paper, and what changed."""

import io
import re

import pypdf
import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CODE, SECRETARY, CLERK = "X02-002", "120021", "120022"


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open; one branch has everything but its form."""
    world.act("s2_open")
    world.act("s2_form_left", CODE)
    return world


def field(page, label):
    return page.locator("[data-field]", has=page.get_by_label(label, exact=True))


def saved(place):
    expect(place.locator("[data-say]")).to_contain_text("已保存")


def write(page, label, text):
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).blur()
    return field(page, label)


def test_the_form_from_prefilled_to_resubmitted(opened, desk):
    clerk = desk.person(CLERK)
    application = steps.own_application(clerk)
    fill_in(clerk, application)
    print_the_draft(clerk, application)
    ask_the_secretary(clerk, application)
    secretary = desk.person(SECRETARY)
    first = submit_by_keyboard(secretary, application)
    change_and_submit_again(secretary, application, first)
    for person in (clerk, secretary):  # one conflict was meant
        person.complaints[:] = [text for text in person.complaints if "status of 409" not in text]


def fill_in(clerk, application):
    page = clerk.at(f"{application}form/")
    honours = page.get_by_label("近三年获奖", exact=True)
    expect(honours).to_have_value(re.compile("先进基层党组织　市局党委"))
    expect(field(page, "近三年获奖")).to_contain_text("已从荣誉台账带入")
    clerk.look("prefilled", phone=True)
    counted_like_the_server(page)
    saved(write(page, "创建主题", "党建领航"))
    saved(field(page, "近三年获奖"))  # what was brought in is kept by whoever goes on working
    two_tabs(clerk, page)
    bring_in(clerk, page)
    for label, text in steps.TEXTS.items():
        if page.get_by_label(label, exact=True).count() and not page.get_by_label(label, exact=True).input_value():
            saved(write(page, label, text))
    steps.all_saved(page)


def counted_like_the_server(page):
    place = write(page, "创建主题", "党" * 39 + "🚓\u200d🚓")
    expect(place.locator("[data-count]")).to_have_text("字数 42/40，超出2字")
    assert page.get_by_label("创建主题", exact=True).input_value().endswith("🚓")  # kept whole, only marked
    saved(place)


def two_tabs(clerk, first):
    """Different fields are no conflict; the same one shows both, and a person decides."""
    second = clerk.context.new_page()
    second.goto(first.url)
    saved(write(first, "品牌名称", "甲窗口的品牌"))
    saved(write(second, "特色亮点", "乙窗口写的亮点"))
    place = write(second, "品牌名称", "乙窗口的品牌")
    expect(place.locator("[data-conflict-box]")).to_contain_text("甲窗口的品牌")
    expect(second.get_by_label("品牌名称", exact=True)).to_have_value("乙窗口的品牌")
    place.get_by_role("button", name="用我的").click()
    saved(place)
    second.close()
    first.reload()
    expect(first.get_by_label("品牌名称", exact=True)).to_have_value("乙窗口的品牌")
    expect(first.get_by_label("特色亮点", exact=True)).to_have_value("乙窗口写的亮点")


def bring_in(clerk, page):
    """The measures are offered beside one's own words, and put behind them on request."""
    saved(write(page, "创建情况", "我们自己写的开头。"))
    offer = field(page, "创建情况").locator(".offer[open]").first  # open while the field was empty
    with page.expect_navigation():
        offer.get_by_role("button", name="接在我写的后面").click()
    expect(page.get_by_label("创建情况", exact=True)).to_have_value(re.compile(r"我们自己写的开头。\n1．"))


def print_the_draft(clerk, application):
    page = clerk.at(f"{application}preview/")
    clerk.follow("看打印稿")
    expect(page.locator("object.draft-paper")).to_be_visible(timeout=60_000)
    clerk.look("draft")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载").click()
    text = "".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(download.value.path().read_bytes())).pages)
    squeezed = re.sub(r"\s", "", text)
    assert [word in squeezed for word in ("草稿", "党建领航", "乙窗口的品牌", "回执号")] == [True, True, True, False]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(page.get_by_role("link", name="打开打印稿")).to_be_visible()
    expect(page.locator("object.draft-paper")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})


def ask_the_secretary(clerk, application):
    page = clerk.at(f"{application}preview/")
    expect(page.get_by_role("button", name="确认提交")).to_have_count(0)
    expect(page.locator(".submit-panel")).to_contain_text("请书记本人登录提交")
    clerk.press("通知书记来提交")
    expect(page.locator(".submit-panel")).to_contain_text("上次通知")
    clerk.look("clerk-preview", phone=True)


def submit_by_keyboard(secretary, application):
    """Every part is ticked before the button answers; all of it by Tab, Space and Enter."""
    page = secretary.at(f"{application}preview/")
    button = page.get_by_role("button", name="确认提交")
    expect(button).to_be_disabled()
    expect(page.locator("[data-left]")).to_contain_text("还有5部分")
    secretary.look("read-through", phone=True)
    for part in page.locator(".part-read input").all():
        part.focus()
        page.keyboard.press("Space")
    expect(button).to_be_enabled()
    page.get_by_label("本人已逐页核对").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("提交回执")
    secretary.look("receipt", phone=True)
    return page.locator(".receipt-number").inner_text().strip()


def change_and_submit_again(secretary, application, first):
    page = secretary.page
    secretary.press("撤回申报")
    page = secretary.at(f"{application}receipt/")
    expect(page.locator(".receipt")).to_contain_text("已撤回")
    secretary.press("重新筹备")
    page = secretary.at(f"{application}preview/")
    expect(page.locator("#since-title")).to_have_text("与上次提交相比没有任何改动")
    page = secretary.at(f"{application}form/")
    saved(write(page, "创建主题", "党建领航 警民同心"))
    page = secretary.at(f"{application}preview/")
    change = page.locator(".change")
    expect(change).to_have_count(1)
    expect(change.locator("ins")).to_contain_text("警民同心")
    secretary.look("what-changed", phone=True)
    second = steps.submit(secretary, application)
    assert (first[-2:], second) == ("-1", f"{first[:-1]}2")
    secretary.at(f"{application}changes/")
    expect(page.locator(".change")).to_contain_text("警民同心")
    secretary.look("changes", phone=True)
