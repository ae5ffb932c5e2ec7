"""Documents that the lake keeps, and the day from which their clock runs; slices register theirs.

The lake holds content once: a file goes when every record that points at it may let it go.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.base.actors import Actor

PATH: Final = re.compile(r"[^:]+/(?P<digest>[0-9a-f]{64})(\.[a-z0-9.]+)?")
"""A place in our lake; artefacts may also lie elsewhere, where we remove nothing."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file of a record, whose id is ``record``. ``at`` is when its clock began (UTC), None while it is in use.

    ``people`` are ids, e-mails or names of those whom it came from.
    """

    kind: str
    record: UUID
    name: str
    path: str
    digest: str
    at: datetime | None
    model: UUID | None = None
    use_case: UUID | None = None
    team: UUID | None = None
    people: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """Documents of one kind: those recorded before a moment, and those at given paths. ``title`` is a plural.

    ``let_go`` tells the slice that the content of a document goes, and why; in the transaction in which it does.
    """

    kind: str
    title: str
    before: Callable[[datetime], Iterable[Document]]
    at_paths: Callable[[Sequence[str]], Iterable[Document]]
    let_go: Callable[[Actor, Document, str], None] | None = None


PROVIDERS: Final[dict[str, Provider]] = {}


def register(provider: Provider) -> None:
    """Adds a kind of documents.

    Raises:
        ValueError: the kind is taken.
    """
    if PROVIDERS.setdefault(provider.kind, provider) != provider:
        raise ValueError(f"Documents of kind {provider.kind} have two providers.")


def in_lake(path: str) -> bool:
    """Whether ``path`` can be a file of our lake."""
    return bool(PATH.fullmatch(path))
