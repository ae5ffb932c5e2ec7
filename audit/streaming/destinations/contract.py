"""What a destination must do: say what settings it needs, test them, and take a batch whole or say why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from django import forms

from audit.sources.contract import Check

Settings = Mapping[str, Any]
Secrets = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """The event of one entry as JSON in one line, without the newline; ``day`` is its day in UTC ("2026-11-21")."""

    number: int
    leaf_hash: str
    day: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines in the order of their numbers, without a hole. ``log`` names the log that the numbers count in."""

    stream: str
    log: str
    lines: Sequence[Line]

    @property
    def first(self) -> int:
        """The number of the first entry."""
        return self.lines[0].number

    @property
    def last(self) -> int:
        """The number of the last entry."""
        return self.lines[-1].number


class Undelivered(Exception):
    """The destination did not take the batch. ``wait`` is how long it asks us to wait; ``smaller``: send less."""

    def __init__(self, sentence: str, *, wait: timedelta | None = None, smaller: bool = False) -> None:
        super().__init__(sentence)
        self.sentence, self.wait, self.smaller = sentence, wait, smaller


class Destination(Protocol):
    """One kind of place that events go to. ``secret`` names the settings that are kept encrypted.

    ``needed`` are those of them that a new stream must have: a form that is changed leaves them empty to keep them.
    ``do_not_call_in_templates``: a template that names the class means the class, and makes nothing of it.
    """

    do_not_call_in_templates: ClassVar[bool]
    kind: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    form: ClassVar[type[forms.Form]]
    secret: ClassVar[tuple[str, ...]]
    needed: ClassVar[tuple[str, ...]]

    def __init__(self, settings: Settings, secrets: Secrets) -> None: ...

    def deliver(self, batch: Batch) -> None:
        """Takes the batch, whole; the same batch may come twice.

        Raises:
            Undelivered: it did not.
        """

    def test(self) -> list[Check]:
        """What works and what does not, from this machine. No entry goes out."""

    def close(self) -> None:
        """Ends connections."""
