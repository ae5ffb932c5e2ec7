"""A report is one structure with two renderings, so the page and the PDF say the same facts.

Texts are for people, in UTC. Nothing here reads a clock: the same records give the same report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from typing import Any, Final

TEXT, NUMBER, CODE = "text", "number", "code"
"""How a column is set: words, figures flush right, or identifiers in a fixed width."""
OK, WATCH, BAD, UNKNOWN_STATE, WAITING, OFF = "ok", "watch", "bad", "unknown", "waiting", "off"
RECORDS, ENTRIES, FILES = "records", "entries", "files"
BASIS: Final[Mapping[str, str]] = {
    RECORDS: "From Tollgate's records, as they were known then.",
    ENTRIES: "From the entries in this bundle; each can be verified.",
    FILES: "From the files of this bundle.",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A state: its shape (ok, watch, bad, unknown, waiting, off) and its word."""

    state: str
    word: str


UNKNOWN: Final = Mark(UNKNOWN_STATE, "unknown")
Cell = str | Mark


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its name, and how it is set (TEXT, NUMBER, CODE)."""

    text: str
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. ``note`` stands below; a ``long`` table is folded on the page until someone opens it."""

    title: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    long: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A value at a time with the ends of its 95% interval; None where undefined."""

    at: date
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The points of one thing, oldest first."""

    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Values over time. ``title`` is the conclusion, ``sub`` says what is drawn, ``places`` how many decimals."""

    title: str
    sub: str
    lines: tuple[Line, ...]
    places: int = 3
    kind: str = "lines"


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted from ``start`` until ``end`` (None: it lasts)."""

    start: date
    end: date | None
    words: str


@dataclass(frozen=True, slots=True)
class Lane:
    """The spans of one thing, which do not overlap."""

    label: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    """What lasted when, up to ``until``."""

    title: str
    sub: str
    lanes: tuple[Lane, ...]
    until: date
    kind: str = "lanes"


Figure = Lines | Lanes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a section shows, by a name that regimes ask for: ``held`` of ``of`` things have it.

    ``said`` marks what someone said in words, as against what was recorded.
    """

    name: str
    held: int
    of: int
    words: str
    said: bool = False

    @property
    def holds(self) -> bool:
        """Whether all have it, and there is at least one."""
        return 0 < self.of == self.held


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences that answer the title, then tables and figures that show it. ``lede`` goes into the summary."""

    key: str
    title: str
    order: int
    sentences: tuple[str, ...]
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    claims: tuple[Claim, ...] = ()
    basis: str = RECORDS
    lede: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a bundle says to people. ``scope`` is words, ``as_of`` the moment (aware) whose knowledge it is.

    Sections are numbered from 1 in their order. ``summary`` stands below the ``lede``.
    """

    title: str
    scope: str
    as_of: datetime
    lede: tuple[str, ...]
    sections: tuple[Section, ...]
    summary: tuple[Table, ...] = ()


MOST_ROWS: Final = 500
"""A report is for people; the bundle's other files hold all rows."""
Headings = list[str | Heading]
"""Names of columns; plain text is a column of words."""


def table(
    title: str,
    headings: Sequence[str | Heading],
    rows: Sequence[Sequence[Cell]],
    *,
    note: str = "",
    long: bool = False,
) -> Table:
    """A table; headings as plain text are columns of words. Of more than MOST_ROWS it holds the first, and says so.

    Raises:
        ValueError: a row has not as many cells as there are headings.
    """
    columns = tuple(Heading(one) if isinstance(one, str) else one for one in headings)
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"{title}: a row of {len(row)} cells under {len(columns)} headings.")
    if len(rows) > MOST_ROWS:
        note = " ".join(part for part in (f"The first {MOST_ROWS:,} of {len(rows):,} rows.", note) if part)
    return Table(title, columns, tuple(tuple(row) for row in rows[:MOST_ROWS]), note, long)


def number(text: str) -> Heading:
    """A column of figures."""
    return Heading(text, NUMBER)


def code(text: str) -> Heading:
    """A column of identifiers: digests, keys, paths."""
    return Heading(text, CODE)


def known(text: str | None) -> Cell:
    """``text``, or the mark of the unknown when there is none."""
    return text or UNKNOWN


def plain(value: Any) -> Any:
    """A report, or a part of one, as JSON values: what machines read, and what the typesetter is given."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
