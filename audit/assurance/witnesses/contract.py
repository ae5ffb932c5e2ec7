"""What a place must do: take a checkpoint so that we cannot take it back, and tell the newest one that it has."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, runtime_checkable

from django import forms

from audit.base.errors import TollgateError
from audit.ledger.domain import note
from audit.sources.contract import Check

Settings = Mapping[str, Any]
Secrets = Mapping[str, str]


class Unreachable(TollgateError):
    """The place does not answer, or does not take what it gets; says why. It says nothing about the log."""


class Contradiction(TollgateError):
    """The place holds something else than we bring, for the same place in the same log."""


class Ahead(Exception):
    """The place has a later checkpoint of this log than the one that we bring."""

    def __init__(self, size: int) -> None:
        super().__init__(f"The place is at size {size}.")
        self.size = size


@dataclass(frozen=True, slots=True)
class Delivery:
    """A checkpoint on its way. ``since`` is the size of the last one that the place took (0: none of this log).

    ``leaves(first, last)`` gives the leaf hashes of these entries, 32 bytes each; ``prove(size)`` the proof that this
    checkpoint continues the log at ``size`` (RFC 9162, section 2.1.4.1), which is empty for 0.
    """

    text: str
    checkpoint: note.Checkpoint
    since: int
    leaves: Callable[[int, int], bytes]
    prove: Callable[[int], list[bytes]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the place said: a cosignature, a version id, a token in base64; and the time that it states, if it does."""

    text: str = ""
    stated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ours:
    """What we know when we ask: the log's name, a checkpoint to ask with ("": we have none), what the place got last.

    The checkpoint is our newest one, or, for a place that got none, the first that it will get.
    """

    origin: str
    text: str
    delivered: int


@dataclass(frozen=True, slots=True)
class Held:
    """The newest checkpoint at the place; ``text`` is None where it tells the size only."""

    size: int
    text: str | None = None


class Place(Protocol):
    """One kind of witness. Everything may be asked twice and takes effect once."""

    kind: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    form: ClassVar[type[forms.Form]]
    secret: ClassVar[tuple[str, ...]]
    """Fields of the form that are never shown again."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None: ...

    def pause(self) -> int:
        """Seconds between deliveries; then only the newest checkpoint goes. 0: each checkpoint goes."""

    def deliver(self, delivery: Delivery) -> Answer:
        """Brings a checkpoint.

        Raises:
            Unreachable: the place does not take it now.
            Contradiction: the place holds something else in its stead.
            Ahead: the place has a later one.
        """

    def newest(self, ours: Ours) -> Held | None:
        """The newest checkpoint of this log at the place; None when it has none.

        Raises:
            Unreachable: the place does not tell.
        """

    def confirms(self, text: str, answer: str) -> bool:
        """Whether the place, which tells sizes only, stands for this very checkpoint; ``answer`` is what it said to it.

        Raises:
            Unreachable: the place does not tell.
        """

    def proves(self, text: str, answer: str) -> bool | None:
        """Whether an answer that we kept is about this checkpoint; None where nothing in it can be checked."""

    def test(self) -> list[Check]:
        """What works with these settings, from this machine. Changes nothing."""


@runtime_checkable
class Keeper(Protocol):
    """A place that keeps every checkpoint and the leaf hashes: there the first differing entry is found exactly."""

    def sizes(self, origin: str) -> list[int]:
        """The sizes of all checkpoints of this log, ascending."""

    def text(self, origin: str, size: int) -> str:
        """The checkpoint of this size."""

    def pieces(self, origin: str, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Leaf hashes around these numbers: (number of the first, hashes), ascending."""
