"""Checkpoints and leaf hashes as objects that are written once: what folders and buckets have in common.

Under a folder of the log's name lie ``checkpoint-<size>.txt`` and ``leaves-<first>-<last>.bin`` (32 bytes an entry),
numbers with twelve digits. The leaves of a checkpoint are there before it is.
"""

from collections.abc import Iterator
from typing import Protocol
from urllib.parse import quote

from audit.assurance.witnesses.contract import Answer, Contradiction, Delivery, Held, Ours, Unreachable
from audit.ledger.domain import note

CHECKPOINT, LEAVES = "checkpoint-", "leaves-"
PIECE = 65_536
"""Leaf hashes in one object: 2 MiB."""


class Objects(Protocol):
    """Where objects lie."""

    def put(self, name: str, content: bytes) -> str:
        """Writes an object unless it is there; returns what the place calls this version of it.

        Raises:
            Contradiction: it is there with other content.
            Unreachable: it cannot be written.
        """

    def get(self, name: str) -> bytes:
        """The content as it was first written.

        Raises:
            Unreachable: it cannot be read.
        """

    def names(self, folder: str, prefix: str, after: str = "") -> list[str]:
        """The names in ``folder`` that begin with ``prefix`` and come after the name ``after``, ascending.

        Raises:
            Unreachable: they cannot be listed.
        """


def folder_of(origin: str) -> str:
    """The folder of a log: its name, each part fit for a file name."""
    return "/".join("_" if part in {"", ".", ".."} else quote(part, safe=" ") for part in origin.split("/"))


def checkpoint_name(size: int) -> str:
    """``checkpoint-000000000812.txt``."""
    return f"{CHECKPOINT}{size:012d}.txt"


def leaves_name(first: int, last: int) -> str:
    """``leaves-000000000801-000000000812.bin``."""
    return f"{LEAVES}{first:012d}-{last:012d}.bin"


def _size(name: str) -> int | None:
    digits = name.removeprefix(CHECKPOINT).removesuffix(".txt")
    return int(digits) if name == f"{CHECKPOINT}{digits}.txt" and len(digits) == 12 and digits.isdecimal() else None


def _span(name: str) -> tuple[int, int] | None:
    parts = name.removeprefix(LEAVES).removesuffix(".bin").split("-")
    if len(parts) != 2 or not all(len(part) == 12 and part.isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[1])


class Files:
    """A keeper of everything, over ``objects``."""

    objects: Objects
    _found = False

    def pause(self) -> int:
        """Each checkpoint goes."""
        return 0

    def deliver(self, delivery: Delivery) -> Answer:
        """Writes the leaf hashes since the last checkpoint, then the checkpoint."""
        folder, size = folder_of(delivery.checkpoint.origin), delivery.checkpoint.size
        if delivery.since and not self._found:
            self._find(folder, delivery.since)
        for first in range(delivery.since + 1, size + 1, PIECE):
            last = min(first + PIECE - 1, size)
            self.objects.put(f"{folder}/{leaves_name(first, last)}", delivery.leaves(first, last))
        return Answer(self.objects.put(f"{folder}/{checkpoint_name(size)}", delivery.text.encode()))

    def _find(self, folder: str, size: int) -> None:
        """The last checkpoint that was taken must be there: a disk that is not mounted looks like an empty one."""
        name = checkpoint_name(size)
        if not self.objects.names(folder, name):
            raise Unreachable(f"{folder}/{name}, which was delivered, is not there any more. Is the place the same?")
        self._found = True

    def newest(self, ours: Ours) -> Held | None:
        """The checkpoint with the largest size. What came after our last delivery is looked for first."""
        folder, names = folder_of(ours.origin), list[str]()
        if ours.delivered:
            last = checkpoint_name(ours.delivered)
            names = self.objects.names(folder, CHECKPOINT, last) or self.objects.names(folder, last)
        names = names or self.objects.names(folder, CHECKPOINT)
        sizes = [size for name in names if (size := _size(name)) is not None]
        return Held(max(sizes), self.text(ours.origin, max(sizes))) if sizes else None

    def confirms(self, text: str, answer: str) -> bool:
        """Whether the object is this checkpoint."""
        checkpoint = note.checkpoint_of(text)
        return self.text(checkpoint.origin, checkpoint.size) == text

    def proves(self, text: str, answer: str) -> bool | None:
        """Nothing but the objects themselves proves anything."""
        return None

    def sizes(self, origin: str) -> list[int]:
        """The sizes of all checkpoints of this log, ascending."""
        names = self.objects.names(folder_of(origin), CHECKPOINT)
        return sorted(size for name in names if (size := _size(name)) is not None)

    def text(self, origin: str, size: int) -> str:
        """The checkpoint of this size."""
        return self.objects.get(f"{folder_of(origin)}/{checkpoint_name(size)}").decode(errors="replace")

    def pieces(self, origin: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The leaf hashes that reach into these numbers."""
        folder = folder_of(origin)
        spans = [(span, name) for name in self.objects.names(folder, LEAVES) if (span := _span(name)) is not None]
        for (begin, end), name in sorted(spans):
            if begin <= last and end >= first:
                yield begin, self.objects.get(f"{folder}/{name}")


def same_or_contradicted(name: str, there: bytes, brought: bytes) -> None:
    """Nothing, when what is there is what we bring.

    Raises:
        Contradiction: it is not.
    """
    if there != brought:
        raise Contradiction(f"{name} is there with other content.")
