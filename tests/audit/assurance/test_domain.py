"""Where two logs part, what a witness signs, when it is asked again: held to plain ways of finding the same."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.assurance.domain import cosignature
from audit.assurance.domain.differences import HASH, Range, first_difference, narrowed, parting
from audit.assurance.domain.standing import LONGEST_PAUSE, Standing, has_rested, may_try, next_try, standing
from audit.assurance.witnesses.files import folder_of
from audit.base import vault
from audit.base.errors import Refused
from audit.ledger.domain import note

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


@given(st.lists(st.integers(1, 500), unique=True).map(sorted), st.integers(0, 501))
def test_parting_is_between_the_last_that_agrees_and_the_first_that_does_not(sizes: list[int], until: int) -> None:
    agreed, parted = parting(sizes, lambda size: size < until)
    assert agreed == max((size for size in sizes if size < until), default=0)
    assert parted == min((size for size in sizes if size >= until), default=None)


def test_range_ends_where_the_log_ends() -> None:
    assert narrowed(300, 400, 900) == Range(301, 400)
    assert narrowed(300, 400, 320) == Range(301, 321)
    assert narrowed(300, 400, 300) == Range(301, 301) and narrowed(300, 400, 300).exact
    assert narrowed(0, 5, 0) == Range(1, 1)


@given(
    theirs=st.lists(st.integers(0, 3), min_size=1, max_size=40),
    ours=st.lists(st.integers(0, 3), max_size=40),
    cuts=st.sets(st.integers(1, 40)),
    start=st.integers(1, 40),
)
def test_first_difference_is_the_one_that_reading_along_finds(
    theirs: list[int], ours: list[int], cuts: set[int], start: int
) -> None:
    within = Range(min(start, len(theirs)), len(theirs))
    edges = sorted({1, len(theirs) + 1, *(cut for cut in cuts if cut <= len(theirs))})
    hashes = [bytes([value]) * HASH for value in theirs]
    pieces = [(low, b"".join(hashes[low - 1 : high - 1])) for low, high in itertools.pairwise(edges)]
    known = {number: bytes([value]) * HASH for number, value in enumerate(ours, 1)}
    expected = next((n for n in range(within.first, within.last + 1) if known.get(n) != hashes[n - 1]), None)
    found = first_difference(pieces, lambda low, high: {n: known[n] for n in known if low <= n <= high}, within)
    assert found == expected


def test_hole_in_what_is_kept_claims_nothing() -> None:
    pieces = [(1, b"a" * HASH), (3, b"c" * HASH)]
    assert first_difference(pieces, lambda low, high: {1: b"a" * HASH}, Range(1, 3)) is None


def test_cosignature_holds_over_its_text_and_time_only() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    by = cosignature.verifier(cosignature.vkey("witness.example/w1", public))
    line = cosignature.line("witness.example/w1", public, key.sign, TEXT, 1_679_315_147)
    (signature,) = note.parse(f"{TEXT}\n{line}")[1]
    assert cosignature.cosigned_at(TEXT, [signature], by) == 1_679_315_147
    assert cosignature.cosigned_at(TEXT.replace("163", "164"), [signature], by) is None
    later = note.Signature(signature.name, signature.key_id, (1_679_315_148).to_bytes(8, "big") + signature.value[8:])
    assert cosignature.cosigned_at(TEXT, [later], by) is None
    stranger = cosignature.verifier(cosignature.vkey("witness.example/w2", public))
    assert cosignature.cosigned_at(TEXT, [signature], stranger) is None
    assert cosignature.message(TEXT, 5).splitlines()[:2] == [b"cosignature/v1", b"time 5"]


def test_key_of_a_log_is_not_the_key_of_a_witness() -> None:
    public = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for text in (note.vkey("log.example", public), "name+id", "", "a+00000000+AAAA"):
        with pytest.raises(note.NoteError):
            cosignature.verifier(text)


@pytest.mark.parametrize(("failures", "seconds"), [(1, 15), (2, 30), (3, 60), (6, 480), (7, 900), (500, 900)])
def test_pauses_grow_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert next_try(failures, AT) - AT == timedelta(seconds=seconds)


def test_moment_that_is_too_far_away_is_a_clock_that_was_put_back() -> None:
    assert may_try(None, AT) and may_try(AT, AT) and not may_try(AT + LONGEST_PAUSE, AT)
    assert may_try(AT + timedelta(hours=1), AT)
    hour = timedelta(hours=1)
    assert has_rested(None, hour, AT) and has_rested(AT + hour, hour, AT)
    assert not has_rested(AT - hour / 2, hour, AT) and has_rested(AT - hour, hour, AT)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, Standing.WELL),
        ({"enabled": False, "agrees": False, "error": "x"}, Standing.OFF),
        ({"agrees": False, "error": "x"}, Standing.DISAGREES),
        ({"error": "x", "behind": True}, Standing.FAILING),
        ({"behind": True}, Standing.BEHIND),
        ({"behind": True, "pause": timedelta(hours=1)}, Standing.WELL),
        ({"ever": False}, Standing.NEW),
    ],
)
def test_standing_says_the_worst_first(changed: dict[str, object], expected: Standing) -> None:
    usual: dict[str, object] = {
        "enabled": True,
        "agrees": True,
        "error": "",
        "behind": False,
        "since": AT - timedelta(minutes=6),
        "ever": True,
        "pause": timedelta(),
        "at": AT,
    }
    assert standing(**{**usual, **changed}) is expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("origin", "folder"),
    [("tollgate/3e500fe544e3/2", "tollgate/3e500fe544e3/2"), ("../../etc", "_/_/etc"), ("a b/ü//.", "a b/%C3%BC/_/_")],
)
def test_folder_of_a_log_stays_where_it_belongs(origin: str, folder: str) -> None:
    assert folder_of(origin) == folder


def test_secrets_open_with_the_same_secret_key_only(settings: object) -> None:
    box = vault.closed({"token": "open sesame", "empty": ""}, purpose="test")
    assert "sesame" not in box and vault.opened(box, purpose="test") == {"token": "open sesame"}
    assert vault.closed({"token": ""}, purpose="test") == "" and vault.opened("", purpose="test") == {}
    settings.SECRET_KEY = "another" + "k" * 50  # type: ignore[attr-defined]
    with pytest.raises(Refused, match="SECRET_KEY has changed"):
        vault.opened(box, purpose="test")
