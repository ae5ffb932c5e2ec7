"""Files get every event once, in order: after a crash, on a full disk, with two writers, on the next day."""

import errno
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit.ledger.models import Head
from audit.streaming import delivery, services
from audit.streaming.destinations import files
from audit.streaming.destinations.contract import Batch, Line, Undelivered
from audit.streaming.destinations.files import Files, FilesForm
from audit.streaming.models import Stream
from tests.support.cast import SYSTEM

Seal = Callable[[int], int]


@pytest.fixture
def stream(sealed: Seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stream:
    """A stream to files, from the first entry on, in batches of five."""
    monkeypatch.setattr(delivery, "MOST_LINES", 5)
    sealed(9)
    return services.add_stream(
        actor=SYSTEM,
        kind="files",
        name="Archive",
        settings={"path": str(tmp_path / "events"), "megabytes": 1},
        from_beginning=True,
    )


def again(stream: Stream) -> delivery.Delivered:
    """Delivers, as the job does when its time has come."""
    return delivery.deliver(stream=Stream.objects.get(pk=stream.pk))


def written(folder: Path) -> list[int]:
    """The numbers in all files, in the order of the files' names and lines; each line is an event."""
    found = []
    for path in sorted(folder.rglob("*.ndjson")):
        content = path.read_bytes()
        assert content.endswith(b"\n") or not content
        found += [json.loads(line)["metadata"]["sequence"] for line in content.splitlines()]
    return found


def batch(*numbers: int, day: str = "2013-07-01", size: int = 0, of: str = "a") -> Batch:
    """Lines with these numbers, each padded to ``size`` bytes."""
    lines = []
    for number in numbers:
        event: dict[str, Any] = {"metadata": {"sequence": number}, "unmapped": {"leaf_hash": f"{of}{number}"}}
        event["pad"] = "x" * max(0, size - len(json.dumps(event)))
        lines.append(Line(number, f"{of}{number}", day, json.dumps(event).encode()))
    return Batch("s", "log/one", lines)


def names(folder: Path) -> list[str]:
    """The files, by name."""
    return sorted(path.name for path in folder.rglob("*.ndjson"))


def test_each_entry_is_one_line_in_order(stream: Stream, sealed: Seal, tmp_path: Path) -> None:
    last = sealed(3)
    assert again(stream) == delivery.Delivered(last, last)
    assert written(tmp_path) == list(range(1, last + 1))
    (path,) = tmp_path.rglob("*.ndjson")
    today = datetime.now(UTC).date().isoformat()
    assert path.name == f"tollgate-{today}-000000000001.ndjson"
    assert path.stat().st_mode & 0o777 == 0o600
    last = sealed(4)
    again(stream)
    assert written(tmp_path) == list(range(1, last + 1))
    assert names(tmp_path) == [path.name], "the same day goes on in the same file"


def test_crash_between_the_write_and_its_note_writes_nothing_twice(
    stream: Stream, sealed: Seal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = delivery._keep

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(delivery, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        again(stream)
    assert written(tmp_path) == [1, 2, 3, 4, 5]
    assert Stream.objects.get(pk=stream.pk).cursor == 0
    monkeypatch.setattr(delivery, "_keep", keep)
    last = sealed(2)
    again(stream)
    assert written(tmp_path) == list(range(1, last + 1))


@pytest.mark.parametrize("cut", [1, 30, 2_000])
def test_half_a_line_is_cut_off_and_written_whole(stream: Stream, sealed: Seal, tmp_path: Path, cut: int) -> None:
    again(stream)
    Stream.objects.filter(pk=stream.pk).update(cursor=0, pending=0)
    (path,) = tmp_path.rglob("*.ndjson")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:-cut])
    again(stream)
    assert written(tmp_path) == list(range(1, Head.objects.get(pk=1).size + 1))


def test_file_of_half_a_line_alone_begins_anew(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path)}, {})
    place.deliver(batch(1, 2))
    (path,) = tmp_path.rglob("*.ndjson")
    path.write_bytes(b'{"metadata":')
    place.deliver(batch(1, 2))
    assert written(tmp_path) == [1, 2]


def test_full_disk_takes_nothing_back_and_loses_nothing(
    stream: Stream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def full(handle: int, content: bytes) -> int:
        if len(content) > 100:
            return write(handle, content[:100])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        done = again(stream)
    assert "No space left on device" in done.error
    assert written(tmp_path) == [], "what was written of the batch is cut off again"
    assert Stream.objects.get(pk=stream.pk).cursor == 0
    again(stream)
    assert written(tmp_path) == list(range(1, Head.objects.get(pk=1).size + 1))


def test_each_day_and_each_size_has_a_file(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path), "megabytes": 1}, {})
    place.deliver(batch(1, 2))
    place.deliver(batch(3, day="2013-07-02"))
    place.deliver(batch(4, day="2013-07-01"))
    place.deliver(batch(5, day="2013-07-02", size=files.MEGABYTE))
    place.deliver(batch(6, 7, day="2013-07-02"))
    place.deliver(Batch("s", "log/one", [*batch(8, day="2013-07-02").lines, *batch(9, day="2013-07-03").lines]))
    assert names(tmp_path) == [
        "tollgate-2013-07-01-000000000001.ndjson",
        "tollgate-2013-07-02-000000000003.ndjson",
        "tollgate-2013-07-02-000000000006.ndjson",
        "tollgate-2013-07-03-000000000009.ndjson",
    ]
    assert written(tmp_path) == [1, 2, 3, 4, 5, 6, 7, 8, 9], "an entry of an earlier day stays in its order"


def test_batch_larger_than_a_file_is_cut_at_lines(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path), "megabytes": 1}, {})
    seven = batch(*range(1, 8), size=files.MEGABYTE // 2)
    place.deliver(seven)
    assert written(tmp_path) == list(range(1, 8))
    one = len(seven.lines[0].content) + 1
    assert [path.stat().st_size for path in sorted(tmp_path.rglob("*.ndjson"))] == [2 * one, 2 * one, 2 * one, one]


def test_files_that_a_shipper_took_away_are_not_missed(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path)}, {})
    place.deliver(batch(1, 2))
    (path,) = tmp_path.rglob("*.ndjson")
    path.unlink()
    place.deliver(batch(3, 4))
    assert written(tmp_path) == [3, 4]
    assert names(tmp_path) == ["tollgate-2013-07-01-000000000003.ndjson"]


def test_batch_that_is_there_in_part_is_completed(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path)}, {})
    place.deliver(batch(1, 2, 3))
    place.deliver(batch(2, 3, 4, 5))
    place.deliver(batch(4, 5))
    assert written(tmp_path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("numbers", [(2, 3), (1,), (3, 4, 5)])
def test_files_of_another_log_under_our_numbers_stop_the_stream(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    place = Files({"path": str(tmp_path)}, {})
    place.deliver(batch(1, 2, 3))
    with pytest.raises(Undelivered, match="entry 3 that is not this log’s: was a database restored"):
        place.deliver(batch(*numbers, of="b"))
    assert written(tmp_path) == [1, 2, 3]


def test_each_log_has_its_folder(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path)}, {})
    place.deliver(batch(1, 2))
    place.deliver(Batch("s", "log/two", batch(2, of="b").lines))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log_one", "log_two"]


def test_strange_last_line_is_told(tmp_path: Path) -> None:
    place = Files({"path": str(tmp_path)}, {})
    place.deliver(batch(1))
    (path,) = tmp_path.rglob("*.ndjson")
    path.write_text("hello\n")
    with pytest.raises(Undelivered, match="is no event of ours; move the file away"):
        place.deliver(batch(2))


def test_writers_wait_for_one_another(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def deliver(first: int) -> None:
        Files({"path": str(tmp_path)}, {}).deliver(batch(*range(first, first + 50)))

    deliver(1)
    with ThreadPoolExecutor(8) as pool:  # each wants to bring the same fifty
        list(pool.map(deliver, [1] * 8))
    assert written(tmp_path) == list(range(1, 51))


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    place = Files({"path": str(file / "below")}, {})
    (check,) = place.test()
    assert not check.ok
    assert check.sentence == f"{file} cannot be written by this process."
    with pytest.raises(Undelivered, match="cannot be written: Not a directory"):
        place.deliver(batch(1))
    (good,) = Files({"path": str(tmp_path / "new")}, {}).test()
    assert (good.ok, good.sentence) == (True, f"{tmp_path / 'new'} will be made and can be written.")


@pytest.mark.parametrize("path", ["relative", "", "/a\x00b"])
def test_path_that_is_not_absolute_is_refused(path: str) -> None:
    assert "path" in FilesForm({"path": path, "megabytes": "1"}).errors
