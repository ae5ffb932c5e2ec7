"""Canonical JSON is RFC 8785: held to the public vectors, and the quick encoder to the reference."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from audit.ledger.domain import leaves
from audit.ledger.domain.canonical import LARGEST_NUMBER, canonical, plain

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_NUMBER, LARGEST_NUMBER) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def test_the_six_public_vectors(shared_data: Path) -> None:
    cases = sorted((shared_data / "jcs" / "input").glob("*.json"))
    assert len(cases) == 6
    for case in cases:
        expected = (shared_data / "jcs" / "output" / case.name).read_bytes()
        assert rfc8785.dumps(json.loads(case.read_text())) == expected, case.name


@given(VALUES)
def test_quick_encoder_writes_the_bytes_of_the_reference(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2013, 7, 8, 11, tzinfo=timezone(timedelta(hours=2))), "2013-07-08T09:00:00.000000+00:00"),
        (Decimal("10.50"), "10.5"),
        (Decimal("1E+3"), "1000"),
        (2.0, 2),
        (0.1, "0.1"),
        (2**53, str(2**53)),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"b": (1, 2), 3: {"x"}}, {"b": [1, 2], "3": ["x"]}),
        ("a\x00b", "a�b"),
        (math.nan, "nan"),
        (b"\x01\xff", "01ff"),
    ],
)
def test_values_have_one_form(value: object, expected: object) -> None:
    assert plain(value) == expected


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        plain(object())


def test_same_moment_in_two_zones_is_the_same_text() -> None:
    utc = datetime(2013, 7, 8, 9, tzinfo=UTC)
    assert plain(utc) == plain(utc.astimezone(timezone(timedelta(hours=-5))))


@given(
    fields=st.fixed_dictionaries(
        {}, optional={**dict.fromkeys(leaves.PLAIN, TEXT), **dict.fromkeys(leaves.IDS, st.uuids().map(str))}
    ),
    changes=st.dictionaries(TEXT, VALUES, max_size=3),
    subject=TEXT,
    number=st.integers(1, LARGEST_NUMBER),
)
def test_leaf_has_the_bytes_of_the_reference(fields: dict, changes: dict, subject: str, number: int) -> None:
    body = {**dict.fromkeys(leaves.FIELDS, ""), **dict.fromkeys(leaves.IDS), **fields, "states": "{}"}
    body["changes"] = rfc8785.dumps(changes).decode()
    positions = {f"subject:{subject}": 3, "model:x": 7}
    whole: Any = {"body": leaves.told(body), "chains": positions, "number": number}
    assert leaves.leaf(body, number, positions) == rfc8785.dumps(whole)
