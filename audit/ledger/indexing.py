"""The index of words follows the sealer with a cursor of its own: writing and sealing entries never wait for it.

Whoever changes postings does so under the row ``Indexed``: what was computed from an older state is thrown away.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from audit.ledger import bulk, postings
from audit.ledger.domain import bits, times, words
from audit.ledger.models import Block, Entry, Head, Indexed, Leaf, Posting

AT_ONCE = 32_768
WORTH = 256
"""So few entries wait for more: they are searched directly."""
_words = words.Words()


def catch_up(*, worth: int = WORTH) -> int:
    """Indexes what has been sealed, in pieces, when at least ``worth`` entries wait; returns how many it took in."""
    count = 0
    while (found := _index_some(worth)) > 0:
        count += found
    return count


def rows_of(where: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """Entries (``e``) with their leaves (``l``): number, id, moment, and the fields that have words."""
    columns = ", ".join(f"e.{name}" for name in ("id", "at", *words.FIELDS))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.number, {columns} FROM {Entry._meta.db_table} e "
            f"LEFT JOIN {Leaf._meta.db_table} l ON l.entry_id = e.id WHERE {where}",
            values,
        )
        return cursor.fetchall()


def _index_some(worth: int) -> int:
    state, _ = Indexed.objects.get_or_create(pk=1)
    until = min(Head.objects.get(pk=1).size, state.done + AT_ONCE)
    if until - state.done < max(worth, 1):
        return 0
    rows = rows_of("l.number > %s AND l.number <= %s ORDER BY l.number", [state.done, until])
    found, moments = gathered(rows)
    known = dict(bulk.select_in(Block, ("number", "times"), "number", sorted(found)))
    fresh: list[tuple[Any, ...]] = []
    more: list[tuple[Any, ...]] = []
    for block in sorted(found):
        new = block not in known
        (fresh if new else more).extend(postings.merged(block, found[block], fresh=new))
    kept = [_block(number, known.get(number), moments[number]) for number in sorted(found)]
    with transaction.atomic():
        if not _moved(state, until):
            return 0  # someone else indexed, or forgot entries, meanwhile
        postings.write(fresh, fresh=True)
        postings.write(more, fresh=False)
        bulk.upsert(Block, ("number", "oldest", "newest", "times"), kept, key=("number",))
    return until - state.done


def _block(number: int, stored: bytes | None, moments: list[tuple[int, int]]) -> tuple[Any, ...]:
    kept = times.widened(bytes(stored) if stored is not None else None, moments)
    return (number, *times.bounds(kept), kept)


def _moved(state: Indexed, done: int) -> bool:
    rows = Indexed.objects.filter(pk=1, version=state.version)
    return bool(rows.update(done=done, version=state.version + 1))


Moments = dict[int, list[tuple[int, int]]]


def gathered(rows: list[tuple[Any, ...]]) -> tuple[dict[int, postings.Offsets], Moments]:
    """The offsets at which words stand, and the moments of entries, by block."""
    found: dict[int, postings.Offsets] = defaultdict(postings.offsets)
    moments: Moments = defaultdict(list)
    for row in sorted(rows, key=itemgetter(1)):
        block, offset = divmod(row[1], bits.SPAN)
        moments[block].append((offset, times.micros(row[2])))
        here = found[block]
        for word in _words(row[3:]):
            here[word].append(offset)
    return found, moments


def forget(entry_ids: Collection[int]) -> None:
    """Takes the words of these entries' content out of the index: retention removed it, before or after this call.

    In the transaction that removes the content. They are found as pruned from now on.
    """
    blocks: dict[int, set[int]] = defaultdict(set)
    for entry in entry_ids:
        blocks[entry // bits.SPAN].add(entry % bits.SPAN)
    with transaction.atomic():
        state, _ = Indexed.objects.get_or_create(pk=1)
        state = Indexed.objects.select_for_update().get(pk=1)
        known = set(Block.objects.filter(pk__in=blocks).values_list("pk", flat=True))
        for block in sorted(known & set(blocks)):
            _empty(block, blocks[block])
        Indexed.objects.filter(pk=1).update(version=state.version + 1)


def _empty(block: int, gone: set[int]) -> None:
    mask, left, dropped = bits.gather(sorted(gone)), [], []
    for word, count, kept in _content(block):
        if count <= bits.FEW:
            here = bits.listed(count, kept)
            if gone.isdisjoint(here):
                continue
            rest = [offset for offset in here if offset not in gone]
            packed, size = bits.pack(rest), len(rest)
        else:
            number = bits.unpack(count, kept)
            if not number & mask:
                continue
            number &= ~mask
            packed, size = bits.pack_number(number), number.bit_count()
        if size:
            left.append((block, word, size, packed))
        else:
            dropped.append(word)
    indexed = postings.read([block], [words.EVERY]).get(block, 0)
    pruned = postings.offsets()
    pruned[words.PRUNED].extend(bits.rising(mask & indexed))
    if pruned[words.PRUNED]:
        left += postings.merged(block, pruned, fresh=False)
    postings.write(left, fresh=False)
    for at in range(0, len(dropped), bulk.AT_ONCE):
        Posting.objects.filter(block=block, word__in=dropped[at : at + bulk.AT_ONCE]).delete()


def _content(block: int) -> Iterator[tuple[str, int, bytes]]:
    """The postings of a block that tell of content."""
    for tag in words.CONTENT:
        where, values = "block = %s AND word >= %s AND word < %s", (block, f"{tag}:", f"{tag}>")
        for word, count, kept in bulk.select(Posting, ("word", "count", "bits"), where, values):
            yield word, count, bytes(kept)


def begin_anew() -> None:
    """Throws the index away; ``catch_up`` makes it again from the entries."""
    with transaction.atomic():
        Indexed.objects.get_or_create(pk=1)
        state = Indexed.objects.select_for_update().get(pk=1)
        Posting.objects.all().delete()
        Block.objects.all().delete()
        Indexed.objects.filter(pk=1).update(done=0, version=state.version + 1)
