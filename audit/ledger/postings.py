"""Reads and writes postings: in which entries of a block a word stands."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
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
        columns = "block integer NOT NULL, word text NOT NULL, count integer NOT NULL, bits BLOB NOT NULL"
        return [
            "DROP TABLE ledger_posting",
            f"CREATE TABLE ledger_posting ({columns}, PRIMARY KEY (block, word)) WITHOUT ROWID",
        ]
    return [
        'ALTER TABLE ledger_posting ALTER COLUMN word TYPE text COLLATE "C"',
        "ALTER TABLE ledger_posting ALTER COLUMN bits SET STORAGE EXTERNAL",
    ]


def read(blocks: Sequence[int], words: Collection[str]) -> dict[int, int]:
    """Bits of the entries with one of ``words``, by block."""
    wanted = sorted(words)
    if connection.vendor == "postgresql":
        where, values = "block = ANY(%s) AND word = ANY(%s)", [list(blocks), wanted]
    else:
        where = f"block IN ({_marks(blocks)}) AND word IN ({_marks(wanted)})"
        values = [*blocks, *wanted]
    return _joined(bulk.select(Posting, ("block", "count", "bits"), where, values)) if blocks and wanted else {}


def read_beginnings(blocks: Sequence[int], beginnings: Collection[str]) -> dict[int, int]:
    """Bits of the entries with a word that begins with one of ``beginnings``, by block.

    Raises:
        TooBroad: there are too many such words.
    """
    among = "block = ANY(%s)" if connection.vendor == "postgresql" else f"block IN ({_marks(blocks)})"
    values = [list(blocks)] if connection.vendor == "postgresql" else list(blocks)
    one = f"SELECT block, count, bits FROM ledger_posting WHERE {among} AND word >= %s AND word < %s"
    parts = [f"SELECT * FROM ({one} LIMIT {MOST + 1}) AS part{number}" for number in range(len(beginnings))]
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(parts),
            [value for beginning in beginnings for value in (*values, beginning, beginning + BEHIND)],
        )
        rows = cursor.fetchall()
    if len(rows) > MOST:
        raise TooBroad(min(beginnings, key=len))
    return _joined(rows)


def _joined(rows: Iterable[tuple[int, int, bytes]]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    few: dict[int, list[int]] = defaultdict(list)
    for block, count, kept in rows:
        if count > bits.FEW:
            found[block] |= bits.unpack(count, bytes(kept))
        else:
            few[block] += bits.listed(count, bytes(kept))
    for block, offsets_ in few.items():
        found[block] |= bits.gather(offsets_)
    return found


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


Offsets = dict[str, "array[int]"]
"""Where words stand in a block: offsets, ascending, each once. Arrays, because many lists keep the collector busy."""


def offsets() -> Offsets:
    """Nothing yet."""
    return defaultdict(lambda: array("H"))


def merged(block: int, found: Offsets, *, fresh: bool) -> Iterator[tuple[Any, ...]]:
    """Rows that hold what is stored of these words, and ``found`` too, in the order of the key."""
    words = sorted(found)
    before = {} if fresh else stored(block, words)
    for word in words:
        here = found[word]
        if word in before:
            count, kept = before[word]
            if count + len(here) > bits.FEW:
                joined = bits.unpack(count, kept) | bits.gather(here)
                yield block, word, joined.bit_count(), bits.pack_number(joined)
                continue
            here = array("H", sorted({*here, *bits.listed(count, kept)}))
        yield block, word, len(here), bits.pack(here)


def write(rows: Sequence[tuple[Any, ...]], *, fresh: bool) -> None:
    """Stores rows of ``NAMES``; ``fresh`` says that none of them is there yet."""
    if fresh:
        bulk.insert(Posting, NAMES, rows)
    else:
        bulk.upsert(Posting, NAMES, rows, key=("block", "word"))
