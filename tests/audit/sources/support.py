"""A context that keeps what a connector hands in, as a source would; it stands where no catalogue is looked at."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from audit.sources.contract import Cursor
from audit.sources.domain.told import Kind, Told


@dataclass
class Progress:
    """Takes the messages of progress."""

    messages: list[str] = field(default_factory=list)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Keeps it."""
        assert 0 <= done <= total
        self.messages.append(message)

    def log(self, text: str) -> None:
        """Keeps it."""
        self.messages.append(text)


@dataclass
class Recorded:
    """What was handed in: pieces with their cursors, what is present, and problems."""

    source_id: UUID = field(default_factory=uuid4)
    cursor: Cursor = field(default_factory=dict)
    pieces: list[Told] = field(default_factory=list)
    present: dict[tuple[Kind, str], list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    run: Any = field(default_factory=Progress)
    team: Any = None

    def take(self, told: Told, *, cursor: Cursor | None = None) -> None:
        """Keeps the piece, and the cursor where one comes with it."""
        self.pieces.append(told)
        if cursor is not None:
            self.cursor = cursor

    def gone(self, kind: Kind, present: Collection[str], *, within: str = "") -> None:
        """Keeps what is there."""
        self.present[kind, within] = sorted(present)

    def problem(self, sentence: str) -> None:
        """Keeps it."""
        self.problems.append(sentence)

    def all(self, of: str) -> list[Any]:
        """All statements of one kind, such as ``versions``, in the order of their coming."""
        return [one for piece in self.pieces for one in getattr(piece, of)]
