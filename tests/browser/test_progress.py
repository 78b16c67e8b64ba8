"""The committee's matrix: who only has to submit, what is missing where, reminders by tick and by filter, more time."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

CLERK, OFFICE, SECRETARY = "110001", "010001", "110011"
PROGRESS = "/applications/progress/"


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open, two branches of the first county have everything there, and two days are left."""
    world.act("s2_open")
    world.act("s2_filled", "X01-001", "X01-002")
    world.act("s2_due_in", "2")
    return world


def rows(page):
    return page.locator(".matrix tbody tr:not(.county)")


def narrow(person, **given):
    page = person.at(PROGRESS)
    for label, value in given.items():
        page.locator(".filters").get_by_label(label, exact=True).select_option(label=value)
    person.press("筛选")
    return page


def test_who_only_has_to_submit_is_found_at_home_and_told_by_one_click(opened, desk):
    clerk, secretary = desk.person(CLERK), desk.person(SECRETARY)
    clerk.at("/")
    clerk.follow(re.compile("去提醒"))
    page = clerk.page
    expect(page.locator(".ready")).to_contain_text("2个支部内容已齐备，只差书记提交")
    expect(page.locator(".ready")).to_contain_text("还有2天截止")
    clerk.look("progress", phone=True)
    clerk.press(re.compile("提醒这2位书记"))
    clerk.says("已提醒2个支部的书记")
    assert clerk.questions == ["提醒这2个支部的书记“内容已齐备，只差提交”？今天已经提醒过的不重复发。"]
    expect(page.locator(".ready-list li").first).to_contain_text("已提醒")
    clerk.press(re.compile("提醒这2位书记"))
    clerk.says("今天已经提醒过")
    secretary.at("/notices/")
    expect(secretary.page.locator(".feed-item", has_text="内容已齐备，只差书记提交")).to_have_count(1)


def test_what_is_missing_is_filtered_sorted_and_urged(opened, desk):
    clerk = desk.person(CLERK)
    page = narrow(clerk, 缺哪一步="缺自评")
    missing = rows(page).count()
    assert 0 < missing < 6
    expect(page.locator(".matrix")).not_to_contain_text("33/33项")
    assert "missing=assessed" in page.url
    page.get_by_label("勾选本页未提交的").press("Space")
    expect(page.locator("[data-ticked]")).to_have_text(f"已勾选{missing}个")
    clerk.press("催办勾选的")
    assert clerk.questions[-1].startswith(f"向勾选的{missing}个支部")
    clerk.says(f"已催办{missing}个支部")
    assert "missing=assessed" in page.url
    expect(rows(page).first).to_contain_text("已提醒")
    page = narrow(clerk, 排序="自评分从高到低")
    expect(rows(page).first).to_contain_text("33/33项")
    clerk.press(re.compile("催办全部"))
    assert "（不只本页）" in clerk.questions[-1]
    clerk.says("今天已经提醒过")


def test_a_committee_asks_for_more_time_and_the_office_grants_it(opened, desk):
    clerk, office = desk.person(CLERK), desk.person(OFFICE)
    page = clerk.at(PROGRESS)
    for box in (0, 1):
        rows(page).nth(box).get_by_role("checkbox").check()
    clerk.press("为勾选的申请延期")
    page.get_by_label("延至").fill(steps.today(6))
    page.get_by_label("事由").fill("防汛执勤")
    clerk.look("extend-many", phone=True)
    clerk.press("发出申请")
    clerk.says("已向市局申请为2个支部延期")
    page = office.at("/notices/")
    office.press(re.compile("申请为2个支部延期"))
    expect(page.get_by_role("heading", level=1)).to_have_text("为2个支部延期")
    page.get_by_label("事由").fill("防汛执勤")
    office.press("批准延期")
    office.says("共2个党组织")
    clerk.at(PROGRESS)
    expect(clerk.page.locator(".matrix .chip", has_text="延至")).to_have_count(2)


def test_without_a_script_rows_are_urged_all_the_same(opened, desk):
    clerk = desk.person("120001", script=False)
    page = clerk.at(PROGRESS)
    rows(page).first.get_by_role("checkbox").check()
    clerk.press("催办勾选的")
    clerk.says("已催办1个支部")
