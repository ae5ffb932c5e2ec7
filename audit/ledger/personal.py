"""Personal values never stand in entries: a salted commitment does; without value and salt nobody can read it.

A process remembers commitments under person and value, and looks once a second whether some were erased since. Within
that second it may still hand out an erased one, and only for what was erased: with a person's id, to an entry of that
very person; with none, for that person's e-mail or name. So nothing comes back; another person of the same name has an
id of their own, and commitments under it.
"""

import secrets
import time
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from audit.base import clock
from audit.ledger.domain.commitments import PATTERN, SALT_BYTES, commitment, is_commitment
from audit.ledger.models import Personal

LONGEST = 500
KEPT = 20_000
ERASED = "erased person"
LOOK_SECONDS = 1.0
AT_ONCE = 500
_known: dict[tuple[str, str], str] = {}
"""Commitments that other transactions can see, by person and value; only what committed is remembered."""


class _Looked:
    """When this process looked for erasures (by a clock that nobody sets), and how many values were erased then."""

    at = float("-inf")
    count = -1


def commit(person: str, value: str) -> str:
    """The commitment that stands for ``value`` of ``person`` (a user's id, or empty): the same one each time.

    So entries of one person stay together under one sign, even when nobody can tell any more whose it is.
    """
    value = value[:LONGEST]
    if not value or is_commitment(value):
        return value
    _look()
    found = _known.get((person, value))
    if found is not None:
        return found
    row = Personal.objects.filter(person=person, value=value, erased_at=None).first() or _of_erased(person)
    if row is None:
        salt = secrets.token_bytes(SALT_BYTES)
        row = Personal.objects.create(person=person, value=value, salt=salt.hex(), commitment=commitment(salt, value))
    sign, seen = row.commitment, _Looked.count
    transaction.on_commit(lambda: _remember(person, value, sign, seen))
    return sign


def _look() -> None:
    if time.monotonic() - _Looked.at < LOOK_SECONDS:
        return
    count = Personal.objects.filter(erased_at__isnull=False).count()
    if count != _Looked.count:
        _known.clear()
    _Looked.at, _Looked.count = time.monotonic(), count


def _of_erased(person: str) -> Personal | None:
    """For a person who was erased: any of their commitments, so that what comes late brings no value back."""
    if not person:
        return None
    return Personal.objects.filter(person=person, erased_at__isnull=False).order_by("pk").first()


def _remember(person: str, value: str, sign: str, seen: int) -> None:
    if seen != _Looked.count:
        return  # it was read before an erasure that we have heard of since
    if len(_known) >= KEPT:
        _known.clear()
    _known[person, value] = sign


def forget() -> None:
    """Drops what this process remembers: after an erasure, and between tests."""
    _known.clear()
    _Looked.at, _Looked.count = float("-inf"), -1


def erase(signs: Sequence[str], *, person: str) -> int:
    """Destroys the values and salts behind ``signs``; returns how many there were.

    From now on they count as those of ``person`` (the id of the erased user; empty: nobody's, for values that only
    went out of use). The commitments stay: they stand in sealed entries.
    """
    done = 0
    for at in range(0, len(signs), AT_ONCE):
        rows = Personal.objects.filter(commitment__in=signs[at : at + AT_ONCE], erased_at=None)
        done += rows.update(value="", salt="", person=person, erased_at=clock.now())
    transaction.on_commit(forget)
    return done


def label_of(person: str) -> str:
    """What an erased person is called, after the end of the id: "erased person 3fa9c1"."""
    return f"{ERASED} {person[-6:]}"


def values(signs: Iterable[str]) -> dict[str, str]:
    """What the commitments stand for; all erased ones of a person read the same, "erased person 3fa9c1"."""
    wanted = sorted({sign for sign in signs if is_commitment(sign)})
    rows = Personal.objects.filter(commitment__in=wanted).values_list("commitment", "value", "person", "erased_at")
    known = {
        sign: value if erased is None else label_of(person) for sign, value, person, erased in rows if value or person
    }
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
