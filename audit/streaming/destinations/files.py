"""NDJSON files in a folder, one event a line, a new file each day and at a size; a crash leaves no line twice or cut.

A batch is appended in one piece under a lock and brought to disk. Before that, the last line of the newest file says
how far the files are: what is there already is not written again, and half a line is cut off.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from django import forms

from audit.sources.contract import Check
from audit.streaming.destinations.contract import Batch, Line, Secrets, Settings, Undelivered

MEGABYTE = 1024 * 1024
NAME = re.compile(r"tollgate-(?P<day>\d{4}-\d\d-\d\d)-(?P<first>\d{12})\.ndjson")
TAIL = 64 * 1024


class FilesForm(forms.Form):
    """Where the files are, and how large they may become."""

    path = forms.CharField(
        label="Folder",
        max_length=500,
        help_text="An absolute path where the workers run; with workers on many machines, a share that all of them see",
    )
    megabytes = forms.IntegerField(
        label="A new file at … megabytes", min_value=1, max_value=10_000, initial=100, help_text="And each day (UTC)"
    )

    def clean_path(self) -> str:
        """An absolute path."""
        path = str(self.cleaned_data["path"]).strip()
        if not Path(path).is_absolute() or "\x00" in path:
            raise forms.ValidationError("Give an absolute path, such as /var/log/tollgate.")
        return path


@dataclass(frozen=True, slots=True)
class Newest:
    """The file that lines are added to, its day, its size, and the entry in its last line (0: it has none)."""

    path: Path
    day: str
    size: int
    number: int
    leaf_hash: str


class Files:
    """Files below ``root``; each log has its folder."""

    do_not_call_in_templates: ClassVar[bool] = True
    kind: ClassVar[str] = "files"
    title: ClassVar[str] = "NDJSON files"
    description: ClassVar[str] = "Files in a folder, one OCSF event a line, for a shipper or an archive to pick up"
    form: ClassVar[type[forms.Form]] = FilesForm
    secret: ClassVar[tuple[str, ...]] = ()
    needed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.root = Path(str(settings["path"]))
        self.largest = int(settings.get("megabytes") or 100) * MEGABYTE

    def close(self) -> None:
        """Nothing is held open."""

    def deliver(self, batch: Batch) -> None:
        """Appends what the files lack of the batch."""
        folder = self.root / re.sub(r"[^A-Za-z0-9.-]", "_", batch.log)
        try:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            with _alone(folder):
                newest = _newest(folder)
                lines = _missing(batch, newest)
                for some in _by_file(lines, newest, self.largest):
                    newest = _append(folder, some, newest, self.largest)
        except OSError as error:
            raise Undelivered(f"{folder} cannot be written: {error.strerror or error}.") from error

    def test(self) -> list[Check]:
        """Whether the folder can be written."""
        nearest = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
            return [Check(False, f"{nearest} cannot be written by this process.")]
        here = f"{self.root} is there" if nearest == self.root else f"{self.root} will be made"
        return [Check(True, f"{here} and can be written.")]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _newest(folder: Path) -> Newest | None:
    """The newest file, without half a line at its end."""
    names = [found for entry in os.scandir(folder) if (found := NAME.fullmatch(entry.name))]
    if not names:
        return None
    last = max(names, key=lambda found: (int(found["first"]), found["day"]))
    path = folder / last[0]
    size, line = _whole(path)
    if not line:
        return Newest(path, last["day"], size, 0, "")
    try:
        event = json.loads(line)
        return Newest(path, last["day"], size, int(event["metadata"]["sequence"]), str(event["unmapped"]["leaf_hash"]))
    except (ValueError, KeyError, TypeError):
        raise Undelivered(f"The last line of {path} is no event of ours; move the file away.") from None


def _whole(path: Path) -> tuple[int, bytes]:
    """The size of the file up to its last newline, to which it is cut, and its last line."""
    with path.open("rb+") as file:
        end = file.seek(0, os.SEEK_END)
        tail, at = b"", end
        while at > 0 and tail.count(b"\n") < 2:
            step = min(TAIL, at)
            at -= step
            file.seek(at)
            tail = file.read(step) + tail
        size = at + tail.rfind(b"\n") + 1
        if size < end:
            file.truncate(size)
            os.fsync(file.fileno())
        return size, tail[: size - at].rstrip(b"\n").rpartition(b"\n")[2]


def _missing(batch: Batch, newest: Newest | None) -> Sequence[Line]:
    """The lines that the files lack: a crash may have come between a write and the note that it was done.

    Raises:
        Undelivered: the files hold another log's entries under our numbers.
    """
    if newest is None or newest.number < batch.first:
        return batch.lines
    known = next((line for line in batch.lines if line.number == newest.number), None)
    if known is None or known.leaf_hash != newest.leaf_hash:
        raise Undelivered(
            f"{newest.path} ends with an entry {newest.number:,} that is not this log’s: was a database restored? "
            "Move the files away, and what follows begins a new one."
        )
    return [line for line in batch.lines if line.number > newest.number]


def _by_file(lines: Sequence[Line], newest: Newest | None, largest: int) -> Iterator[list[Line]]:
    """The lines in groups that belong into one file: a later day begins a new one, and so does the size."""
    day, size = (newest.day, newest.size) if newest else ("", 0)
    some: list[Line] = []
    for line in lines:
        if some and (line.day > day or size >= largest):
            yield some
            some, size = [], 0
        if line.day > day or size >= largest:
            day, size = max(day, line.day), 0
        some.append(line)
        size += len(line.content) + 1
    if some:
        yield some


def _append(folder: Path, lines: list[Line], newest: Newest | None, largest: int) -> Newest:
    """Writes the lines at the end of the newest file, or of a new one; all of them, or none."""
    first, last = lines[0], lines[-1]
    if newest is None or first.day > newest.day or newest.size >= largest:
        day = max(first.day, newest.day if newest else "")
        path, size = folder / f"tollgate-{day}-{first.number:012d}.ndjson", 0
    else:
        path, day, size = newest.path, newest.day, newest.size
    content = b"".join(line.content + b"\n" for line in lines)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        try:
            written = 0
            while written < len(content):
                written += os.write(handle, content[written:])
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)  # a full disk may have taken a part
            raise
    finally:
        os.close(handle)
    if size == 0:
        _settle(folder)
    return Newest(path, day, size + len(content), last.number, last.leaf_hash)


def _settle(folder: Path) -> None:
    """Makes the name of a new file survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
