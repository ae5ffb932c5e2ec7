"""Reads and writes postings: in which entries of a block a word stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db import connection

from audit.ledger import bulk
from audit.ledger.domain import bits
from audit.ledger.models import Posting

NAMES = ("block", "word", "count", "bits")
MOST = 20_000
"""Rows that beginnings of words may lead to in a few blocks, before a search is refused as too broad."""
BEHIND = "\U0010ffff"
"""Sorts behind every letter that a word can go on with."""


class TooBroad(Exception):
    """A beginning of a word fits too many words; ``beginning`` is the one."""

    def __init__(self, beginning: str) -> None:
        super().__init__(beginning)
        self.beginning = beginning


def statements(vendor: str) -> list[str]:
    """What the table needs beyond Django's: one place for key and bits, and words in the order of their bytes."""
    if vendor == "sqlite":
        return [
            "DROP TABLE ledger_posting",
            "CREATE TABLE ledger_posting (block integer NOT NULL, word text NOT NULL, count integer NOT NULL, "
            "bits BLOB NOT NULL, PRIMARY KEY (block, word)) WITHOUT ROWID",
        ]
    return [
        'ALTER TABLE ledger_posting ALTER COLUMN word TYPE text COLLATE "C"',
        "ALTER TABLE ledger_posting ALTER COLUMN bits SET STORAGE EXTERNAL",
    ]


Postings = dict[int, dict[str, int]]
"""Bits by block and word."""


def read(blocks: Sequence[int], words: Iterable[str]) -> Postings:
    """The bits of ``words`` in ``blocks``."""
    found: Postings = defaultdict(dict)
    wanted = sorted(words)
    if not blocks or not wanted:
        return found
    if connection.vendor == "postgresql":
        where, values = "block = ANY(%s) AND word = ANY(%s)", [list(blocks), wanted]
    else:
        where = f"block IN ({_marks(blocks)}) AND word IN ({_marks(wanted)})"
        values = [*blocks, *wanted]
    for block, word, count, stored in bulk.select(Posting, NAMES, where, values):
        found[block][word] = bits.unpack(count, bytes(stored))
    return found


def read_beginning(blocks: Sequence[int], beginning: str) -> dict[int, int]:
    """The bits of all words that begin so, joined, by block.

    Raises:
        TooBroad: there are too many of them.
    """
    if connection.vendor == "postgresql":
        where, values = "block = ANY(%s)", [list(blocks)]
    else:
        where, values = f"block IN ({_marks(blocks)})", list(blocks)
    where += f" AND word >= %s AND word < %s LIMIT {MOST + 1}"
    rows = bulk.select(Posting, ("block", "count", "bits"), where, [*values, beginning, beginning + BEHIND])
    if len(rows) > MOST:
        raise TooBroad(beginning)
    few: dict[int, list[int]] = defaultdict(list)
    many: dict[int, int] = defaultdict(int)
    for block, count, stored in rows:
        if count > bits.FEW:
            many[block] |= bits.unpack(count, bytes(stored))
        else:
            few[block] += bits.listed(count, bytes(stored))
    return {block: many.get(block, 0) | bits.gather(few[block]) for block in {*few, *many}}


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def stored(block: int, words: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    """Count and bits of ``words`` in a block, as they are stored."""
    found: dict[str, tuple[int, bytes]] = {}
    for at in range(0, len(words), bulk.AT_ONCE):
        piece = list(words[at : at + bulk.AT_ONCE])
        if connection.vendor == "postgresql":
            where, values = "block = %s AND word = ANY(%s)", [block, piece]
        else:
            where, values = f"block = %s AND word IN ({_marks(piece)})", [block, *piece]
        for word, count, kept in bulk.select(Posting, ("word", "count", "bits"), where, values):
            found[word] = (count, bytes(kept))
    return found


def merged(block: int, offsets: Mapping[str, Sequence[int]], *, fresh: bool) -> Iterator[tuple[Any, ...]]:
    """Rows that hold what is stored of these words and ``offsets`` too, in the order of the key."""
    words = sorted(offsets)
    before = {} if fresh else stored(block, words)
    for word in words:
        here = sorted(set(offsets[word]))
        if word in before:
            count, kept = before[word]
            if count + len(here) > bits.FEW:
                joined = bits.unpack(count, kept) | bits.gather(here)
                yield block, word, joined.bit_count(), bits.pack_number(joined)
                continue
            here = sorted({*here, *bits.listed(count, kept)})
        yield block, word, len(here), bits.pack(here)


def write(rows: Sequence[tuple[Any, ...]], *, fresh: bool) -> None:
    """Stores rows of ``NAMES``; ``fresh`` says that none of them is there yet."""
    if fresh:
        bulk.insert(Posting, NAMES, rows)
    else:
        bulk.upsert(Posting, NAMES, rows, key=("block", "word"))
