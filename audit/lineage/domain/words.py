"""What pages call the parts of the graph: kinds and links as words, long names short, and counts as a sentence."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from audit.lineage.domain.fold import Kind, Link

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    Kind.DATASET: ("dataset", "datasets"),
    Kind.DATASET_VERSION: ("version of data", "versions of data"),
    Kind.COLUMN: ("column", "columns"),
    Kind.JOB: ("job", "jobs"),
    Kind.RUN: ("run", "runs"),
    Kind.COMMIT: ("commit", "commits"),
    Kind.MODEL_VERSION: ("model version", "model versions"),
    Kind.DEPLOYMENT: ("deployment", "deployments"),
}
"""One and several."""
LINKS: Final[Mapping[int, str]] = {
    Link.READ: "was read by",
    Link.WRITE: "wrote",
    Link.RAN: "ran as",
    Link.PARENT: "started",
    Link.CODE: "is the code of",
    Link.VERSION_OF: "is a version of",
    Link.COLUMN: "went into",
    Link.DEPLOYED: "was deployed as",
    Link.DERIVED: "is the base of",
}
"""Between the source of an edge and its target."""
MADE_BY: Final = frozenset({Kind.RUN, Kind.JOB})
DOES: Final = frozenset({Kind.RUN, Kind.JOB, Kind.DEPLOYMENT, Kind.COMMIT})
LONGEST: Final = 24


def kind_word(kind: str) -> str:
    """ "Version of data"."""
    return KINDS[kind][0].capitalize()


def short(kind: str, name: str, longest: int = LONGEST) -> str:
    """A name that fits into a box: the last part of a path, the beginning of a digest or a UUID."""
    if kind == Kind.RUN and _is_uuid(name):
        return name[:8]
    if kind == Kind.COMMIT and _is_digest(name):
        return name[:10]
    if kind == Kind.COLUMN:
        dataset, _, column = name.rpartition("#")
        return cut(f"{_last(dataset)}#{column}", longest)
    if kind == Kind.DATASET_VERSION:
        dataset, _, version = name.rpartition("@")
        version = version if len(version) <= 10 else version[:8]
        return f"{cut(_last(dataset), longest - len(version) - 1)}@{version}"
    if kind == Kind.DEPLOYMENT:
        return cut(" ".join(name.split("/")[:2]), longest)
    return cut(_last(name) if kind == Kind.DATASET else name, longest)


def cut(text: str, longest: int = LONGEST) -> str:
    """The text, or its two ends with an ellipsis between."""
    if len(text) <= longest:
        return text
    tail = (longest - 1) // 2
    return f"{text[: longest - 1 - tail]}…{text[-tail:]}"


def counted(counts: Mapping[str, int]) -> str:
    """ "2 runs, 1 job and 3 datasets", in the order of ``KINDS``."""
    parts = [f"{counts[kind]:,} {KINDS[kind][counts[kind] != 1]}" for kind in KINDS if counts.get(kind)]
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def made_of(kind: str, counts: Mapping[str, int]) -> str:
    """What a thing of this kind goes back to, as a sentence; ``counts`` by kind, without the thing itself."""
    if not counts:
        return "Nothing is known of where it comes from."
    by = {one: counts[one] for one in counts if one in MADE_BY}
    of = {one: counts[one] for one in counts if one not in MADE_BY and one != Kind.COMMIT}
    code = {one: counts[one] for one in counts if one == Kind.COMMIT}
    if kind in DOES or not of:
        return f"It goes back to {counted(counts)}."
    words = f"It was made from {counted(of)}"
    return words + (f" by {counted(by)}" if by else "") + (f", with the code of {counted(code)}" if code else "") + "."


def depends(counts: Mapping[str, int]) -> str:
    """What came of a thing, as a sentence."""
    if not counts:
        return "Nothing that is known depends on it."
    return f"{counted(counts)} {'depends' if sum(counts.values()) == 1 else 'depend'} on it."


def _last(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2] or name


def _is_digest(text: str) -> bool:
    return len(text) >= 10 and set(text) <= set("0123456789abcdef")


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
