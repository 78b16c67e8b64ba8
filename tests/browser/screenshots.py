"""Make the pictures of the README from the demo bureau: `python -m tests.browser.screenshots docs/screenshots`.

Each picture is one actor's main page at the stage of the campaign when it matters; the form is the first page of a PDF
(drawn by pdftoppm, of the package poppler-utils).
"""

import io
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import django
from PIL import Image

from tests.browser.server import Server

WIDE, PHONE = (1200, 820), (390, 844)
MOST_BYTES = 200_000
FORM = """
from applications.models import Snapshot
from applications.pdf import render
snapshot = Snapshot.objects.filter(application__track__code="T3-2023", application__branch__code="X01-001").first()
open({path!r}, "wb").write(render(snapshot))
"""


@contextmanager
def bureau(stage: str):
    """The full demo standing at a stage."""
    folder = Path(tempfile.mkdtemp())
    server = Server(folder)
    try:
        for command in (["migrate"], ["load_plans"], ["load_demo", "--stage", stage], ["collectstatic", "--noinput"]):
            server.run("manage.py", *command, "-v0")
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def save(path: Path, png: bytes) -> None:
    """With as many colours as fit into the size a README may load."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in (256, 128, 64, 32):
        out = io.BytesIO()
        picture.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
            out, "PNG", optimize=True
        )
        if out.tell() <= MOST_BYTES:
            break
    path.write_bytes(out.getvalue())
    print(f"{path} {out.tell() // 1000} kB {picture.width}×{picture.height}")


class Photographer:
    """Logs in as somebody at one server and takes the picture of what is on the screen."""

    def __init__(self, browser, server: Server, folder: Path) -> None:
        self.browser, self.server, self.folder = browser, server, folder

    @contextmanager
    def by(self, police_no: str, *, size: tuple[int, int] = WIDE):
        from tests.browser.people import Desk, Person

        desk = Desk(self.browser, self.server.url, Path(tempfile.gettempdir()))
        person = Person(desk, police_no, size=size)
        person.login()
        yield person.page
        person.context.close()

    def shoot(self, page, name: str) -> None:
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(300)
        save(self.folder / f"{name}.png", page.screenshot())


def applying(camera: Photographer) -> None:
    with camera.by("110011") as page:
        camera.shoot(page, "secretary")
        page.locator("main a[href^='/applications/']", has_text="进入申报").first.click()
        page.get_by_role("link", name="自评", exact=True).click()
        camera.shoot(page, "assessment")
    with camera.by("110001") as page:
        page.goto("/applications/checks/")
        page.get_by_role("link", name="去核查").first.click()
        camera.shoot(page, "check")


def recommending(camera: Photographer) -> None:
    with camera.by("110002") as page:
        page.goto("/applications/ranking/")
        page.get_by_role("link", name="打开").first.click()
        camera.shoot(page, "ranking")
    with camera.by("010002") as page:
        page.goto("/applications/inspection/")
        camera.shoot(page, "inspection")


def dynamic(camera: Photographer) -> None:
    with camera.by("010101", size=PHONE) as page:
        page.goto("/reviews/")
        page.locator(".queue-row").get_by_role("button", name="继续").first.click()
        page.locator("[data-item]").first.scroll_into_view_if_needed()
        page.evaluate("scrollBy(0, 300)")
        camera.shoot(page, "sheet")


def presenting(camera: Photographer) -> None:
    with camera.by("010001") as page:
        page.goto("/reviews/panels/")
        page.get_by_role("link", name="现场展示", exact=True).first.click()
        camera.shoot(page, "session")


def result(camera: Photographer) -> None:
    with camera.by("010001") as page:
        page.goto("/reviews/results/")
        page.locator("main select#track").select_option(
            label=page.locator("#track option", has_text="最强支部").first.inner_text()
        )
        page.locator(".sets a").first.click()
        camera.shoot(page, "result")
    with camera.by("010006") as page:
        page.goto("/audit/")
        page.locator("details.changes summary").nth(1).click()
        camera.shoot(page, "audit")
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "form.pdf"
        camera.server.run("manage.py", "shell", "-v0", "-c", FORM.format(path=str(pdf)))
        command = ["pdftoppm", "-png", "-f", "1", "-l", "1", "-scale-to-x", "1200", "-scale-to-y", "-1", str(pdf)]
        save(camera.folder / "form.png", subprocess.run(command, capture_output=True, check=True).stdout)


STAGES = [applying, recommending, dynamic, presenting, result]


def main(folder: Path, *only: str) -> None:
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import launch

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        for stage in STAGES:
            if not only or stage.__name__ in only:
                with bureau(stage.__name__) as server:
                    stage(Photographer(chromium, server, folder))
        chromium.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
