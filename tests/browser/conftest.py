"""Browser, servers and people. Run apart: `make test-browser`, or `pytest -m browser`.

Pictures of every page that was looked at stay in <DATA_DIR>/screenshots/<test>/.
"""

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.people import Desk
from tests.browser.server import ROOT, Server

NAMES = ("chromium", "chromium-browser")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def launch(playwright):
    """Debian's Chromium; without it nothing can be said about the pages, so that it is no reason to skip."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.fail("没有找到 Chromium：请运行 make setup-test（或 apt install chromium）后再试。", pytrace=False)
    return playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def blank(tmp_path_factory):
    """An empty migrated database and the collected static files, made once and copied for every server."""
    server = Server(tmp_path_factory.mktemp("blank"))
    server.run("manage.py", "migrate", "-v0")
    server.run("manage.py", "load_plans", "-v0")
    server.run("manage.py", "collectstatic", "--noinput", "-v0")
    return server.folder


def _serve(blank: Path, folder: Path, *preparation: str):
    shutil.copytree(blank, folder, dirs_exist_ok=True)
    server = Server(folder)
    server.run(*preparation)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def world(blank, tmp_path_factory):
    """A small bureau in which nothing has happened yet: both campaigns are drafts. One per test file."""
    yield from _serve(blank, tmp_path_factory.mktemp("world"), "-m", "tests.browser.backstage", "build")


@pytest.fixture(scope="module")
def demo(blank, tmp_path_factory):
    """The demo bureau, made small, while the branches present themselves: every page has something on it."""
    command = ["manage.py", "load_demo", "--stage", "presenting", "--applications", "40", "-v0"]
    yield from _serve(blank, tmp_path_factory.mktemp("demo"), *command)


@pytest.fixture
def pictures(request):
    base = Path(os.environ.get("DATA_DIR") or ROOT / "var" / "test").resolve()
    folder = base / "screenshots" / request.node.name.removeprefix("test_").replace("[", "-").rstrip("]")
    shutil.rmtree(folder, ignore_errors=True)
    return folder


@pytest.fixture
def desk(browser, world, pictures):
    """People in the small bureau. At the end nobody's browser may have complained."""
    yield from _judged(Desk(browser, world.url, pictures))


@pytest.fixture
def demo_desk(browser, demo, pictures):
    """People in the demo bureau, judged the same way."""
    yield from _judged(Desk(browser, demo.url, pictures))


def _judged(desk):
    yield desk
    complaints = desk.complaints()
    desk.close()
    assert complaints == []
