"""An entry is written with its change or not at all, says all that it must, and is never changed."""

import pytest
from django.db import DatabaseError, connection, transaction

from audit.base.actors import Actor
from audit.catalogue.models import Model
from audit.ledger import personal, selectors, services
from audit.ledger.models import Entry, Leaf, Personal
from audit.ledger.sealing import seal
from audit.ledger.services import Event
from tests.support.cast import SYSTEM, Cast

REFUSED = "ledger.refused"


@pytest.fixture
def entries(cast: Cast) -> list[Entry]:
    """What making the cast has written, sealed."""
    seal()
    return list(Entry.objects.order_by("pk"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET reason = 'nothing' WHERE id = {id}",
        "UPDATE ledger_entry SET pruned = {true}, reason = '' WHERE id = {id}",
        "UPDATE ledger_entry SET id = 99999 WHERE id = {id}",
        "DELETE FROM ledger_entry WHERE id = {id}",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_leaf SET number = 99999 WHERE entry_id = {id}",
        "DELETE FROM ledger_leaf",
    ],
)
def test_database_refuses_every_change(entries: list[Entry], statement: str) -> None:
    true = "TRUE" if connection.vendor == "postgresql" else "1"
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(id=entries[2].pk, true=true))
    assert (Entry.objects.count(), Leaf.objects.count()) == (len(entries), len(entries))


def test_postgresql_refuses_truncation(entries: list[Entry]) -> None:
    # SQLite knows no TRUNCATE; there it is a deletion of all rows.
    statement = "TRUNCATE ledger_entry" if connection.vendor == "postgresql" else "DELETE FROM ledger_entry WHERE 1 = 1"
    with pytest.raises(DatabaseError, match="never"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_content_may_be_emptied_once(entries: list[Entry]) -> None:
    empty = dict.fromkeys(("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "address"), "")
    rows = Entry.objects.filter(pk=entries[2].pk)
    assert rows.update(**empty, origin="", changes={}, states={}, pruned=True) == 1
    with pytest.raises(DatabaseError, match="never"), transaction.atomic():
        rows.update(pruned=False)


def test_record_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="in the transaction"):
        services.record(actor=SYSTEM, action=REFUSED)


def test_change_that_fails_leaves_no_entry(entries: list[Entry]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.record(actor=SYSTEM, action=REFUSED, subject_name="x")
        _ = 1 / 0
    assert Entry.objects.count() == len(entries)


def test_unregistered_action_is_refused(db: None) -> None:
    with pytest.raises(RuntimeError, match="not registered"):
        services.record(actor=SYSTEM, action="no.such")


def test_numbers_too_large_for_json_are_kept_as_text(db: None) -> None:
    entry = services.record(actor=SYSTEM, action=REFUSED, changes={"n": (2**53 - 1, 2**63), "x": (None, 0.1)})
    entry.refresh_from_db()
    assert entry.changes == {"n": [9007199254740991, "9223372036854775808"], "x": [None, "0.1"]}


def test_entry_says_who_from_where_and_on_whose_behalf(cast: Cast, model: Model) -> None:
    actor = cast.actor("owner").at("192.0.2.7", "request 1")
    entry = services.record(actor=actor, action=REFUSED, subject=model, reason="because", team=cast.team.pk)
    (told,) = selectors.told([entry])
    assert (told.actor_kind, told.actor_id, told.actor_name) == ("person", "owner@example.org", "Owner")
    assert (told.address, told.origin, told.reason) == ("192.0.2.7", "request 1", "because")
    assert (told.subject_type, told.subject_id, told.subject_name) == ("catalogue.model", str(model.pk), "late-arrival")


def test_what_is_personal_stands_in_the_entry_as_a_commitment(cast: Cast) -> None:
    entry = services.record(actor=cast.actor("owner").at("192.0.2.7", ""), action=REFUSED)
    for value in (entry.actor_id, entry.actor_name, entry.address):
        assert value.startswith("personal:")
    row = Personal.objects.get(commitment=entry.actor_id)
    assert (row.person, row.value, len(bytes.fromhex(row.salt))) == (str(cast.owner.pk), "owner@example.org", 16)


def test_same_value_of_a_person_has_one_commitment_and_of_another_person_its_own(cast: Cast) -> None:
    one, two = (personal.commit(str(cast.owner.pk), "Kim") for _ in range(2))
    assert one == two != personal.commit(str(cast.approver.pk), "Kim")


def test_erased_value_reads_as_erased_and_stays_one(cast: Cast) -> None:
    sign = personal.commit(str(cast.owner.pk), "Kim")
    Personal.objects.filter(commitment=sign).update(value="", salt="", erased_at=cast.team.created_at)
    assert personal.values([sign]) == {sign: personal.label_of(str(cast.owner.pk))}


def test_service_on_behalf_of_people_names_no_address(db: None) -> None:
    actor = Actor.service("approvals", on_behalf_of="a@example.org, b@example.org")
    entry = services.record(actor=actor, action=REFUSED)
    assert (entry.actor_id, entry.actor_name) == ("approvals", "approvals")
    assert "@" not in entry.on_behalf_of
    assert selectors.told([entry])[0].on_behalf_of == "a@example.org, b@example.org"


def test_change_of_many_records_is_as_many_entries(cast: Cast) -> None:
    before = Entry.objects.count()
    services.record_many(actor=SYSTEM, events=[Event(REFUSED, subject_name=str(n)) for n in range(3)])
    assert list(Entry.objects.order_by("pk").values_list("subject_name", flat=True))[before:] == ["0", "1", "2"]
