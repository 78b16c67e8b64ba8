"""The queue of files for running without a server: kombu's, with messages that appear whole or not at all."""

import os
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        """Written under a name no reader looks for, then renamed: a worker must never find a message half written.

        kombu itself opens the message under its own name and fills it then; a worker that took it in between found
        an empty file and ended.
        """
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        part = folder / f"{name}.part"
        part.write_text(dumps(payload), encoding="utf-8")
        os.replace(part, folder / name)


class Transport(filesystem.Transport):
    Channel = Channel
