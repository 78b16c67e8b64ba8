"""A real server for the browser: web, worker and clock as `.ci/serve` starts them, on a data folder of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN = 60
OUTSIDE = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "DEBUG", "SITE_URL", "ALLOWED_HOSTS", "HTTPS", "STAGE")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`start()` … `stop()`; between the two, `act(name)` lets something happen behind the pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        kept = {key: value for key, value in os.environ.items() if key not in OUTSIDE}
        # One web process with threads is enough here, and leaves the second core to the browser.
        self.env = {**kept, "DATA_DIR": str(folder), "PORT": str(self.port), "HOST": "127.0.0.1", "WEB_WORKERS": "1"}
        self.process: subprocess.Popen | None = None

    def run(self, *arguments: str) -> str:
        """A Python process beside the server, with its database; its output, or an error that shows it."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def act(self, *arguments: str) -> None:
        self.run("-m", "tests.browser.backstage", *arguments)

    def start(self) -> None:
        with self.output.open("wb") as out:
            # In a session of its own, so that what it starts can be ended with it.
            self.process = subprocess.Popen(
                [sys.executable, ".ci/serve"], cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + READY_WITHIN
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{self.output.read_text(errors='replace')}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    @property
    def output(self) -> Path:
        return self.folder / "serve.out"

    def log(self) -> str:
        """What the web process wrote, for the message of a failed test."""
        path = self.folder / "log" / "web.log"
        return path.read_text(errors="replace") if path.is_file() else ""

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False
