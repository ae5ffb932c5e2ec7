"""Words of entries, sets of entries as bits, and the times of blocks: each held to a plain way of saying the same."""

import random
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger.domain import bits, filters, times, words
from audit.ledger.domain.commitments import commitment

OFFSETS = st.sets(st.integers(0, bits.SPAN - 1), max_size=300)
SIGN = commitment(b"0" * 16, "Ines Duarte")
MODEL = UUID("0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b")


def row(**values: object) -> tuple[object, ...]:
    empty = dict.fromkeys(words.FIELDS, "") | {"model": None, "use_case": None, "team": None, "pruned": False}
    return tuple((empty | values).values())


def test_words_name_the_field_and_are_folded() -> None:
    found = words.Words()(
        row(
            actor_kind="service", actor_id="folder-arrivals", actor_name="folder-arrivals", action="jobs.failed",
            subject_type="jobs.job", subject_id=str(MODEL), subject_name="late-arrival_v2", reason="Größe: 1,024 é",
            origin=f"job {MODEL}", model=MODEL,
        )
    )  # fmt: skip
    short = words.short(MODEL)
    ids = ["*", "k=service", "a=jobs.failed", "y=jobs.job", f"i={short}", f"m={short}", "u=", "t=", f"o={short}"]
    texts = ["c:folder", "c:arrivals", "s:late", "s:arrival", "s:v2", "r:grosse", "r:1", "r:024", "r:e", "o:job"]
    assert sorted(found) == sorted([*ids, *texts])
    assert len(short) == 22
    assert words.short(MODEL.hex) == words.short(str(MODEL)) == short


def test_personal_values_have_no_words_but_their_commitments() -> None:
    found = words.Words()(row(actor_kind="person", actor_id=SIGN, actor_name=SIGN, address=SIGN, reason=f"for {SIGN}"))
    sign = words.sign(SIGN)
    assert set(found) == {"*", "k=person", "a=", "m=", "u=", "t=", f"c={sign}", f"d={sign}", "r:for", f"r={sign}"}


def test_pruned_entry_has_only_what_retention_leaves() -> None:
    found = words.Words()(row(actor_kind="person", action="a.b", subject_type="c.d", subject_id="7", pruned=True))
    assert set(found) == {"*", "k=person", "a=a.b", "m=", "u=", "t=", "y=c.d", "i=7", "p="}


@given(OFFSETS)
def test_bits_come_back_as_they_were_stored(offsets: set[int]) -> None:
    ordered = sorted(offsets)
    number = bits.gather(ordered)
    assert number == sum(1 << offset for offset in ordered)
    assert (list(bits.rising(number)), list(bits.falling(number))) == (ordered, ordered[::-1])
    if ordered:
        assert bits.unpack(len(ordered), bits.pack(ordered)) == number
        assert bits.unpack(len(ordered), bits.pack_number(number)) == number
        assert list(bits.listed(len(ordered), bits.pack(ordered))) == ordered


@pytest.mark.parametrize("share", [0.004, 0.1, 0.5, 1])
def test_full_blocks_come_back_and_take_at_most_8192_bytes(share: float) -> None:
    pick = random.Random(share)
    ordered = [offset for offset in range(bits.SPAN) if pick.random() < share]
    stored = bits.pack(ordered)
    assert len(stored) <= bits.BYTES
    assert list(bits.rising(bits.unpack(len(ordered), stored))) == ordered


def test_between_holds_both_ends() -> None:
    assert bits.between(2, 4) == 0b11100
    assert bits.between(5, 4) == 0


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(-500, 500)), max_size=60, unique_by=lambda pair: pair[0]))
def test_times_are_sure_or_say_where_to_look(moments: list[tuple[int, int]]) -> None:
    stored = times.widened(times.widened(None, moments[::2]), moments[1::2])
    for since, until in ((-100, 100), (times.EARLIEST, 0), (0, times.LATEST), (500, 500)):
        sure, doubtful = times.inside(stored, since, until)
        for offset, at in moments:
            looked = any(first <= offset <= last for first, last in doubtful)
            assert (bool(sure >> offset & 1) or looked) if since <= at < until else not sure >> offset & 1
    if moments:
        assert times.bounds(stored) == (min(at for _, at in moments), max(at for _, at in moments))


def test_stretches_in_order_leave_two_to_look_into() -> None:
    begin = datetime(2013, 7, 8, tzinfo=UTC)
    stored = times.widened(None, ((n, times.micros(begin + timedelta(seconds=n))) for n in range(bits.SPAN)))
    since, until = (times.micros(begin + timedelta(seconds=n)) for n in (1000, 9000))
    sure, doubtful = times.inside(stored, since, until)
    assert doubtful == [(768, 1023), (8960, 9215)]
    assert sure == bits.between(1024, 8959)


class Plain:
    """Entries by block as sets of words: what ``filters`` are held to."""

    def __init__(self, blocks: dict[int, dict[int, set[str]]]) -> None:
        self.blocks = blocks

    def _where(self, blocks, holds):
        return {b: bits.gather([o for o, have in self.blocks[b].items() if holds(have)]) for b in blocks}

    def every(self, blocks):
        return self._where(blocks, lambda have: True)

    def words(self, blocks, some):
        return self._where(blocks, lambda have: bool(have & set(some)))

    def beginnings(self, blocks, some):
        return self._where(blocks, lambda have: any(word.startswith(tuple(some)) for word in have))

    def waiting(self, blocks):
        return self.words(blocks, {"waiting"})

    def during(self, blocks, since, until):
        return self.words(blocks, {"now"})


LETTERS = st.frozensets(st.sampled_from(["a", "ab", "b", "waiting", "now"]), max_size=2)
FILTERS = st.recursive(
    st.builds(filters.Has, LETTERS, LETTERS) | st.builds(filters.Waiting) | st.builds(filters.During),
    lambda inner: (
        st.builds(filters.Not, inner)
        | st.builds(filters.All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(filters.Any, st.lists(inner, max_size=3).map(tuple))
        | st.lists(inner, max_size=3).map(lambda some: filters.any_of(*some))
        | st.tuples(inner, inner).map(lambda pair: filters.both(*pair))
    ),
    max_leaves=6,
)
BLOCKS = st.dictionaries(
    st.integers(0, 3), st.dictionaries(st.integers(0, 9), st.sets(st.sampled_from(["a", "ab", "b", "waiting", "now"])))
)


def holds(wanted: filters.Filter, have: set[str]) -> bool:
    match wanted:
        case filters.Has(words=some, beginnings=begun):
            return bool(have & some) or any(word.startswith(tuple(begun)) for word in have)
        case filters.Waiting():
            return "waiting" in have
        case filters.During():
            return "now" in have
        case filters.Not(other=other):
            return not holds(other, have)
        case filters.All(of=parts):
            return all(holds(part, have) for part in parts)
        case filters.Any(of=parts):
            return any(holds(part, have) for part in parts)
    raise AssertionError(wanted)


@given(FILTERS, BLOCKS)
def test_filters_fit_what_fits_each_entry_alone(wanted: filters.Filter, blocks: dict[int, dict[int, set[str]]]) -> None:
    found = wanted.fits(Plain(blocks), list(blocks))
    for block, entries in blocks.items():
        fitting = [offset for offset, have in entries.items() if holds(wanted, have)]
        assert sorted(bits.rising(found.get(block, 0))) == sorted(fitting)
