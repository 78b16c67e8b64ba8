"""The self-assessment at work: what is typed is safe, two hands are told apart, the sheet is gone through by keyboard."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, CLERK, OTHER_BRANCH = "110011", "110012", "110021"
FAILED_LOADS = re.compile(r"Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_FAILED|50[02] http")
FULL = "() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open."""
    world.act("s2_open")
    return world


def forgive(*people):
    """The browser notes every failed request; here they are meant to fail."""
    for person in people:
        person.complaints[:] = [text for text in person.complaints if not FAILED_LOADS.search(text)]


@pytest.fixture
def secretary(opened, desk):
    person = desk.person(SECRETARY)
    person.at(f"{steps.own_application(person)}assessment/")
    return person


def unit(page, number):
    return page.locator("#assessment [data-unit]").nth(number)


def remark(page, number):
    return unit(page, number).locator("textarea")


def say(page, number):
    return unit(page, number).locator("[data-say]")


def shelved(page):
    return page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('unsaved:')).length")


def test_autosave_within_two_seconds_of_the_last_key_and_at_once_on_leaving_the_field(secretary):
    page = secretary.page
    remark(page, 0).type("停下来就存")
    began = time.monotonic()
    expect(say(page, 0)).to_contain_text(re.compile(r"已保存 \d\d:\d\d:\d\d"), timeout=2000)
    assert time.monotonic() - began < 2
    remark(page, 1).type("离开就存")
    remark(page, 1).blur()
    expect(say(page, 1)).to_contain_text("已保存", timeout=1000)
    assert shelved(page) == 0


def test_a_broken_server_is_asked_again_until_everything_is_stored(secretary):
    """A proxy's own error page, then none at all: the words stay, and the page says when the last of them went out."""
    page, answers = secretary.page, iter([502, 500, 500])

    def refuse(route):
        status = next(answers, None)
        if status:
            route.fulfill(status=status, content_type="text/html", body="<html><body>Bad Gateway</body></html>")
        else:
            route.continue_()

    page.route("**/assessment/*/", refuse)
    for number, words in ((2, "服务器坏了时写的"), (3, "还是坏的")):
        remark(page, number).fill(words)
        remark(page, number).blur()
        expect(page.locator("#save-banner")).to_contain_text("服务器暂时出错，内容已暂存在本机")
    expect(page.locator("#save-state")).to_contain_text("未保存")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.locator("#save-state")).to_contain_text("全部补存完毕，已保存", timeout=15_000)
    expect(page.locator("#save-banner")).to_be_hidden()
    assert shelved(page) == 0
    page.reload()
    assert [remark(page, number).input_value() for number in (2, 3)] == ["服务器坏了时写的", "还是坏的"]
    forgive(secretary)


def test_a_closed_lid_sends_at_once_what_was_typed(secretary):
    """Going out of sight, by the lid, the telephone's button or another page, waits for no pause in the typing."""
    page, address = secretary.page, secretary.page.url
    with page.expect_request(lambda request: request.method == "POST") as sent:
        remark(page, 4).type("合盖前一瞬间写的")
        page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    assert "%E5%90%88%E7%9B%96" in sent.value.post_data
    remark(page, 4).type("，再加一句")
    page.goto("/")
    page.goto(address)
    expect(remark(page, 4)).to_have_value("合盖前一瞬间写的，再加一句")
    expect(say(page, 4)).not_to_contain_text("正在")


def test_a_full_memory_is_said_and_nothing_is_lost_on_the_page(secretary):
    page = secretary.page
    page.evaluate(FULL)
    secretary.context.set_offline(True)
    remark(page, 5).fill("本机存不下也还在")
    expect(page.locator("#save-banner")).to_contain_text("请不要关闭或刷新本页")
    remark(page, 5).blur()
    expect(page.locator("#save-banner")).to_contain_text("本机浏览器存储已满")
    secretary.context.set_offline(False)
    expect(say(page, 5)).to_contain_text("已保存", timeout=15_000)
    expect(page.locator("#save-banner")).to_be_hidden()
    forgive(secretary)


def test_whoever_logs_in_next_on_the_machine_gets_none_of_it(secretary):
    """The words wait for their own person: shown to nobody else, and never saved in another's name."""
    page, address = secretary.page, secretary.page.url
    other = secretary.context.new_page()
    secretary.context.clear_cookies(name="sessionid")
    other.goto("/login/")
    other.get_by_label("警号").fill(CLERK)
    other.get_by_label("密码").fill(PASSWORD)
    other.get_by_role("button", name="登录").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("我的待办")
    remark(page, 6).fill("只属于书记的话")
    remark(page, 6).blur()
    expect(page.locator("#save-banner")).to_contain_text("不是打开本页的人，没有保存")
    other.goto(address)
    expect(remark(other, 6)).to_have_value("")
    assert "只属于书记的话" not in other.content()
    other.close()
    secretary.context.clear_cookies(name="sessionid")
    secretary.login(secretary.context.new_page())
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(say(page, 6)).to_contain_text("已保存", timeout=15_000)
    page.reload()
    expect(remark(page, 6)).to_have_value("只属于书记的话")
    forgive(secretary)


def test_answer_and_remark_of_two_people_are_settled_each_on_its_own(secretary, desk):
    clerk = desk.person(CLERK)
    clerk.at(secretary.page.url.replace(secretary.desk.url, ""))
    mine, theirs = secretary.page, clerk.page
    field = ".answer-points input"
    number = next(n for n in range(8, 30) if unit(mine, n).locator(field).count())
    unit(theirs, number).locator(field).fill("0.5")
    remark(theirs, number).fill("经办人写的说明")
    remark(theirs, number).blur()
    expect(say(theirs, number)).to_contain_text("已保存")
    unit(mine, number).locator(field).fill("1")
    remark(mine, number).fill("书记写的说明")
    remark(mine, number).blur()
    box = unit(mine, number).locator("[data-conflict-box]")
    expect(box).to_contain_text("经办人写的说明")
    secretary.look("two-people")
    box.get_by_label("用我填的").first.check()
    box.get_by_label(re.compile("经办人写的说明")).check()
    box.get_by_role("button", name="按所选的保存").click()
    expect(say(mine, number)).to_contain_text("已保存")
    for page in (mine, theirs):
        page.reload()
        expect(unit(page, number).locator(field)).to_have_value("1")
        expect(remark(page, number)).to_have_value("经办人写的说明")
    forgive(secretary)


def test_conflict_without_a_script_offers_the_same_choice(secretary, desk):
    plain = desk.person(CLERK, script=False)
    plain.at(secretary.page.url.replace(secretary.desk.url, ""))
    remark(secretary.page, 7).fill("书记先写的")
    remark(secretary.page, 7).blur()
    expect(say(secretary.page, 7)).to_contain_text("已保存")
    page = plain.page
    remark(page, 7).fill("经办人后写的")
    row = unit(page, 7)
    save = row.locator("xpath=ancestor::form").locator(".dimension-foot button")
    save.click()
    expect(row).to_contain_text("书记先写的")
    expect(remark(page, 7)).to_have_value("经办人后写的")
    page.screenshot(path=desk.pictures / "plain-conflict.png", full_page=True)
    row.get_by_label(re.compile("已保存的：")).check()
    save.click()
    expect(page.locator("main .note-success").first).to_contain_text("没有改动")
    expect(remark(page, 7)).to_have_value("书记先写的")


def test_sheet_by_keyboard_alone_with_totals_radar_and_filters(opened, desk):
    person = desk.person(OTHER_BRANCH)
    page = person.at(f"{steps.own_application(person)}assessment/")
    surface = page.locator(".radar-surface")
    before = surface.get_attribute("points")
    page.locator("[data-next-open]").focus()
    page.keyboard.press("Enter")
    first = unit(page, 0)
    assert first.evaluate("unit => unit.contains(document.activeElement)")
    page.keyboard.type("1") if first.locator("input[type=text]").count() else page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    assert unit(page, 1).evaluate("unit => unit.contains(document.activeElement)")
    expect(page.locator("#answered")).to_have_text("1")
    assert surface.get_attribute("points") != before
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.get_by_role("button", name="只看未评").click()
    expect(first).to_be_hidden()
    page.get_by_role("button", name="只看没有佐证").click()
    expect(first).to_be_visible()
    page.get_by_role("button", name="全部").click()
    person.look("assessment", phone=True)
    page.set_viewport_size({"width": 390, "height": 844})
    page.mouse.wheel(0, 3000)
    expect(page.locator("#total")).to_be_in_viewport()
    page.screenshot(path=desk.pictures / "phone-scrolled.png")
