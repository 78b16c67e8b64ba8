"""A person at a browser: one context each, everything that goes wrong in it noted, every page looked at."""

import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from reviews.demo.wording import PASSWORD

DESKTOP, PHONE = (1280, 900), (390, 844)
GRAVE = ("serious", "critical")


class Person:
    """Logs in by the page, and keeps what the browser complained about."""

    def __init__(self, desk: "Desk", police_no: str, *, size: tuple[int, int] = DESKTOP, script: bool = True) -> None:
        self.desk, self.police_no = desk, police_no
        self.context = desk.browser.new_context(
            base_url=desk.url, locale="zh-CN", timezone_id="Asia/Shanghai", java_script_enabled=script,
            viewport={"width": size[0], "height": size[1]}, has_touch=size == PHONE, accept_downloads=True,
        )  # fmt: skip
        self.context.set_default_timeout(10_000)
        self.context.on("page", self._watch)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.questions: list[str] = []

    def _watch(self, page: Page) -> None:
        page.on("console", lambda said: self._complain(f"{said.text} ({page.url})") if said.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(f"{error} ({page.url})"))
        page.on("request", lambda request: self._ask(request.url))
        page.on(
            "response", lambda answer: self._complain(f"{answer.status} {answer.url}") if answer.status >= 500 else None
        )
        # The pages ask before anything that cannot be undone; the people of these tests mean it.
        page.on("dialog", self._answer)

    def _complain(self, text: str) -> None:
        self.complaints.append(text)

    def _ask(self, url: str) -> None:
        # What the browser brings along itself, such as its viewer of PDFs, comes from no host.
        own = (self.desk.url, "data:", "blob:", "about:", "chrome:", "chrome-extension:")
        if not url.startswith(own):
            self._complain(f"asked elsewhere: {url}")

    def _answer(self, dialog) -> None:
        self.questions.append(dialog.message)
        dialog.accept()

    # Going about

    def login(self, page: Page | None = None) -> "Person":
        page = page or self.page
        page.goto("/login/")
        page.get_by_label("警号").fill(self.police_no)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("登录")
        return self

    def at(self, path: str) -> Page:
        answer = self.page.goto(path)
        assert answer is None or answer.ok, f"{path}: {answer.status}"
        return self.page

    def follow(self, name: str | re.Pattern, *, exact: bool = False) -> Page:
        """Click the first link of that name and wait for its page."""
        with self.page.expect_navigation():
            self.page.get_by_role("link", name=name, exact=exact).first.click()
        return self.page

    def press(self, name: str | re.Pattern, *, exact: bool = False) -> Page:
        """Press the first button of that name and wait for the page it leads to."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=exact).first.click()
        return self.page

    def says(self, text: str) -> None:
        """The page's own word on what was just done."""
        expect(self.page.locator("#messages")).to_contain_text(text)

    def look(self, name: str, *, phone: bool = False) -> None:
        """Keep a picture of the page and judge what can be judged by machine; if asked, on a telephone as well."""
        self.desk.look(self, name)
        if phone:
            before = self.page.viewport_size
            self.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            self.desk.look(self, f"{name}-phone")
            self.page.set_viewport_size(before)


class Desk:
    """The people of one test, the pictures of it, and the judgement at its end."""

    def __init__(self, browser: Browser, url: str, pictures: Path) -> None:
        self.browser, self.url, self.pictures = browser, url, pictures
        self.people: list[Person] = []
        self.found: list[str] = []
        self.number = 0
        pictures.mkdir(parents=True, exist_ok=True)

    def person(self, police_no: str, *, login: bool = True, **how) -> Person:
        person = Person(self, police_no, **how)
        self.people.append(person)
        return person.login() if login else person

    def look(self, person: Person, name: str) -> None:
        self.number += 1
        page = person.page
        page.evaluate("scrollTo(0, 0)")  # what sticks to the top would else stand in the middle of the picture
        page.screenshot(path=self.pictures / f"{self.number:02d}-{name}.png", full_page=True)
        found = [*violations(page), *overflow(page)]
        self.found += [f"{name} ({page.url.removeprefix(self.url)}): {problem}" for problem in found]

    def close(self) -> None:
        for person in self.people:
            person.context.close()

    def complaints(self) -> list[str]:
        """What the looks found and the browsers said: judged at the end, so that a run tells all of it."""
        return self.found + [f"{person.police_no}: {text}" for person in self.people for text in person.complaints]


def violations(page: Page) -> list[str]:
    """What axe finds grave: rule, and where."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]} — {node['failureSummary'][:300]}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"][:3]
    ]


def overflow(page: Page) -> list[str]:
    """No page scrolls sideways, on a desk or on a phone."""
    wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return [f"{wide}px wide in a window of {room}px"] if wide > room else []
