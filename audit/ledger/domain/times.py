"""When the entries of a block happened: oldest and newest of each 256 neighbours, in microseconds since 1970.

Entries are nearly in order of time, but a clock may go back: whether one lies between two moments is certain for
whole stretches, and must be looked up for the others.
"""

from array import array
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from sys import byteorder

from audit.ledger.domain.bits import SPAN, between

STRETCH = 256
COUNT = SPAN // STRETCH
LATEST, EARLIEST = 2**62, -(2**62)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """Microseconds since 1970; a naive moment is UTC."""
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - EPOCH) // timedelta(microseconds=1)


def _read(stored: bytes) -> "array[int]":
    found = array("q")
    found.frombytes(stored)
    if byteorder == "big":
        found.byteswap()
    return found


def widened(stored: bytes | None, moments: Iterable[tuple[int, int]]) -> bytes:
    """``stored`` (None: nothing yet) with these entries, each an offset in the block and its microseconds."""
    found = array("q", [LATEST, EARLIEST] * COUNT) if stored is None else _read(stored)
    for offset, at in moments:
        place = offset // STRETCH * 2
        found[place] = min(found[place], at)
        found[place + 1] = max(found[place + 1], at)
    if byteorder == "big":
        found.byteswap()
    return found.tobytes()


def bounds(stored: bytes) -> tuple[int, int]:
    """The oldest and the newest moment."""
    found = _read(stored)
    return min(found[0::2]), max(found[1::2])


def inside(stored: bytes, since: int, until: int) -> tuple[int, list[tuple[int, int]]]:
    """Bits that surely lie in ``since`` <= at < ``until``, and the stretches (first and last offset) to look into."""
    found = _read(stored)
    bits, doubtful, run = 0, [], -1
    for number in range(COUNT + 1):
        oldest, newest = (found[2 * number], found[2 * number + 1]) if number < COUNT else (LATEST, EARLIEST)
        sure = since <= oldest <= newest < until
        if sure and run < 0:
            run = number
        elif not sure and run >= 0:
            bits |= between(run * STRETCH, number * STRETCH - 1)
            run = -1
        if not sure and oldest < until and newest >= since:
            doubtful.append((number * STRETCH, (number + 1) * STRETCH - 1))
    return bits, doubtful
