"""The standards editor in a real browser: by mouse, by the keyboard alone, on a telephone, and two people at once."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ADMIN = "010001"


@pytest.fixture
def draft(demo, request):
    """The address of the editor of a fresh draft of three levels."""
    printed = demo.run("-m", "tests.browser.backstage", "outline", f"E{abs(hash(request.node.name)) % 10**9}")
    return f"/campaigns/rubrics/{printed.split()[-1]}/edit/"


@pytest.fixture
def admin(demo_desk, draft):
    person = demo_desk.person(ADMIN)
    person.at(draft)
    return person


def row(page, code):
    """The row of the criterion with this code."""
    return page.locator(".node-row", has=page.locator(".node-code", has_text=re.compile(f"^{re.escape(code)}$")))


def link(page, code):
    return row(page, code).locator("a.node-open")


def node(page, code):
    return row(page, code).locator("xpath=..")


def codes(page):
    """Codes with their levels, as the page stands."""
    return page.locator(".node").evaluate_all(
        "nodes => nodes.map(n => { let d = 0; for (let u = n; u; u = u.parentElement.closest('.node')) d += 1;"
        " return d + ' ' + n.querySelector('.node-code').textContent; })"
    )


WHOLE = ["1 A", "2 A1", "3 A1-1", "3 A1-2", "2 A2", "3 A2-1", "3 A2-2", "1 B", "2 B1", "2 B2"]


def stands(page, expected):
    """The page shows this outline once the server has answered, and so does the server when asked again."""
    expect(page.locator(".node")).to_have_count(len(expected))
    for _ in range(50):
        answered(page)
        if codes(page) == expected:
            break
        page.wait_for_timeout(100)
    assert codes(page) == expected
    page.reload()
    assert codes(page) == expected


def answered(page):
    """Acts show on the page at once and are sent one after the other; nothing is under way any more."""
    expect(page.locator("#editor")).not_to_have_attribute("aria-busy", "true", timeout=15_000)


def saved(page):
    expect(page.locator("#save-state")).to_have_text(re.compile(r"^已保存 \d\d:\d\d:\d\d$"))


def says(page, text):
    expect(page.locator("#outline-says")).to_contain_text(text)


# By mouse


def test_editing_by_mouse(admin):
    """Open, type, see the sums follow; drag a row under another parent; duplicate; delete and take it back."""
    page = admin.page
    link(page, "A1-1").click()
    form = page.locator(".crit-form")
    form.get_by_label("分值", exact=True).fill("7")
    saved(page)
    expect(row(page, "A1").locator("[data-sum]")).to_have_text("合计27")
    expect(page.locator("#outline-bar")).to_contain_text("还差3分")
    admin.look("editor-open", phone=True)
    form.get_by_label("分值", exact=True).fill("10")
    expect(page.locator("#outline-bar")).to_contain_text("相符")
    form.get_by_label("类型").select_option(label="扣分")
    form.get_by_role("button", name="添加一行").click()
    form.locator("[data-rule]").get_by_label("说明").fill("每缺1人")
    form.locator("[data-rule]").get_by_label("分值").fill("0.5")
    saved(page)
    expect(row(page, "A1-1").locator(".node-kind")).to_have_text("扣分")
    link(page, "A1-1").click()
    expect(page.locator(".crit-form")).to_have_count(0)
    drag(page, "A2-1", "A1-2")
    stands(page, ["1 A", "2 A1", "3 A1-1", "3 A2-1", "3 A1-2", "2 A2", "3 A2-2", "1 B", "2 B1", "2 B2"])
    link(page, "B2").click()
    page.get_by_role("button", name="复制").click()
    expect(link(page, "B3")).to_be_focused()
    node(page, "B2").get_by_role("button", name="删除").click()
    expect(row(page, "B2")).to_have_count(0)
    page.get_by_role("button", name="撤销").click()
    expect(link(page, "B2")).to_be_focused()
    assert codes(page)[-3:] == ["2 B1", "2 B2", "2 B3"]


def drag(page, code, before):
    """By the handle, a little at a time, as a hand does."""
    handle, target = row(page, code).locator(".node-handle"), row(page, before)
    target.scroll_into_view_if_needed()
    start, end = handle.bounding_box(), target.bounding_box()
    page.mouse.move(start["x"] + 8, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(start["x"] + 14, start["y"] - 6, steps=5)
    page.mouse.move(end["x"] + 30, end["y"] + end["height"] * 0.3, steps=25)
    page.wait_for_timeout(300)
    page.mouse.up()


def test_dragging_deeper_than_three_levels_is_not_possible(admin):
    drag(admin.page, "A1", "B1")
    page = admin.page
    page.wait_for_timeout(500)
    drag(page, "A", "A2-1")
    page.wait_for_timeout(500)
    answered(page)
    page.reload()
    assert max(int(each.split()[0]) for each in codes(page)) == 3


# By the keyboard alone


def test_editing_by_keyboard_alone(admin):
    """No mouse: every act by keys, the focus where the hands are, and a voice for what happened."""
    page, keys = admin.page, admin.page.keyboard
    page.locator("#main").focus()
    for _ in range(40):
        keys.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('node-open')"):
            break
    for _ in range(2):
        keys.press("ArrowDown")
    expect(link(page, "A1-1")).to_be_focused()
    keys.press("Alt+ArrowDown")
    says(page, "现在在“A1 班子建设”下第2项，共2项")
    expect(link(page, "A1-1")).to_be_focused()
    keys.press("Alt+ArrowDown")
    says(page, "已经在最后")
    keys.press("Alt+ArrowLeft")
    says(page, "现在在“A 组织建设”下第2项，共3项")
    keys.press("Alt+ArrowRight")
    says(page, "现在在“A1 班子建设”下第2项，共2项")
    keys.press("Alt+ArrowUp")
    says(page, "第1项")
    keys.press("Insert")
    expect(page.locator(".crit-form [name=title]")).to_be_focused()
    keys.type("廉政建设")
    keys.press("Escape")
    expect(link(page, "A1-3")).to_be_focused()
    expect(link(page, "A1-3")).to_contain_text("廉政建设")
    expect(page.locator(".crit-form")).to_have_count(0)
    keys.press("Control+d")
    expect(link(page, "A1-4")).to_be_focused()
    keys.press("Delete")
    expect(link(page, "A1-2")).to_be_focused()
    says(page, "已删除“A1-4 廉政建设”")
    keys.press("Control+z")
    expect(link(page, "A1-4")).to_be_focused()
    keys.press("Enter")
    expect(page.locator(".crit-form [name=title]")).to_be_focused()
    keys.press("Escape")
    stands(page, ["1 A", "2 A1", "3 A1-1", "3 A1-3", "3 A1-4", "3 A1-2", *WHOLE[4:]])


def test_many_quick_presses_are_all_done_in_order(admin):
    page = admin.page
    link(page, "A1").focus()
    for key in ("Alt+ArrowDown", "Alt+ArrowUp", "Alt+ArrowDown"):
        page.keyboard.press(key)
        page.wait_for_timeout(30)
    stands(page, ["1 A", "2 A2", "3 A2-1", "3 A2-2", "2 A1", "3 A1-1", "3 A1-2", *WHOLE[7:]])


# On a telephone


def test_editing_on_a_telephone(demo_desk, draft):
    person = demo_desk.person(ADMIN, size=PHONE)
    page = person.at(draft)
    person.look("editor")
    link(page, "A1-1").tap()
    form = page.locator(".crit-form")
    form.get_by_label("名称").fill("班子配齐")
    saved(page)
    person.look("editor-open")
    node(page, "A1-1").get_by_role("button", name="下移").tap()
    says(page, "第2项，共2项")
    node(page, "A1-1").get_by_role("button", name="升级").tap()
    says(page, "现在在“A 组织建设”下第2项，共3项")
    node(page, "A1-1").get_by_role("button", name="新增下级").tap()
    expect(link(page, "A1-1-1")).to_be_visible()
    expect(row(page, "A1-1").locator(".node-kind")).to_have_text("分组")
    page.get_by_role("button", name="删除", exact=True).last.tap()
    expect(link(page, "A1-1-1")).to_have_count(0)
    person.look("editor-undo")
    page.get_by_role("button", name="撤销").tap()
    expect(link(page, "A1-1-1")).to_be_visible()
    assert codes(page) == ["1 A", "2 A1", "3 A1-2", "2 A1-1", "3 A1-1-1", *WHOLE[4:]]


# Two people, and what goes wrong


def test_two_people_at_one_criterion_choose_field_by_field(admin, demo_desk, draft):
    other = demo_desk.person(ADMIN)
    other.at(draft)
    for person in (admin, other):
        link(person.page, "A1-1").click()
        expect(person.page.locator(".crit-form")).to_be_visible()
    admin.page.locator(".crit-form").get_by_label("名称").fill("先写的名称")
    admin.page.locator(".crit-form").get_by_label("标准原文").fill("先写的原文")
    saved(admin.page)
    page = other.page
    page.locator(".crit-form").get_by_label("名称").fill("后写的名称")
    expect(page.get_by_role("heading", name="“A1-1 先写的名称”被两个人同时改了")).to_be_focused()
    other.look("editor-conflict", phone=True)
    expect(page.get_by_role("group", name="名称").locator("label").nth(0)).to_contain_text("后写的名称")
    # The text was the other's work alone: it is offered first.
    expect(page.get_by_role("group", name="标准原文").get_by_label("对方的")).to_be_checked()
    page.get_by_role("button", name="按所选保存").click()
    expect(page.locator(".crit-form [name=title]")).to_have_value("后写的名称")
    expect(page.locator(".crit-form [name=text]")).to_have_value("先写的原文")
    # The browser notes every refused request; this one was meant.
    other.complaints[:] = [text for text in other.complaints if "409" not in text]


def test_what_is_typed_survives_a_lost_connection(admin):
    page = admin.page
    link(page, "B1").click()
    admin.context.set_offline(True)
    page.locator(".crit-form [name=title]").fill("断网时写的")
    expect(page.locator("#save-banner")).to_contain_text("已暂存在本机")
    admin.context.set_offline(False)
    page.reload()
    expect(link(page, "B1")).to_contain_text("断网时写的")
    page.reload()
    expect(link(page, "B1")).to_contain_text("断网时写的")
    admin.complaints[:] = [text for text in admin.complaints if "ERR_INTERNET_DISCONNECTED" not in text]


def test_impossible_values_are_told_at_their_field(admin):
    page = admin.page
    link(page, "A1-1").click()
    points = page.locator(".crit-form [name=max_points]")
    points.fill("-3")
    expect(page.locator("[data-error=max_points]")).to_have_text("不能是负数；扣分的细则也填正数。")
    expect(points).to_have_attribute("aria-invalid", "true")
    admin.look("editor-refused", phone=True)
    points.fill("10")
    expect(page.locator("[data-error=max_points]")).to_be_empty()
    admin.complaints[:] = [text for text in admin.complaints if "400" not in text]


def test_row_deleted_by_another_disappears_in_words(admin, demo_desk, draft):
    other = demo_desk.person(ADMIN)
    other.at(draft)
    link(other.page, "B2").focus()
    other.page.keyboard.press("Delete")
    expect(row(other.page, "B2")).to_have_count(0)
    link(admin.page, "B2").click()
    expect(admin.page.locator("#toasts")).to_contain_text("刚被他人删除")
    expect(row(admin.page, "B2")).to_have_count(0)
    admin.complaints[:] = [text for text in admin.complaints if "404" not in text]


def test_editing_without_javascript(demo_desk, draft):
    """Every act by plain forms: save, move, add, delete and undo."""
    person = demo_desk.person(ADMIN, script=False)
    page = person.at(draft)
    person.follow(re.compile("A1-1"))
    page.get_by_label("名称", exact=True).fill("班子配齐")
    person.press("保存", exact=True)
    person.says("已保存")
    person.follow(re.compile("A1-1"))
    person.press("下移")
    person.follow(re.compile("A2-2"))
    person.press("删除")
    expect(page.locator("main")).to_contain_text("已删除“A2-2 主题党日”。")
    person.press("撤销")
    person.says("已恢复")
    codes_shown = page.locator(".node-code").all_inner_texts()
    assert codes_shown == ["A", "A1", "A1-2", "A1-1", "A2", "A2-1", "A2-2", "B", "B1", "B2"]


@pytest.mark.parametrize("view", ["secretary", "assessor", "paper"])
def test_preview_is_accessible(admin, draft, view):
    admin.at(draft.replace("edit/", f"preview/?as={view}"))
    admin.look(f"preview-{view}", phone=True)


def test_further_pages_are_accessible(admin, draft):
    admin.look("editor", phone=True)
    admin.at(f"{draft}points/")
    admin.look("points", phone=True)
