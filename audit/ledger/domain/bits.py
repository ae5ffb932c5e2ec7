"""Sets of entries as bits: one number holds which of 65,536 neighbouring ids are in the set."""

import zlib
from collections.abc import Iterator, Sequence
from struct import pack as _pack
from struct import unpack as _unpack

SPAN = 65_536
"""Ids in a block: id // SPAN is the block, id % SPAN the bit."""
BYTES = SPAN // 8
WORDS = f"<{SPAN // 64}Q"
FEW = 128
"""Up to so many bits are stored as a list, more as a map."""


def pack(offsets: Sequence[int]) -> bytes:
    """The bits at ``offsets`` (ascending, each once) as they are stored; their number must be kept beside."""
    if len(offsets) <= FEW:
        return _pack(f"<{len(offsets)}H", *offsets)
    plain = bytearray(BYTES)
    for offset in offsets:
        plain[offset >> 3] |= 1 << (offset & 7)
    return _squeeze(bytes(plain))


def pack_number(bits: int) -> bytes:
    """The same, from a number."""
    if bits.bit_count() <= FEW:
        return pack(list(rising(bits)))
    return _squeeze(bits.to_bytes(BYTES, "little"))


def _squeeze(plain: bytes) -> bytes:
    squeezed = zlib.compress(plain, 1)
    return squeezed if len(squeezed) < BYTES * 7 // 8 else plain


def unpack(count: int, stored: bytes) -> int:
    """The number whose bits are the ``count`` stored ones."""
    if count > FEW:
        return int.from_bytes(stored if len(stored) == BYTES else zlib.decompress(stored), "little")
    if count == 1:
        return 1 << int.from_bytes(stored, "little")
    return gather(listed(count, stored))


def listed(count: int, stored: bytes) -> Sequence[int]:
    """The stored bits, ascending."""
    if count > FEW:
        return list(rising(unpack(count, stored)))
    return _unpack(f"<{count}H", stored)


def gather(offsets: Sequence[int]) -> int:
    """The number with bits at ``offsets``, in any order."""
    if len(offsets) == 1:
        return 1 << offsets[0]
    plain = bytearray(BYTES)
    for offset in offsets:
        plain[offset >> 3] |= 1 << (offset & 7)
    return int.from_bytes(plain, "little")


def falling(bits: int) -> Iterator[int]:
    """The set bits, highest first."""
    words = _unpack(WORDS, bits.to_bytes(BYTES, "little"))
    for at in range(min(len(words) - 1, bits.bit_length() >> 6), -1, -1):
        word = words[at]
        while word:
            highest = word.bit_length() - 1
            yield (at << 6) + highest
            word ^= 1 << highest


def rising(bits: int) -> Iterator[int]:
    """The set bits, lowest first."""
    for at, eight in enumerate(_unpack(WORDS, bits.to_bytes(BYTES, "little"))):
        word = eight
        while word:
            lowest = word & -word
            yield (at << 6) + lowest.bit_length() - 1
            word ^= lowest


def between(first: int, last: int) -> int:
    """All bits from ``first`` to ``last``, both included; none when ``last`` is lower."""
    return ((1 << (last + 1)) - 1) & ~((1 << first) - 1) if first <= last else 0


ALL = between(0, SPAN - 1)
