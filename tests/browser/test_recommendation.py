"""A committee ranks its branches: by mouse, by keys alone, on a telephone; two heads at once; the lock; the sheet."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

HEAD, SECOND, OFFICE = "110002", "110001", "010001"


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open; the first county has three branches to rank, and two who may confirm."""
    world.act("s2_open")
    world.act("ranking_open")
    return world


def list_of(person):
    person.at("/applications/ranking/")
    return person.follow(re.compile("打开"))


def names(page):
    return page.locator("[data-ranked] .rank-name a").all_inner_texts()


def row(page, name):
    return page.locator(".rank-item", has_text=name)


def saved(page):
    expect(page.locator("[data-changed]")).to_contain_text("已保存")


def only(page, *wanted):
    """The list as these and no others, whatever it was before."""
    for name in names(page):
        if name not in wanted:
            row(page, name).get_by_role("button", name=f"移出{name}").click()
    for name in wanted:
        if name not in names(page):
            row(page, name).get_by_role("button", name=f"加入{name}").click()
    page.get_by_role("button", name="保存名单").click()
    saved(page)


def everybody(page):
    return page.locator(".rank-item .rank-name a").all_inner_texts()


def meant(person):
    """The browser notes every refused request; here they are meant to be refused."""
    person.complaints[:] = [text for text in person.complaints if not re.search(r"status of (409|422)", text)]


def test_by_mouse_without_a_page_load(opened, desk):
    head = desk.person(HEAD)
    page = list_of(head)
    first, second, third = everybody(page)
    page.evaluate("window.stayed = true")
    for name in (first, second, third):
        row(page, name).get_by_role("button", name=f"加入{name}").click()
    page.get_by_label(f"{second}推荐理由").fill("班子坚强有力")
    saved(page)
    handle, target = row(page, third).locator(".rank-handle"), row(page, first)
    handle.hover()
    page.mouse.down()
    box = target.bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 30, steps=8)
    page.mouse.move(box["x"] + 60, box["y"] + 6, steps=4)
    page.mouse.up()
    expect(page.locator("[data-ranked] .rank-name a").first).to_have_text(third)
    saved(page)
    row(page, second).get_by_role("button", name=f"移出{second}").click()
    expect(page.locator("[data-announce]")).to_have_text(f"{second}已移出，还有2名")
    row(page, second).get_by_role("button", name=f"加入{second}").click()
    expect(page.get_by_label(f"{second}推荐理由")).to_have_value("班子坚强有力")
    saved(page)
    assert page.evaluate("window.stayed")
    # The panel of the head follows what is saved, and says what is missing.
    confirm = page.locator("[data-confirm-place]")
    expect(confirm.locator("ol li")).to_have_count(3)
    expect(confirm.locator("ol li").first).to_contain_text(third)
    expect(confirm).to_contain_text("还没有写推荐理由")
    page.reload()
    assert names(page) == [third, first, second]
    head.look("ranking", phone=True)


def test_by_keys_alone(opened, desk):
    page = list_of(desk.person(HEAD))
    first, second = everybody(page)[:2]
    only(page, first, second)
    before = names(page)
    handle = row(page, before[1]).locator(".rank-handle")
    handle.focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator("[data-announce]")).to_have_text(f"{before[1]}现在第1名，共2名")
    expect(handle).to_be_focused()
    page.keyboard.press("End")
    assert names(page) == before
    page.get_by_label(f"{before[1]}推荐理由").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.get_by_label(f"{before[1]}推荐理由")).to_be_focused()
    assert names(page) == before[::-1]
    saved(page)
    page.reload()
    assert names(page) == before[::-1]


def test_on_a_telephone_and_without_a_script(opened, desk):
    touch = desk.person(HEAD, size=PHONE)
    page = list_of(touch)
    first, second = everybody(page)[:2]
    only(page, first, second)
    top, below = names(page)
    row(page, below).get_by_role("button", name=f"{below}上移").tap()
    saved(page)
    assert names(page) == [below, top]
    plain = desk.person(HEAD, script=False, size=PHONE)
    page = list_of(plain)
    assert names(page) == [below, top]
    page.get_by_label(f"{top}推荐理由").fill("实绩突出")
    plain.press(f"{top}上移")
    assert names(page) == [top, below]
    expect(page.get_by_label(f"{top}推荐理由")).to_have_value("实绩突出")
    plain.press("保存名单")
    plain.says("名单已保存")
    assert names(page) == [top, below]


def test_what_is_typed_survives_a_dead_network(opened, desk):
    head = desk.person(HEAD)
    page = list_of(head)
    only(page, everybody(page)[0])
    name = names(page)[0]
    head.context.set_offline(True)
    page.get_by_label(f"{name}推荐理由").fill("断网时写的")
    expect(page.locator("[data-changed]")).to_contain_text("连接不上服务器")
    head.context.set_offline(False)
    page.get_by_role("button", name="保存名单").click()
    saved(page)
    page.reload()
    expect(page.get_by_label(f"{name}推荐理由")).to_have_value("断网时写的")
    head.complaints[:] = [text for text in head.complaints if "ERR_INTERNET_DISCONNECTED" not in text]


def test_two_heads_see_both_and_only_one_confirms(opened, desk):
    one, two = desk.person(HEAD), desk.person(SECOND)
    page = list_of(one)
    first, second = everybody(page)[:2]
    only(page, first, second)
    other = list_of(two)
    top, below = names(page)
    row(page, below).get_by_role("button", name=f"{below}上移").click()
    saved(page)
    other.get_by_label(f"{top}推荐理由").fill("另一位负责人写的")
    theirs = other.locator("[data-theirs]")
    expect(theirs).to_contain_text(f"1. {below}")
    expect(other.get_by_label(f"{top}推荐理由")).to_have_value("另一位负责人写的")
    two.look("ranking-both", phone=True)
    theirs.get_by_role("button", name="用我的").click()
    saved(other)
    one.press("确认并锁定")
    one.says("名单刚被")
    assert names(page) == [top, below]
    one.press("确认并锁定")
    one.says("名单已确认并锁定")
    two.press("确认并锁定")
    two.says("确认并锁定，不能再改")
    expect(other.locator(".rank-handle")).to_have_count(0)
    one.follow("推荐汇总表")
    for words in (top, below, "推荐单位（盖章）"):
        expect(page.locator("article")).to_contain_text(words)
    one.look("sheet", phone=True)
    office = desk.person(OFFICE)
    office.at("/applications/recommended/")
    expect(office.page.locator("section", has_text=top).first).to_contain_text("已确认")
    office.look("recommended", phone=True)
    meant(two)


def test_after_the_deadline_the_list_is_locked(opened, desk):
    opened.act("recommending_over")
    office = desk.person(OFFICE)
    office.at("/applications/recommended/")
    expect(office.page.locator("section", has_text="未确认").first).to_contain_text("截止")
    other = desk.person("120002")
    page = list_of(other)
    expect(page.locator(".note-warning").first).to_contain_text("名单只能查看，不能再改")
    expect(page.get_by_role("button", name="保存名单")).to_have_count(0)
    other.look("ranking-over", phone=True)
