"""A bureau's own sheet taken in by the browser: read through, one guess put right, confirmed; and what is no workbook."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

ADMIN = "010001"
PLAIN = Path(__file__).resolve().parent.parent / "standards" / "rubrics" / "Z7.xlsx"


@pytest.fixture
def admin(world, desk):
    person = desk.person(ADMIN)
    person.at("/campaigns/rubrics/")
    return person


def read_through(admin, path):
    admin.follow("导入")
    admin.page.locator("input[type=file]").set_input_files(path)
    admin.press("上传并试读")


def listed(admin):
    """Every version the list knows, as a person reads it."""
    return admin.at("/campaigns/rubrics/").locator(".version").all_inner_texts()


def kind_of(page, code):
    row = page.locator(".node-row", has=page.locator(".node-code", has_text=re.compile(f"^{code}$")))
    return row.locator(".node-kind")


def test_a_bureaus_own_sheet_becomes_a_draft_as_confirmed(admin):
    page = admin.page
    before = listed(admin)
    read_through(admin, PLAIN)
    expect(page.get_by_role("heading", level=1)).to_have_text("核对导入内容")
    guess = page.locator("#kind-4")
    guessed = guess.locator("option:checked").inner_text()
    admin.look("dry-run", phone=True)
    shown = page.url
    assert listed(admin) == before  # only read so far
    page.goto(shown)
    guess.select_option("points")
    assert guess.locator("option:checked").inner_text() != guessed
    for label, words in (("编码", "SZ-1"), ("名称", "沙洲考核表"), ("总分", "100")):
        page.get_by_label(label).fill(words)
    admin.press("确认导入为草稿")
    admin.says("现在是草稿")
    expect(page.get_by_text("SZ-1 第1版 · 总分100分 · 草稿")).to_have_count(1)
    admin.look("imported", phone=True)
    page.goto(f"{page.url}edit/")
    # The chosen kind on the first row, the guessed one on the second.
    expect(kind_of(page, "A-1")).to_have_text("打分")
    expect(kind_of(page, "A-2")).to_have_text("扣分")
    assert len(listed(admin)) == len(before) + 1
    expect(page.locator("main")).to_contain_text("沙洲考核表 SZ-1")


def test_a_renamed_pdf_is_refused_and_nothing_is_written(admin, tmp_path):
    before = listed(admin)
    renamed = tmp_path / "考核表.xlsx"
    renamed.write_bytes(b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" * 20)
    admin.follow("导入")
    admin.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    admin.page.locator("input[type=file]").set_input_files(renamed)
    admin.press("上传并试读")
    expect(admin.page.locator(".invalid-feedback, .note-error").first).to_contain_text("从内容看，这不是")
    admin.look("renamed-pdf")
    expect(admin.page.get_by_role("link", name="考核表.xlsx")).to_have_count(0)  # nor is it kept for later
    assert listed(admin) == before
