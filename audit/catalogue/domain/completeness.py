"""A version is complete when each question of where it came from has an answer on record; what is empty is missing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Origin:
    """What the records say of where a version came from; empty is unknown.

    ``data`` are the SHA-256 of the training data, one for each dataset, empty where it is not known. ``environment``
    maps the name of each library to its version.
    """

    run: bool
    commit: str
    repository: str
    data: Sequence[str]
    parameters: Mapping[str, Any]
    environment: Mapping[str, Any]
    artefact_digest: str
    author: str
    metrics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that should be on record: its name within a sentence, and what nobody can say without it."""

    key: str
    name: str
    without: str
    known: Callable[[Origin], bool]


PARTS: Final = (
    Part("run", "the run that trained it", "Nobody can say which run trained it.", lambda one: one.run),
    Part(
        "commit",
        "the version of the code",
        "Nobody can say from which code it was built.",
        lambda one: bool(one.commit),
    ),
    Part(
        "repository",
        "the repository of the code",
        "Nobody can say where its code lies.",
        lambda one: bool(one.repository),
    ),
    Part(
        "data",
        "the data that it learned from",
        "Nobody can say which data it learned from.",
        lambda one: bool(one.data) and all(one.data),
    ),
    Part(
        "parameters",
        "the parameters",
        "Nobody can say with which parameters it was trained.",
        lambda one: bool(one.parameters),
    ),
    Part(
        "environment",
        "the libraries it was trained with",
        "Nobody can say with which libraries it was trained.",
        lambda one: bool(one.environment),
    ),
    Part(
        "artefact",
        "the digest of its artefact",
        "Nobody can say whether its artefact is still the same.",
        lambda one: bool(one.artefact_digest),
    ),
    Part("author", "its author", "Nobody can say who made it.", lambda one: bool(one.author)),
    Part(
        "metrics",
        "its metrics at training",
        "Nobody can say how well it did at training.",
        lambda one: bool(one.metrics),
    ),
)


@dataclass(frozen=True, slots=True)
class Completeness:
    """The parts that are on record, and those that are missing."""

    present: tuple[Part, ...]
    missing: tuple[Part, ...]

    @property
    def share(self) -> float:
        """The share of the parts that is on record, from 0 to 1."""
        return len(self.present) / len(PARTS)

    @property
    def words(self) -> str:
        """How much is on record: "6 of 9", "all 9"."""
        return f"{len(self.present)} of {len(PARTS)}" if self.missing else f"all {len(PARTS)}"


def completeness(origin: Origin) -> Completeness:
    """Which parts of its origin a version has on record."""
    return Completeness(
        present=tuple(part for part in PARTS if part.known(origin)),
        missing=tuple(part for part in PARTS if not part.known(origin)),
    )
