"""The queue of files: what is put in by many comes out whole, each message once."""

import threading
from queue import Empty

from kombu import Connection

from config.celery import app


def test_messages_are_never_read_half_written(tmp_path):
    """Several readers race with a writer of large messages, as web and worker do on one folder."""
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "messages"), "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"), "store_processed": False,
    }  # fmt: skip
    number, found, wrong, done = 300, [], [], threading.Event()

    def channel():
        return Connection("filesystem://", transport_options=options).channel()

    def read():
        mine = channel()
        while not (done.is_set() and len(found) >= number):
            try:
                found.append(mine._get("work")["number"])
            except Empty:
                if done.is_set() and not list((tmp_path / "messages").glob("*.work.msg")):
                    return
            except ValueError as error:
                wrong.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    writer = channel()
    for each in range(number):
        writer._put("work", {"number": each, "body": "内容" * 20_000})
    done.set()
    for reader in readers:
        reader.join(30)
    assert wrong == []
    assert sorted(found) == list(range(number))
    assert list((tmp_path / "messages").iterdir()) == []


def test_application_uses_it():
    with app.connection_for_write() as connection:
        transport = type(connection.transport).__module__
    assert transport in ("config.filequeue", "kombu.transport.redis")
