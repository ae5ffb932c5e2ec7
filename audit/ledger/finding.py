"""Entries are found from the newest block down: what is indexed by its words, what is not yet by looking at it.

Any combination costs at most a few reads for each block of 65,536 entries, wherever its last match lies.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.base.actors import Actor
from audit.ledger import bulk, indexing, postings
from audit.ledger.domain import bits, filters, times
from audit.ledger.domain.filters import Filter
from audit.ledger.domain.words import EVERY
from audit.ledger.meaning import Understood, seen_by
from audit.ledger.models import Block, Entry, Head, Indexed
from audit.ledger.search import Query
from audit.ledger.selectors import MOST_GAPS

MOST = 10_000
"""Beyond so many, matches are not counted."""
STEPS = (2, 8, 32, 128)
"""How many blocks are read at once: few at first, because the newest often suffice."""
NEWEST = 5_000
"""Of entries that are not indexed, so many are looked at; of more, the newest."""


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of entries, newest first; whether there are newer and older ones that fit, and how many fit in all.

    ``total`` is None when there are more than ``MOST``, or when they were not to be counted. ``problems`` says what of
    the query was not understood: then nothing was searched. ``unseen`` is how many entries, of many that are being
    indexed, were left out.
    """

    ids: list[int]
    newer: bool
    older: bool
    total: int | None
    problems: tuple[str, ...] = ()
    unseen: int = 0


def find(
    *,
    viewer: Actor,
    query: Query | None = None,
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    count: bool = True,
) -> Found:
    """The newest ``limit`` entries that fit, or those next below id ``before``, or next above id ``after``.

    Raises:
        NotPermitted: the viewer may not read the ledger.
    """
    if not viewer.may_anywhere("ledger.read"):
        viewer.check("ledger.read")
    understood = Understood(viewer, query or Query())
    if understood.problems:
        return Found([], newer=False, older=False, total=0, problems=tuple(understood.problems))
    try:
        return _found(filters.both(seen_by(viewer), understood.filter), before, after, limit, count)
    except postings.TooBroad as error:
        word = error.beginning.partition(":")[2] or error.beginning.partition("=")[2]
        problem = f"Too many words begin with “{word}”; write more of it, or put it in quotes."
        return Found([], newer=False, older=False, total=0, problems=(problem,))


def _found(wanted: Filter, before: int | None, after: int | None, limit: int, count: bool) -> Found:
    ledger = _Ledger(wanted)
    if after is not None:
        ids = list(ledger.above(after, limit + 1))
        newer, ids = len(ids) > limit, ids[:limit][::-1]
        older = bool(ids) and any(True for _ in ledger.below(ids[-1], 1))
    else:
        ids = list(ledger.below(before, limit + 1))
        older, ids = len(ids) > limit, ids[:limit]
        newer = before is not None and bool(ids) and any(True for _ in ledger.above(ids[0], 1))
    return Found(ids, newer, older, ledger.count() if count else None, unseen=ledger.unseen)


def every_id(*, viewer: Actor, query: Query, at_once: int = 2_000) -> Iterator[list[int]]:
    """All ids that fit, newest first, in lists: entries that are written meanwhile do not come in between."""
    before: int | None = None
    while True:
        found = find(viewer=viewer, query=query, before=before, limit=at_once, count=False)
        if found.ids:
            yield found.ids
        if not found.older:
            return
        before = found.ids[-1]


class _Ledger:
    """All blocks, each read once; the filter is applied to what is indexed and to what is not."""

    def __init__(self, wanted: Filter) -> None:
        self._wanted = wanted
        self._bits: dict[int, int] = {}
        self._indexed = _Indexed()
        # In this order: what the sealer and the index take over meanwhile is then seen twice, but never missed.
        head, done = Head.objects.get(pk=1), Indexed.objects.filter(pk=1).values_list("done", flat=True).first()
        self._tail = _Tail(head, done or 0)
        self.unseen = self._tail.unseen
        rows = Block.objects.order_by("-number")
        for period in filters.periods(wanted):
            low, high = _micros(period)
            rows = rows.filter(newest__gte=low, oldest__lt=high)
        self._blocks = sorted({*rows.values_list("number", flat=True), *self._tail.blocks()}, reverse=True)

    def below(self, before: int | None, limit: int) -> Iterator[int]:
        """The highest ids that fit, lower than ``before``."""
        for block in self._each([n for n in self._blocks if before is None or n * bits.SPAN < before]):
            found, first = self._bits[block], block * bits.SPAN
            if before is not None and before < first + bits.SPAN:
                found &= bits.between(0, before - first - 1)
            for offset in bits.falling(found) if found else ():
                yield first + offset
                limit -= 1
                if not limit:
                    return

    def above(self, after: int, limit: int) -> Iterator[int]:
        """The lowest ids that fit, higher than ``after``."""
        for block in self._each([n for n in reversed(self._blocks) if (n + 1) * bits.SPAN > after + 1]):
            found, first = self._bits[block], block * bits.SPAN
            if after >= first:
                found &= bits.between(after - first + 1, bits.SPAN - 1)
            for offset in bits.rising(found) if found else ():
                yield first + offset
                limit -= 1
                if not limit:
                    return

    def count(self) -> int | None:
        """How many fit; None when they are more than ``MOST``."""
        total = 0
        for block in self._each(self._blocks):
            total += self._bits[block].bit_count()
            if total > MOST:
                return None
        return total

    def _each(self, blocks: Sequence[int]) -> Iterator[int]:
        """The blocks in this order, each with its bits known; more and more are read at once."""
        step = 0
        for at, block in enumerate(blocks):
            if block not in self._bits:
                ahead = blocks[at : at + STEPS[min(step, len(STEPS) - 1)]]
                self._read([one for one in ahead if one not in self._bits])
                step += 1
            yield block

    def _read(self, blocks: list[int]) -> None:
        found = self._wanted.fits(self._indexed, blocks)
        here = [block for block in blocks if block in self._tail.blocks()]
        more = self._wanted.fits(self._tail, here) if here else {}
        for block in blocks:
            self._bits[block] = found.get(block, 0) | more.get(block, 0)


def _micros(period: filters.During) -> tuple[int, int]:
    since, until = period.since, period.until
    return times.micros(since) if since else times.EARLIEST, times.micros(until) if until else times.LATEST


class _Indexed:
    """Entries as the index knows them."""

    def __init__(self) -> None:
        self._every: dict[int, int] = {}

    def every(self, blocks: list[int]) -> filters.Sets:
        missing = [block for block in blocks if block not in self._every]
        if missing:
            self._every |= dict.fromkeys(missing, 0) | postings.read(missing, [EVERY])
        return {block: self._every[block] for block in blocks}

    def words(self, blocks: list[int], words: Collection[str]) -> filters.Sets:
        return postings.read(blocks, words)

    def beginnings(self, blocks: list[int], beginnings: Collection[str]) -> filters.Sets:
        return postings.read_beginnings(blocks, beginnings)

    def waiting(self, blocks: list[int]) -> filters.Sets:
        return {}  # what is indexed is sealed

    def during(self, blocks: list[int], since: datetime | None, until: datetime | None) -> filters.Sets:
        low, high = _micros(filters.During(since, until))
        found: dict[int, int] = {}
        every = self.every(blocks)
        for block, oldest, newest in Block.objects.filter(pk__in=blocks).values_list("number", "oldest", "newest"):
            if low <= oldest and newest < high:
                found[block] = every[block]
            elif oldest < high and newest >= low:
                found[block] = every[block] & self._look(block, low, high)
        return found

    @staticmethod
    def _look(block: int, low: int, high: int) -> int:
        first = block * bits.SPAN
        stored = bytes(Block.objects.values_list("times", flat=True).get(pk=block))
        found, doubtful = times.inside(stored, low, high)
        for start, end in doubtful:
            rows = bulk.select(Entry, ("id", "at"), "id BETWEEN %s AND %s", (first + start, first + end))
            found |= bits.gather([ident - first for ident, at in rows if low <= times.micros(at) < high])
        return found


class _Tail:
    """What is not indexed: looked at entry by entry, by the very words that the index will hold."""

    def __init__(self, head: Head, done: int) -> None:
        rows = {row[1]: row for row in indexing.rows_of(f"e.id > %s ORDER BY e.id DESC LIMIT {NEWEST}", [head.last])}
        beyond = Entry.objects.filter(pk__gt=head.last).count() - NEWEST if len(rows) == NEWEST else 0
        gaps = head.gaps[-MOST_GAPS:]
        if gaps:
            marks = ", ".join(["%s"] * len(gaps))
            late = indexing.rows_of(f"e.id IN ({marks})", list(gaps))
            rows |= {row[1]: row for row in late if row[0] is None or row[0] > done}
        if head.size > done:
            sealed = indexing.rows_of(f"l.number > %s ORDER BY l.number DESC LIMIT {NEWEST}", [done])
            rows |= {row[1]: row for row in sealed}
        self.unseen = max(0, beyond) + max(0, head.size - done - NEWEST)
        self._offsets, self._moments = indexing.gathered(list(rows.values()))
        self._waiting: dict[int, list[int]] = defaultdict(list)
        for number, ident, *_ in rows.values():
            if number is None:
                self._waiting[ident // bits.SPAN].append(ident % bits.SPAN)

    def blocks(self) -> Collection[int]:
        """Those in which something is not indexed."""
        return self._offsets.keys()

    def every(self, blocks: list[int]) -> filters.Sets:
        return self.words(blocks, (EVERY,))

    def words(self, blocks: list[int], words: Collection[str]) -> filters.Sets:
        return {block: self._join(block, [word for word in words if word in self._offsets[block]]) for block in blocks}

    def beginnings(self, blocks: list[int], beginnings: Collection[str]) -> filters.Sets:
        some = tuple(beginnings)
        return {block: self._join(block, [w for w in self._offsets[block] if w.startswith(some)]) for block in blocks}

    def _join(self, block: int, words: list[str]) -> int:
        return bits.gather([offset for word in words for offset in self._offsets[block][word]])

    def waiting(self, blocks: list[int]) -> filters.Sets:
        return {block: bits.gather(self._waiting[block]) for block in blocks}

    def during(self, blocks: list[int], since: datetime | None, until: datetime | None) -> filters.Sets:
        low, high = _micros(filters.During(since, until))
        return {
            block: bits.gather([offset for offset, at in self._moments[block] if low <= at < high]) for block in blocks
        }
