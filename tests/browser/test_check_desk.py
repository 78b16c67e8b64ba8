"""The check desk by keyboard alone: evidence beside the row, remarks that go back, a second look, on to the next."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CLERK, HEAD, SECRETARY = "110001", "110002", "110011"


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open and two branches of the first county wait for the check."""
    world.act("s2_open")
    world.act("s2_filled", "X01-001", "X01-002")
    world.act("s2_submitted", "X01-001", "X01-002")
    return world


def desk_rows(page):
    return page.locator("[data-criterion]")


def all_saved(page):
    expect(page.locator("[data-all-state]")).to_have_text("全部已保存")


def conflicts_meant(person):
    """The browser notes every refused request; here they are meant to be refused."""
    person.complaints[:] = [text for text in person.complaints if not re.search(r"status of (409|422)", text)]


def test_a_whole_application_by_keyboard_returned_looked_at_again_and_accepted(opened, desk):
    clerk, secretary = desk.person(CLERK), desk.person(SECRETARY)
    application = steps.own_application(secretary)
    page = clerk.at("/applications/checks/?sort=name")
    clerk.follow(re.compile(f"去核查.*{short_name(page, secretary.at(application))}"))
    check_by_keyboard(clerk)
    back = page.locator("form", has=page.get_by_role("heading", name=re.compile("^退回修改")))
    lines = back.locator("[data-return-line]")
    expect(lines.locator("textarea").first).to_have_value("缺两次签到")
    expect(lines.first.get_by_role("checkbox")).to_be_checked()
    lines.locator("textarea").first.fill("会议记录缺两次签到，请补齐")
    back.get_by_role("button", name=re.compile("5个工作日")).press("Enter")
    expect(back.get_by_label("修改期限")).not_to_have_value("")
    clerk.look("check-to-return", phone=True)
    with page.expect_navigation():
        back.get_by_role("button", name="退回修改", exact=True).press("Enter")
    clerk.says("已退回修改（第1次）")
    assert "sort=name" in page.url
    mend(secretary, application)
    second_look(clerk, application)


def short_name(page, own):
    """The branch's name in the list: the one that the full name on its own page contains."""
    full = own.locator(".lead-line").inner_text()
    names = [text.split("：")[1] for text in page.get_by_role("link", name=re.compile("去核查")).all_inner_texts()]
    return next(name for name in names if name in full)


def check_by_keyboard(clerk):
    """u to what is not scored, e for the evidence, digits, Tab, Enter; n p j k ? on the way."""
    page, keys = clerk.page, clerk.page.keyboard
    keys.press("?")
    expect(page.locator("#keys")).to_be_visible()
    keys.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()
    first = desk_rows(page).first
    keys.press("j")
    expect(first.locator("input[type=text]")).to_be_focused()
    keys.press("j")
    keys.press("k")
    expect(first.locator("input[type=text]")).to_be_focused()
    evidence(page, keys)
    keys.press("1")
    keys.press("Tab")
    keys.type("缺两次签到")
    keys.press("n")  # typed, not obeyed
    keys.press("Backspace")
    keys.press("Enter")
    expect(first.locator("[data-state]")).to_contain_text("已保存")
    keys.press("k")
    keys.press("u")  # past the first, which is scored
    for _ in range(desk_rows(page).count() - 1):
        keys.type("1")
        keys.press("Enter")
    all_saved(page)
    expect(page.locator("[data-answered]")).to_have_text("33")
    expect(page.locator("[data-missing]")).to_be_hidden()
    expect(page.locator("#conclude")).to_be_focused()
    keys.press("u")
    expect(page.locator("#toasts")).to_contain_text("都已核分")


def evidence(page, keys):
    """In the first row that has any: beside the row, and back to where one was."""
    row = page.locator("[data-criterion]", has=page.locator("a[data-show]")).first
    row.locator("[data-answer] input").first.focus()
    keys.press("e")
    pane = page.locator("#evidence-pane")
    expect(pane).to_be_focused()
    expect(pane.locator("[data-pane-title]")).to_contain_text(row.get_attribute("data-code"))
    expect(pane.locator(".viewer")).to_be_visible()
    if row.locator("a[data-show]").count() > 1:
        before = pane.locator(".viewer").get_attribute("data-evidence")
        keys.press("ArrowRight")
        expect(pane.locator("[data-pane-title]")).to_contain_text("第2份")
        expect(pane.locator(f".viewer:not([data-evidence='{before}'])")).to_be_visible()
    keys.press("Escape")
    expect(pane).to_be_hidden()
    expect(row.locator("[data-answer] input").first).to_be_focused()
    desk_rows(page).first.locator("[data-answer] input").first.focus()


def mend(secretary, application):
    """The branch reads what was said of the criterion, changes it and submits again."""
    page = secretary.at(application)
    expect(page.locator(".return-item")).to_contain_text("会议记录缺两次签到，请补齐")
    page.goto(f"{application}assessment/")
    unit = page.locator("[data-unit]").first
    unit.locator("textarea").fill("已补齐两次签到，见会议记录。")
    unit.locator("textarea").blur()
    expect(unit.locator("[data-say]")).to_contain_text("已保存")
    steps.submit(secretary, application)


def second_look(clerk, application):
    """Only what changed; the old score is flagged, stood by, and the next one opens."""
    page = clerk.at(f"{application}check/?sort=name")
    expect(desk_rows(page)).to_have_count(1)
    expect(desk_rows(page)).to_contain_text("已改")
    expect(desk_rows(page).locator(".change ins")).to_contain_text("已补齐两次签到")
    expect(page.locator("[data-stale]")).to_contain_text("支部已改，请重核")
    clerk.look("second-look", phone=True)
    page.get_by_role("button", name="维持原分").press("Enter")
    expect(page.locator("[data-stale]")).to_have_count(0)
    expect(page.locator(".look")).to_contain_text("支部改过的各项都已重核")
    clerk.follow(re.compile("看全部33项"))
    expect(desk_rows(page)).to_have_count(34)  # with the one that is left to the inspectors
    clerk.page.go_back()
    conclude = page.locator("form", has=page.get_by_role("heading", name="审核通过"))
    conclude.get_by_label("核查成员").fill("党委经办人、组织干事A")
    conclude.get_by_label("核查意见").fill("材料齐全，核查属实，同意通过。")
    with page.expect_navigation():
        conclude.get_by_role("button", name=re.compile("通过并看下一个|审核通过")).last.press("Enter")
    clerk.says("核查通过")
    page.goto(f"{application}check/record/")
    expect(page.locator(".record")).to_contain_text("党委经办人、组织干事A")
    clerk.look("record", phone=True)


def test_one_key_goes_through_the_list_and_says_where_it_ends(opened, desk):
    opened.act("s2_filled", "X01-003")
    opened.act("s2_submitted", "X01-003")
    clerk = desk.person(CLERK)
    page = clerk.at("/applications/checks/?sort=late")
    clerk.follow(re.compile("去核查"))
    first = page.get_by_role("heading", level=1).inner_text()
    while page.locator("[data-next]").count():
        with page.expect_navigation():
            page.keyboard.press("n")
        assert "sort=late" in page.url
    assert page.get_by_role("heading", level=1).inner_text() != first
    page.keyboard.press("n")
    expect(page.locator("#toasts")).to_contain_text("已经是列表里的最后一个")
    with page.expect_navigation():
        page.keyboard.press("p")


def test_on_a_telephone_the_evidence_takes_the_whole_page(opened, desk):
    clerk = desk.person(CLERK, size=PHONE)
    page = clerk.at("/applications/checks/")
    clerk.follow(re.compile("去核查"))
    link = page.locator("a[data-show]").first
    link.tap()
    pane = page.locator("#evidence-pane")
    expect(pane.locator(".viewer")).to_be_visible()
    assert pane.bounding_box()["width"] == PHONE[0]
    clerk.look("evidence")
    page.get_by_role("button", name="关闭佐证材料").tap()
    expect(pane).to_be_hidden()
    expect(link).to_be_focused()


def test_without_a_script_the_evidence_is_a_page_and_the_return_a_form(opened, desk):
    clerk = desk.person(CLERK, script=False)
    page = clerk.at("/applications/checks/")
    clerk.follow(re.compile("去核查"))
    address = page.url
    page.locator("a[data-show]").first.click()
    expect(page.locator(".viewer")).to_be_visible()
    page.goto(address)
    page.get_by_role("button", name="退回修改", exact=True).click()
    expect(page.locator("#conclude")).to_contain_text("请写明退回理由，或勾选至少一条逐项意见")
    conflicts_meant(clerk)


def test_the_later_of_two_conclusions_is_told_and_loses_no_word(opened, desk):
    clerk, head = desk.person(CLERK), desk.person(HEAD)
    for person in (clerk, head):
        person.at("/applications/checks/")
        person.follow(re.compile("去核查"))
    for person in (head, clerk):
        back = person.page.locator("form", has=person.page.get_by_role("heading", name=re.compile("^退回修改")))
        back.get_by_label("退回理由").fill(f"请补材料（{person.police_no}）")
        back.get_by_label("修改期限").fill(steps.today(5))
        person.press("退回修改", exact=True)
    head.says("已退回修改")
    expect(clerk.page.locator("#conclude")).to_contain_text("可能已有他人先行办理")
    expect(clerk.page.get_by_label("退回理由")).to_have_value(f"请补材料（{CLERK}）")
    conflicts_meant(clerk)
