"""Entries cannot be changed through the database; who gets past its triggers is found by the walk over the chain."""

import hashlib
import json
from itertools import pairwise

import pytest
from django.db import DatabaseError, connection, transaction

from audit.base.actors import Actor
from audit.base.errors import NotPermitted
from audit.ledger import domain, selectors, services
from audit.ledger.models import Entry, Head, Verification
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted


@pytest.fixture
def entries(cast: Cast) -> list[Entry]:
    """What making the cast has written."""
    return list(Entry.objects.order_by("number"))


def test_numbers_have_no_gaps_and_each_entry_carries_the_digest_before_it(entries: list[Entry]) -> None:
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    assert entries[0].previous == "0" * 64
    assert all(after.previous == before.digest for before, after in pairwise(entries))
    assert (Head.objects.get().number, Head.objects.get().digest) == (entries[-1].number, entries[-1].digest)


def test_digest_is_sha256_of_canonical_json() -> None:
    fields = {"b": 1, "a": "é", "n": None}
    canonical = '{"a":"é","b":1,"n":null,"previous":"00"}'
    assert domain.digest(fields, "00") == hashlib.sha256(canonical.encode()).hexdigest()
    assert json.loads(canonical)["previous"] == "00"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET reason = 'nothing' WHERE number = 2",
        "UPDATE ledger_entry SET number = 99 WHERE number = 2",
        "DELETE FROM ledger_entry WHERE number = 2",
        "DELETE FROM ledger_entry",
    ],
)
def test_database_refuses_every_change(entries: list[Entry], statement: str) -> None:
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Entry.objects.count() == len(entries)


def test_postgresql_refuses_truncation(entries: list[Entry]) -> None:
    # SQLite knows no TRUNCATE; there it is a deletion of all rows.
    statement = "TRUNCATE ledger_entry" if connection.vendor == "postgresql" else "DELETE FROM ledger_entry WHERE 1 = 1"
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_models_refuse_through_the_orm_too(entries: list[Entry]) -> None:
    entry = entries[1]
    entry.reason = "changed"
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        entry.save()
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        Entry.objects.filter(number=2).delete()


def test_unbroken_chain_verifies(entries: list[Entry]) -> None:
    found = services.verify(actor=SYSTEM)
    assert (found.broken_at, found.number) == (None, len(entries))
    assert Entry.objects.first().action == "ledger.verified"  # type: ignore[union-attr]
    assert selectors.first_break() is None


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE ledger_entry SET reason = 'tidied' WHERE number = 3", 3),
        ("UPDATE ledger_entry SET actor_name = 'someone else' WHERE number = 5", 5),
        ("DELETE FROM ledger_entry WHERE number = 4", 4),
        ("DELETE FROM ledger_entry WHERE number <= 2", 3),
        ("DELETE FROM ledger_entry WHERE number > 6", 7),
        ("DELETE FROM ledger_entry", 1),
    ],
)
def test_tampering_past_the_triggers_is_found(entries: list[Entry], statement: str, broken_at: int) -> None:
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert selectors.first_break() == broken_at
    assert services.verify(actor=SYSTEM).broken_at == broken_at


def test_entry_that_was_inserted_breaks_the_chain(entries: list[Entry]) -> None:
    last = entries[-1]
    with connection.cursor() as cursor:
        columns = ", ".join(str(field.column) for field in Entry._meta.fields if field.name not in {"number", "digest"})
        cursor.execute(
            f"INSERT INTO ledger_entry (number, digest, {columns}) "
            f"SELECT {last.number + 1}, '{'f' * 64}', {columns} FROM ledger_entry WHERE number = {last.number}"
        )
    Head.objects.update(number=last.number + 1, digest="f" * 64)
    assert selectors.first_break() == last.number + 1


def test_record_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        services.record(actor=SYSTEM, action="ledger.refused")


def test_change_that_fails_leaves_no_entry(entries: list[Entry]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.record(actor=SYSTEM, action="ledger.refused", subject_name="x")
        _ = 1 / 0
    assert Entry.objects.count() == len(entries)


def test_unregistered_action_is_refused(db: None) -> None:
    with pytest.raises(RuntimeError, match="not registered"):
        services.record(actor=SYSTEM, action="no.such")


def test_numbers_too_large_for_json_are_kept_as_text(db: None) -> None:
    entry = services.record(actor=SYSTEM, action="ledger.refused", changes={"n": (2**53 - 1, 2**63), "x": (None, 0.1)})
    assert entry.changes == {"n": [9007199254740991, "9223372036854775808"], "x": [None, "0.1"]}
    assert selectors.first_break() is None


def test_verification_by_nobody_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPermitted):
        services.verify(actor=Actor.nobody())
    assert not Verification.objects.exists()
