"""Personal values never stand in entries: a salted commitment does; without value and salt nobody can read it."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.db import transaction

from audit.ledger.domain.commitments import PATTERN, SALT_BYTES, commitment, is_commitment
from audit.ledger.models import Personal

LONGEST = 500
KEPT = 20_000
ERASED = "erased person"
_known: dict[tuple[str, str], str] = {}
"""Commitments that other transactions can see, by person and value; only what committed is remembered."""


def commit(person: str, value: str) -> str:
    """The commitment that stands for ``value`` of ``person`` (a user's id, or empty): the same one each time.

    So entries of one person stay together under one sign, even when nobody can tell any more whose it is.
    """
    value = value[:LONGEST]
    if not value or is_commitment(value):
        return value
    found = _known.get((person, value))
    if found is not None:
        return found
    row = Personal.objects.filter(person=person, value=value, erased_at=None).first()
    if row is None:
        salt = secrets.token_bytes(SALT_BYTES)
        row = Personal.objects.create(person=person, value=value, salt=salt.hex(), commitment=commitment(salt, value))
    transaction.on_commit(lambda: _remember(person, value, row.commitment))
    return row.commitment


def _remember(person: str, value: str, sign: str) -> None:
    if len(_known) >= KEPT:
        _known.clear()
    _known[person, value] = sign


def forget() -> None:
    """Drops what this process remembers: after an erasure, and between tests."""
    _known.clear()


def values(signs: Iterable[str]) -> dict[str, str]:
    """What the commitments stand for; an erased one reads "erased person 3fa9c1"."""
    wanted = sorted({sign for sign in signs if is_commitment(sign)})
    rows = Personal.objects.filter(commitment__in=wanted).values_list("commitment", "value", "erased_at")
    known = {sign: value for sign, value, erased in rows if erased is None}
    return {sign: known.get(sign, f"{ERASED} {sign[9:15]}") for sign in wanted}


def signs_in(value: Any) -> set[str]:
    """All commitments inside a plain value."""
    if isinstance(value, str):
        return set(PATTERN.findall(value))
    if isinstance(value, dict):
        return {sign for item in value.values() for sign in signs_in(item)}
    if isinstance(value, list):
        return {sign for item in value for sign in signs_in(item)}
    return set()


def revealed(value: Any, known: dict[str, str]) -> Any:
    """``value`` with what is known in place of commitments."""
    if isinstance(value, str):
        return PATTERN.sub(lambda found: known.get(found[0], found[0]), value) if "personal:" in value else value
    if isinstance(value, dict):
        return {key: revealed(item, known) for key, item in value.items()}
    if isinstance(value, list):
        return [revealed(item, known) for item in value]
    return value
