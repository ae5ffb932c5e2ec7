"""The Merkle tree of RFC 6962 (RFC 9162, section 2.1): roots, proofs of inclusion and consistency, and their checks.

Hashes are 32 bytes. A *perfect subtree* (level, position) covers the ``2**level`` leaves from ``position * 2**level``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

EMPTY = sha256(b"").digest()
SIZE = 32
Subtree = Callable[[int, int], bytes]


class ProofError(ValueError):
    """The proof does not show what it claims."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the leaf's bytes (RFC 9162, section 2.1.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and both children (RFC 9162, section 2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def perfect(hashes: Sequence[bytes]) -> bytes:
    """The root of a perfect subtree over ``hashes``, whose number is a power of two."""
    row = list(hashes)
    while len(row) > 1:
        row = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row), 2)]
    return row[0]


def parts(size: int) -> Iterator[tuple[int, int]]:
    """The perfect subtrees, left to right, into which a tree of ``size`` leaves splits."""
    start = 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            yield level, start >> level
            start += 1 << level


def fold(hashes: Iterable[bytes]) -> bytes:
    """The root over the hashes of ``parts``, left to right."""
    root: bytes | None = None
    for hashed in reversed(list(hashes)):
        root = hashed if root is None else node_hash(hashed, root)
    return EMPTY if root is None else root


def root(subtree: Subtree, size: int) -> bytes:
    """The root of the first ``size`` leaves."""
    return fold(subtree(level, position) for level, position in parts(size))


def _range(subtree: Subtree, start: int, end: int) -> bytes:
    """The hash of the leaves from ``start`` to before ``end``, where ``start`` begins a subtree of that width."""
    width = (end - start - 1).bit_length()
    if end - start == 1 << width:
        return subtree(width, start >> width)
    middle = start + (1 << (width - 1))
    return node_hash(_range(subtree, start, middle), _range(subtree, middle, end))


def inclusion(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """The audit path of the leaf ``index`` in the tree of ``size`` leaves (RFC 9162, section 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            path.append(_range(subtree, middle, end))
            end = middle
        else:
            path.append(_range(subtree, start, middle))
            start = middle
    return path[::-1]


def consistency(subtree: Subtree, old: int, new: int) -> list[bytes]:
    """The proof that the tree of ``new`` leaves continues the tree of ``old`` (RFC 9162, section 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"A tree of {new} leaves does not continue one of {old}.")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if old <= middle:
            path.append(_range(subtree, middle, end))
            end = middle
        else:
            path.append(_range(subtree, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range(subtree, start, end))
    return path[::-1]


def _sound(path: Sequence[bytes], *more: bytes) -> None:
    if any(len(hashed) != SIZE for hashed in (*path, *more)):
        raise ProofError("A hash of the proof does not have 32 bytes.")


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that the audit path leads to (RFC 9162, section 2.1.3.2).

    Raises:
        ProofError: the path has another length than the leaf's place asks for, or a hash is not one.
    """
    _sound(path, leaf)
    if not 0 <= index < size:
        raise ProofError(f"A tree of {size} leaves has no leaf {index}.")
    first, last, hashed = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise ProofError("The path is too long.")
        if first & 1 or first == last:
            hashed = node_hash(step, hashed)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        first, last = first >> 1, last >> 1
    if last:
        raise ProofError("The path is too short.")
    return hashed


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Nothing, when ``path`` shows that ``leaf`` (a hash) is the leaf ``index`` of the tree with this root.

    Raises:
        ProofError: it does not.
    """
    _sound((), root)
    if root_from_inclusion(leaf, index, size, path) != root:
        raise ProofError("The path leads to another root.")


def check_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Nothing, when ``path`` shows that the second tree continues the first (RFC 9162, section 2.1.4.2).

    Raises:
        ProofError: it does not.
    """
    if not 0 < old <= new:
        raise ProofError(f"A tree of {new} leaves does not continue one of {old}.")
    if old == new:
        if path or old_root != new_root:
            raise ProofError("Trees of the same size must have the same root, and need no path.")
        return
    _sound(path, old_root, new_root)
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        raise ProofError("The path is empty.")
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise ProofError("The path is too long.")
        if first & 1 or first == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node_hash(after, step)
        first, last = first >> 1, last >> 1
    if last or before != old_root or after != new_root:
        raise ProofError("The path does not lead from the one root to the other.")
