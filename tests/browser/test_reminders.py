"""Reminders as the city office arranges them and as people get them: words, days, the one switch, what came of it."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADMIN, SYSTEM_ADMIN, SECRETARY = "010001", "010004", "110011"


def plan_page(admin):
    page = admin.at("/reviews/reminders/")
    page.get_by_role("link", name="安排与用语").first.click()
    return page


def open_duty(page, name):
    page.locator("details.reminder-wording > summary", has_text=name).first.click()


def test_words_are_checked_previewed_and_saved_and_nothing_typed_is_lost(demo_desk):
    admin = demo_desk.person(ADMIN)
    page = plan_page(admin)
    open_duty(page, "自评与提交申报")
    page.get_by_label("标题（自评与提交申报）").fill("{支部}请{办事}")
    admin.press("用真实数据预览")
    expect(page.locator(".note-error")).to_contain_text("不认识占位符{办事}")
    expect(page.get_by_label("标题（自评与提交申报）")).to_have_value("{支部}请{办事}")
    page.get_by_label("标题（自评与提交申报）").fill("{支部}：请{事项}，{剩余}")
    admin.press("用真实数据预览")
    expect(page.locator(".note-info")).to_contain_text("还没有保存")
    expect(page.locator("section[aria-label=预览]")).to_contain_text("：请")
    admin.look("reminder-preview", phone=True)
    page.get_by_label("截止前几天提醒").fill("10、5")
    admin.press("保存安排")
    admin.says("催办安排已保存")
    expect(page.get_by_label("截止前几天提醒")).to_have_value("10、5")
    admin.look("reminder-plan", phone=True)


def test_one_press_by_keyboard_stops_and_starts_the_reminders(demo_desk):
    admin = demo_desk.person(ADMIN)
    page = plan_page(admin)
    page.get_by_role("button", name="停用提醒").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    admin.says("已停用催办提醒")
    expect(page.locator(".note-warning")).to_contain_text("不再自动催任何人")
    page.get_by_role("button", name="启用提醒").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    admin.says("已启用催办提醒")


def test_what_is_in_doubt_is_found_and_sent_again(demo_desk):
    admin = demo_desk.person(ADMIN)
    page = admin.at("/reviews/reminders/?outcome=trouble")
    rows = page.locator(".reminder-log tbody tr")
    expect(rows).to_have_count(2)
    admin.look("reminder-trouble", phone=True)
    with page.expect_navigation():
        rows.first.get_by_role("button", name="重发").click()
    admin.says("已重新放入发件箱1条")
    expect(rows).to_have_count(1)


def test_without_script_the_same_can_be_done(demo_desk):
    admin = demo_desk.person(ADMIN, script=False)
    page = plan_page(admin)
    page.get_by_label("截止前几天提醒").fill("一周")
    page.get_by_role("button", name="保存安排").click()
    expect(page.locator(".note-error")).to_contain_text("请只写天数")


def test_ones_own_notices_and_how_they_come(demo_desk):
    secretary = demo_desk.person(SECRETARY)
    page = secretary.at("/notices/?show=all")
    page.get_by_label("标题或内容").fill("没有这样的通知")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator(".empty-title")).to_have_text("没有符合条件的通知")
    page.get_by_role("link", name="接收方式").click()
    secretary.look("notice-settings", phone=True)
    page.get_by_label("每天汇总一次").check()
    secretary.press("保存")
    secretary.says("已保存")


def test_the_state_of_the_system_is_on_one_page(demo_desk):
    admin = demo_desk.person(SYSTEM_ADMIN)
    page = admin.at("/health/")
    expect(page.locator("h1")).to_have_text("运行状态")
    admin.look("health", phone=True)
    with page.expect_navigation():
        page.get_by_role("button", name=re.compile("立即运行.*生成催办提醒")).click()
    admin.says("已交给后台运行")
