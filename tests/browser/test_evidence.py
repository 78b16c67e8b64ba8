"""The material library in a real browser: 300 files, a film of 200 MB cut twice, paste, drag, telephone, keyboard."""

import hashlib
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.films import film
from tests.browser.people import PASSWORD, PHONE
from tests.uploads import photo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

SECRETARY, PLAIN_SECRETARY, COMMITTEE = "110011", "110021", "110001"
FAILED_LOADS = re.compile(r"Failed to load resource|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_EMPTY_RESPONSE")
MB = 1024 * 1024
FILM_SIZE = 200 * MB
STORED = """
import hashlib
from applications.models import Evidence
for e in Evidence.objects.filter(name={name!r}):
    digest = hashlib.sha256()
    for chunk in e.file.chunks(): digest.update(chunk)
    print(digest.hexdigest(), e.size, e.pk)
"""
# The longest time the page could not answer while something was going on.
WATCH = """() => {
  window.longest = 0;
  let before = performance.now();
  const look = () => {
    const now = performance.now();
    window.longest = Math.max(window.longest, now - before);
    before = now;
    setTimeout(look, 20);
  };
  look();
}"""


@pytest.fixture(scope="module")
def opened(world):
    """S2 is open."""
    world.act("s2_open")
    return world


def forgive(person):
    """The browser notes every failed request; here they are meant to fail."""
    person.complaints[:] = [text for text in person.complaints if not FAILED_LOADS.search(text)]


def at_library(desk, police_no=SECRETARY, **how):
    person = desk.person(police_no, **how)
    application = steps.own_application(person)
    person.at(f"{application}evidence/")
    return person, application


def choose(page, *paths: Path) -> None:
    page.locator("#upload-files").set_input_files(list(paths))


def lines(page):
    return page.locator("[data-results] li")


def pictures_in(folder: Path, number: int) -> list[Path]:
    made = []
    for n in range(number):
        made.append(folder / f"照片{n:03d}.png")
        made[-1].write_bytes(photo("PNG", size=(24, 18), colour=(n % 256, n // 256, 90)))
    return made


def test_three_hundred_files_at_once(opened, desk, tmp_path):
    person, _ = at_library(desk)
    page = person.page
    (tmp_path / "假的.pdf").write_bytes(b"MZ" * 300)
    (tmp_path / "空的.docx").write_bytes(b"")
    page.evaluate(WATCH)
    begun = time.monotonic()
    choose(page, *pictures_in(tmp_path, 298), tmp_path / "假的.pdf", tmp_path / "空的.docx")
    expect(page.locator("[data-queue-words]")).to_contain_text("已完成")
    page.screenshot(path=desk.pictures / "under-way.png")
    expect(page.locator("[data-queue-words]")).to_have_text(
        "共300个文件，已上传298个，2个没有上传（见下）。", timeout=120_000
    )
    print(f"300 files in {time.monotonic() - begun:.1f} s, longest stillness {page.evaluate('longest'):.0f} ms")
    assert page.evaluate("longest") < 3000
    expect(lines(page).filter(has_text="假的.pdf")).to_contain_text("不是可以接收的文件")
    expect(lines(page).filter(has_text="空的.docx")).to_contain_text("0字节")
    expect(page.locator(".lead-line")).to_contain_text("共298份")
    person.look("three-hundred", phone=True)
    choose(page, tmp_path / "照片007.png")
    expect(lines(page)).to_have_text(["照片007.png：已在材料库，没有重复保存"], use_inner_text=True)
    expect(page.locator(".lead-line")).to_contain_text("共298份")
    person.at(page.url + "?view=grid")
    person.look("wall", phone=True)


@pytest.fixture(scope="module")
def large(opened, browser, tmp_path_factory):
    """A film of 200 MB that really plays, and its SHA-256."""
    page = browser.new_page()
    page.goto(f"{opened.url}/login/")
    path = film(page, tmp_path_factory.mktemp("film") / "支部专题片.mp4", size=FILM_SIZE)
    page.close()
    with path.open("rb") as file:
        return path, hashlib.file_digest(file, "sha256").hexdigest()


def test_a_film_of_200_mb_cut_twice_arrives_whole_and_plays(opened, desk, large):
    path, digest = large
    person, application = at_library(desk)
    page = person.page
    choose(page, path)
    expect(lines(page)).to_contain_text(re.compile("正在上传 [2-9][0-9]%"), timeout=30_000)
    # First cut: the line is gone, and comes back.
    person.context.set_offline(True)
    expect(page.locator("[data-queue-note]")).to_contain_text("网络不通", timeout=30_000)
    page.screenshot(path=desk.pictures / "offline.png")
    before = percent(page)
    person.context.set_offline(False)
    expect(page.locator("[data-queue-note]")).to_be_hidden(timeout=30_000)
    expect(lines(page)).to_contain_text(re.compile("正在上传 ([5-9][0-9])%"), timeout=30_000)
    assert percent(page) >= before
    # Second cut: the page is closed, the server stops and starts again, another day.
    page.close()
    opened.stop()
    opened.start()
    page = person.page = person.context.new_page()
    page.goto(f"{application}evidence/")
    expect(page.locator(".unfinished")).to_contain_text("支部专题片.mp4（已传")
    person.look("unfinished", phone=True)
    choose(page, path)
    expect(lines(page)).to_contain_text(
        re.compile("从上次断开的地方接着传|正在上传 [4-9][0-9]%|已传完|已上传"), timeout=30_000
    )
    expect(lines(page)).to_have_text(["支部专题片.mp4：已上传"], timeout=60_000, use_inner_text=True)
    stored = opened.run("manage.py", "shell", "-v0", "-c", STORED.format(name="支部专题片.mp4")).split()
    assert stored[:2] == [digest, str(FILM_SIZE)]
    expect(page.locator(".unfinished")).to_have_count(0)
    plays(person, stored[2])
    forgive(person)


def percent(page) -> int:
    found = re.search(r"(\d+)%", lines(page).first.inner_text())
    return int(found[1]) if found else 0


def until(page, script: str) -> None:
    """The page's own policy forbids Playwright to wait for an expression; asked from outside it is no script of the page."""
    deadline = time.monotonic() + 20
    while not page.evaluate(script):
        assert time.monotonic() < deadline, script
        page.wait_for_timeout(100)


def plays(person, pk) -> None:
    """The page plays it, asking for pieces; seeking in it is a piece further on."""
    page, answers = person.page, []
    page.on(
        "response",
        lambda r: answers.append((r.status, r.headers.get("content-range", ""))) if "/file/" in r.url else None,
    )
    page.goto(f"/applications/evidence/{pk}/")
    shown = page.locator("video")
    expect(shown).to_be_visible()
    until(page, "document.querySelector('video').readyState >= 1")
    page.evaluate("() => { const shown = document.querySelector('video'); shown.muted = true; return shown.play(); }")
    until(page, "document.querySelector('video').currentTime > 0.3")
    assert {status for status, _ in answers} == {206}
    assert all(re.fullmatch(rf"bytes \d+-\d+/{FILM_SIZE}", held) for _, held in answers)
    person.look("film", phone=True)


def test_expired_login_waits_and_goes_on(opened, desk, tmp_path):
    person, _ = at_library(desk)
    page = person.page
    person.context.clear_cookies(name="sessionid")
    path = tmp_path / "登录过期时传的.jpg"
    path.write_bytes(photo(size=(30, 31)))
    with page.expect_request(lambda request: request.method == "POST") as asked:
        choose(page, path)
    # Whoever logs in meanwhile does not upload it as theirs (LoginRequiredMiddleware).
    assert asked.value.headers["x-page-of"] == page.locator("body").get_attribute("data-user")
    expect(page.locator("[data-queue-note]")).to_contain_text("登录已过期")
    with person.context.expect_page() as opening:
        page.get_by_role("link", name="在新窗口重新登录").click()
    login = opening.value
    login.get_by_label("警号").fill(SECRETARY)
    login.get_by_label("密码").fill(PASSWORD)
    login.get_by_role("button", name="登录").click()
    expect(login.get_by_role("heading", level=1)).to_have_text("我的待办")
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(lines(page)).to_contain_text("已上传")
    forgive(person)


BRING = """([kind, name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png", lastModified: 1 }));
  const how = { bubbles: true, cancelable: true };
  const event = kind === "paste" ? new ClipboardEvent("paste", { clipboardData: data, ...how })
    : new DragEvent(kind, { dataTransfer: data, ...how });
  document.querySelector("h1").dispatchEvent(event);
}"""


def test_paste_drag_and_camera(opened, desk):
    person, _ = at_library(desk, size=PHONE)
    page = person.page
    page.evaluate(BRING, ["paste", "image.png", list(photo("PNG", size=(31, 20)))])
    expect(lines(page)).to_contain_text(re.compile(r"截图\d{8}-\d{6}\.png：已上传"))
    page.evaluate(BRING, ["dragover", "拖来的.png", list(photo("PNG", size=(32, 20)))])
    expect(page.locator(".upload-over")).to_be_visible()
    page.evaluate(BRING, ["drop", "拖来的.png", list(photo("PNG", size=(32, 20)))])
    expect(lines(page)).to_contain_text("拖来的.png：已上传")
    expect(page.locator(".upload-over")).to_have_count(0)
    camera = page.locator("[data-camera]")
    assert (camera.get_attribute("capture"), camera.get_attribute("accept")) == ("environment", "image/*")
    camera.set_input_files({"name": "image.jpg", "mimeType": "image/jpeg", "buffer": photo(size=(33, 20))})
    expect(lines(page)).to_contain_text("image.jpg：已上传")
    expect(page.locator("li.file").first).to_contain_text("image.jpg")


def test_facts_are_saved_in_place_by_keyboard_alone(opened, desk, tmp_path):
    person, _ = at_library(desk)
    page = person.page
    path = tmp_path / "键盘.jpg"
    path.write_bytes(photo(size=(34, 20)))
    choose(page, path)
    row = page.locator("li.file", has_text="键盘.jpg")
    row.get_by_label("键盘.jpg的说明").focus()
    page.keyboard.type("三月主题党日")
    page.keyboard.press("Tab")
    expect(row.locator("[data-saved]")).to_have_text("已保存")
    row.get_by_label("键盘.jpg的地点").focus()
    page.keyboard.type("烈士陵园")
    page.keyboard.press("Enter")
    expect(row.locator("[data-saved]")).to_have_text("已保存")
    page.reload()
    expect(row.get_by_label("键盘.jpg的说明")).to_have_value("三月主题党日")
    expect(row.get_by_label("键盘.jpg的地点")).to_have_value("烈士陵园")
    row.get_by_role("link", name="引用到多项指标").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    person.look("citations", phone=True)
    for box in page.get_by_role("checkbox").all()[:3]:
        box.focus()
        page.keyboard.press("Space")
    person.press("保存引用")
    person.says("引用到3项指标")
    expect(row.locator(".chip")).to_have_count(3)
    page.get_by_label("选中键盘.jpg").check()
    person.press("删除所选")
    person.says("没有删除：正在被引用")


def test_facts_wait_for_the_network(opened, desk, tmp_path):
    person, _ = at_library(desk)
    page = person.page
    field = page.locator("[data-fact=place]").first
    person.context.set_offline(True)
    field.fill("断网时写的")
    field.blur()
    expect(page.locator("[data-saved]").first).to_contain_text("没有保存")
    person.context.set_offline(False)
    expect(page.locator("[data-saved]").first).to_have_text("已保存")
    page.reload()
    expect(field).to_have_value("断网时写的")
    forgive(person)


def test_without_javascript_the_plain_form_works_and_too_many_are_refused_in_words(opened, desk, tmp_path):
    person, application = at_library(desk, PLAIN_SECRETARY, script=False)
    page = person.page
    made = pictures_in(tmp_path, 101)
    choose(page, *made[:2])
    person.press("上传", exact=True)
    person.says("已上传2个文件")
    page.locator("input[name$=-caption]").first.fill("没有脚本也能写")
    person.press("保存本页的说明、日期、地点")
    expect(page.locator("input[name$=-caption]").first).to_have_value("没有脚本也能写")
    choose(page, *made)
    person.press("上传", exact=True)
    expect(page.locator("main")).to_contain_text("一次选择的文件太多（最多100个），这一次一个也没有保存")
    person.at(f"{application}evidence/")
    expect(page.locator(".lead-line")).to_contain_text("共2份")
    forgive(person)


def test_committee_looks_at_everything_and_changes_nothing(opened, desk):
    person = desk.person(COMMITTEE)
    secretary, application = at_library(desk)
    person.at(f"{application}evidence/")
    expect(person.page.locator("[data-upload], [data-fact], .file-tick")).to_have_count(0)
    person.look("committee-library", phone=True)
    person.page.locator(".file-name a").first.click()
    expect(person.page.locator(".viewer")).to_be_visible()
    person.look("committee-viewer", phone=True)
