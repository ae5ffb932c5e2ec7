"""Messages of the queue in files appear whole, in order, and go to one reader."""

import threading
from pathlib import Path

from kombu import Connection

from config import queue


def test_reader_that_looks_all_the_time_never_meets_half_a_message(tmp_path: Path) -> None:
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path), "control_folder": str(tmp_path)}
    options["processed_folder"] = str(tmp_path / "read")
    with Connection(transport=queue.Transport, transport_options=options) as connection:
        inbox, outbox = connection.SimpleQueue("jobs"), connection.SimpleQueue("jobs")
        total, text = 300, "x" * 20_000

        def write() -> None:
            for n in range(total):
                outbox.put({"n": n, "text": text})

        writer = threading.Thread(target=write)
        writer.start()
        read: list[int] = []
        while len(read) < total:
            message = inbox.get(timeout=20)
            read.append(message.payload["n"])
            message.ack()
        writer.join()
    assert sorted(read) == list(range(total))
    assert not list(tmp_path.glob("*.draft"))
