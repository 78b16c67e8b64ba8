"""A mail server on the loopback that keeps nothing but how often each notice arrived: for proofs and measurements."""

import socketserver
import threading
import time
from collections import Counter
from typing import Self


class _Session(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs to hand over a mail."""

    server: "Postbox"

    def handle(self) -> None:
        self._say("220 loopback")
        while line := self.rfile.readline():
            verb = line.strip().upper().split(b" ")[0]
            if verb == b"DATA":
                self._say("354 go on")
                self._take()
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _take(self) -> None:
        """Counted before it is acknowledged: what the client was told arrived has arrived."""
        numbers: list[bytes] = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            if line.lower().startswith(b"x-notice-id:"):
                numbers = line.split(b":")[1].split()
        if line:
            time.sleep(self.server.delay)
            self.server.count(numbers)
            self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class Postbox(socketserver.ThreadingTCPServer):
    """Use as a context: `with Postbox() as box`; `box.received` counts by the notice's number."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, delay: float = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.delay, self.received, self.lock = delay, Counter(), threading.Lock()

    @property
    def port(self) -> int:
        return self.server_address[1]

    def count(self, numbers: list[bytes]) -> None:
        with self.lock:
            self.received.update(int(number) for number in numbers)

    def handle_error(self, request, client_address) -> None:
        """A client that was killed in the middle of a word is what this is for."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()
