"""Every kind of criterion on the three scoring pages: on a telephone's width, by keyboard alone, and by tapping."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, CLERK, ASSESSOR = "110011", "110001", "010101"
WARNING = "V2 一般违纪已发生：最高评为“良好”"
# What is typed at each stop of a criterion; a digit chooses where there is something to choose. 90.8 in all.
KEYS = {
    "A11": ["9.3"], "A12": ["2"], "A13": ["2", "1"], "A21": ["2"], "A22": ["1"], "A23": ["1"], "A3": ["87", "6"],
    "C1": ["2", "0"], "C2": ["1"], "C3": ["1"], "B1": ["3"], "B2": ["1"], "V1": ["1"], "V2": ["2"],
}  # fmt: skip
# Where the keyboard is: the criterion's code and the field, or nothing where it is at no answer.
PLACE = """() => {
  const field = document.activeElement, answer = field.closest('[data-answer]');
  return answer && field.name ? [answer.querySelector('legend, label').textContent.trim().split(' ')[0], field.name] : null;
}"""


@pytest.fixture(scope="module")
def opened(world):
    """A track of the rubric with every kind: one branch fills in, one waits for the check, one for its visit."""
    world.act("wide")
    return world


def type_everything(page):
    """Tab from the top of the page to the end; nothing else moves the focus."""
    left = {code: list(keys) for code, keys in KEYS.items()}
    done = set()
    for _ in range(250):
        page.keyboard.press("Tab")
        place = page.evaluate(PLACE)
        if place and place[1] not in done:
            done.add(place[1])
            page.keyboard.type(left[place[0]].pop(0))
        if not any(left.values()):
            page.keyboard.press("Tab")
            return
    raise AssertionError(f"the keyboard never reached {left}")


def test_the_branch_answers_every_kind_by_keyboard_on_a_phone(opened, desk):
    secretary = desk.person(SECRETARY, size=PHONE)
    page = secretary.at(f"{steps.own_application(secretary)}assessment/")
    type_everything(page)
    expect(page.locator("#answered")).to_have_text("14")
    expect(page.locator("#total")).to_have_text("90.8")
    expect(page.locator("[data-warnings]")).to_have_text(WARNING)
    expect(page.locator(".sheet-nav .star")).to_have_text(["差2.2分得星 ☆", "已得星 ★"])
    expect(page.locator(".group-head", has_text="A2")).to_contain_text("只取最高一项 · 得12分")
    steps.all_saved(page)
    secretary.look("every-kind-assessment")
    page.reload()
    expect(page.locator("#total")).to_have_text("90.8")
    expect(page.get_by_role("radio", name="发生", exact=True).nth(1)).to_be_checked()


def test_buttons_arrows_and_refusals_on_a_phone(opened, desk):
    """Taps on −, ＋ and 满分; arrows; what cannot be scored is said at its field and keeps nothing else from being saved."""
    secretary = desk.person(SECRETARY, size=PHONE)
    page = secretary.at(f"{steps.own_application(secretary)}assessment/")
    first = page.locator("[data-unit]", has_text="党课质量")
    field = first.locator("input[type=text]")
    first.get_by_role("button", name="满分").tap()
    expect(field).to_have_value("10")
    first.get_by_role("button", name="减0.1分").tap()
    expect(field).to_have_value("9.9")
    first.get_by_role("button", name="加0.1分").tap()
    first.get_by_role("button", name="加0.1分").tap()
    expect(field).to_have_value("10")
    field.press("ArrowDown")
    expect(field).to_have_value("9.9")
    expect(first.locator("[data-say]")).to_contain_text("已保存")
    field.fill("9.95")
    field.blur()
    expect(first.locator("[data-say]")).to_have_text("党课质量：须是 0.1 的整数倍。")
    expect(field).to_have_attribute("aria-invalid", "true")
    absent = page.locator("[data-unit]", has_text="缺席")
    absent.get_by_role("button", name="缺席加1人次").tap()
    expect(absent.locator("[data-say]")).to_contain_text("已保存")
    absent.locator("input[type=text]").first.fill("99")
    absent.locator("input[type=text]").first.blur()
    expect(absent.locator("[data-say]")).to_have_text("参会：“缺席”最多计 10 人次。")
    expect(absent.locator("[aria-invalid]")).to_have_count(1)
    expect(field).to_have_value("9.95")
    secretary.look("every-kind-refused")
    absent.locator("input[type=text]").first.fill("2")
    field.fill("9.3")
    field.blur()
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    # A digit chooses from anywhere in the row but where text is typed.
    levels = page.locator("[data-unit]", has_text="台账")
    levels.get_by_role("button", name="附材料").focus()
    page.keyboard.press("3")
    expect(levels.get_by_role("radio", name=re.compile("一般"))).to_be_checked()
    levels.locator("textarea").focus()
    page.keyboard.press("1")
    expect(levels.locator("textarea")).to_have_value("1")
    expect(levels.get_by_role("radio", name=re.compile("一般"))).to_be_checked()
    expect(first.locator("[data-say]")).to_contain_text("已保存")
    secretary.complaints[:] = [text for text in secretary.complaints if "400" not in text]


def test_the_committee_checks_every_kind_by_keyboard(opened, desk):
    clerk = desk.person(CLERK, size=PHONE)
    page = clerk.at("/applications/checks/")
    clerk.follow(re.compile("去核查"))
    type_everything(page)
    expect(page.locator("[data-answered]")).to_have_text("14")
    expect(page.locator("#desk [data-total]")).to_have_text("90.8")
    expect(page.locator("[data-all-state]")).to_have_text("全部已保存")
    expect(page.locator("[data-warnings]")).to_have_text(WARNING)
    expect(page.locator(".desk-said", has_text="每项：2项×3＝得6分")).to_have_count(1)
    clerk.look("every-kind-check")


def test_an_assessor_scores_every_kind_by_keyboard_and_hands_it_in(opened, desk):
    assessor = desk.person(ASSESSOR, size=PHONE)
    page = assessor.at("/reviews/")
    page.locator("main form button").first.press("Enter")
    expect(page.locator("#sheet")).to_be_visible()
    type_everything(page)
    expect(page.locator("[data-missing]")).to_have_text("0")
    expect(page.locator(".score-bar [data-total]")).to_have_text("90.8")
    expect(page.locator("[data-warnings]")).to_have_text(WARNING)
    assessor.look("every-kind-sheet")
    page.keyboard.press("Control+Enter")
    assessor.says("的评分已提交")
    assert assessor.questions == ["提交后不能再改。确定提交并评下一个吗？"]
