"""What a search asks of an entry, as a tree; which entries of some blocks fit it.

Sets of entries are numbers by block, whose bits are offsets (``domain.bits``). What costs little is asked first, and
what costs more only of the blocks in which something is left.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

Blocks = list[int]
Sets = Mapping[int, int]
"""The entries that fit, by block; a block without any may be left out."""


class Here(Protocol):
    """Entries by blocks, and what is known of them."""

    def every(self, blocks: Blocks) -> Sets:
        """All entries."""

    def words(self, blocks: Blocks, words: Collection[str]) -> Sets:
        """Those with one of these words."""

    def beginnings(self, blocks: Blocks, beginnings: Collection[str]) -> Sets:
        """Those with a word that begins with one of these."""

    def during(self, blocks: Blocks, since: datetime | None, until: datetime | None) -> Sets:
        """Those of ``since`` and later, before ``until``."""

    def waiting(self, blocks: Blocks) -> Sets:
        """Those that are not sealed."""


class Filter:
    """A condition on entries."""

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        """The entries of these blocks that fit."""
        raise NotImplementedError

    def cost(self) -> int:
        """How much it takes to find out, beside other conditions."""
        return 1


@dataclass(frozen=True, slots=True)
class Has(Filter):
    """One of these words stands in the entry, or a word that begins with one of ``beginnings``."""

    words: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        if not self.beginnings:
            return here.words(blocks, self.words) if self.words else {}
        begun = here.beginnings(blocks, self.beginnings)
        return _joined((here.words(blocks, self.words), begun)) if self.words else begun

    def cost(self) -> int:
        return len(self.words) + 50 * len(self.beginnings)


@dataclass(frozen=True, slots=True)
class During(Filter):
    """It happened in ``since`` <= at < ``until``; None leaves an end open."""

    since: datetime | None = None
    until: datetime | None = None

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        return here.during(blocks, self.since, self.until)

    def cost(self) -> int:
        return 20


@dataclass(frozen=True, slots=True)
class Waiting(Filter):
    """It is not sealed yet."""

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        return here.waiting(blocks)

    def cost(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class Not(Filter):
    """The other does not hold."""

    other: Filter

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        without = self.other.fits(here, blocks)
        return {block: every & ~without.get(block, 0) for block, every in here.every(blocks).items()}

    def cost(self) -> int:
        return self.other.cost() + 1


@dataclass(frozen=True, slots=True)
class All(Filter):
    """Each of these holds; of none, every entry fits."""

    of: tuple[Filter, ...] = ()

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        if not self.of:
            return here.every(blocks)
        found: Sets = {}
        for at, part in enumerate(sorted(self.of, key=_cost)):
            fitting = part.fits(here, blocks)
            found = fitting if at == 0 else {block: found[block] & fitting.get(block, 0) for block in blocks}
            blocks = [block for block in blocks if found.get(block)]
        return found

    def cost(self) -> int:
        return min((part.cost() for part in self.of), default=0)


@dataclass(frozen=True, slots=True)
class Any(Filter):
    """One of these holds at least."""

    of: tuple[Filter, ...] = ()

    def fits(self, here: Here, blocks: Blocks) -> Sets:
        return _joined(part.fits(here, blocks) for part in self.of)

    def cost(self) -> int:
        return sum(part.cost() for part in self.of)


NOTHING = Any()
"""No entry fits."""


def any_of(*some: Filter) -> Filter:
    """One of these holds at least; words of all of them are then read at once."""
    parts = [part for one in some for part in (one.of if isinstance(one, Any) else (one,))]
    plain = [part for part in parts if isinstance(part, Has)]
    rest = tuple(part for part in parts if not isinstance(part, Has))
    words = frozenset(word for part in plain for word in part.words)
    joined = Has(words, frozenset(beginning for part in plain for beginning in part.beginnings))
    if not rest:
        return joined
    return Any((joined, *rest) if plain else rest)


def both(first: Filter, second: Filter) -> Filter:
    """Each of the two holds."""
    parts = [part for one in (first, second) for part in (one.of if isinstance(one, All) else (one,))]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def periods(wanted: Filter) -> Iterator[During]:
    """The periods in which whatever fits has happened."""
    for part in wanted.of if isinstance(wanted, All) else (wanted,):
        if isinstance(part, During):
            yield part


def _cost(part: Filter) -> int:
    return part.cost()


def _joined(some: "Iterator[Sets] | tuple[Sets, ...]") -> Sets:
    found: dict[int, int] = {}
    for one in some:
        for block, bits in one.items():
            found[block] = found.get(block, 0) | bits
    return found
