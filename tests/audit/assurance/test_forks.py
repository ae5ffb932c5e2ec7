"""A log that is not the one its witnesses have: found, named by its first differing entry, and sealing stops."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit.assurance import checking, delivery, services
from audit.assurance.models import Receipt, Witness
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.ledger import keys, sealing, signing, verification
from audit.ledger import services as ledger
from audit.ledger.domain import note
from audit.ledger.models import Checkpoint, Entry, Head, Incident, Key
from audit.ledger.selectors import told
from tests.support import tampering
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted
from tests.support.tampering import grow
from tests.support.witness import Witness as Server
from tests.support.witness import running

STEPS = (5, 300, 20, 10)
"""Checkpoints of sizes 5, 305, 325, 335: over the width of a stored subtree."""


@pytest.fixture
def folder(db: None, tmp_path: Path) -> Witness:
    """A folder as witness, of a log that has nothing yet but the entry about it."""
    return services.add_witness(actor=SYSTEM, kind="folder", name="Second disk", settings={"path": str(tmp_path / "w")})


@pytest.fixture
def size(folder: Witness) -> int:
    """The size of a log that the folder has, in several checkpoints."""
    grown = grow(*STEPS)
    assert delivery.deliver(witness=folder).error == ""
    return grown


@pytest.fixture
def server(db: None, tmp_path: Path) -> Iterator[Server]:
    """A witness over HTTP that trusts this log's key."""
    grow(1)
    trusted = {Head.objects.get().origin: keys.vkeys()}
    with running(Server(tmp_path, trusted)) as found:
        yield found


def forked() -> Incident:
    """The open incident after every witness was asked."""
    checking.check_witnesses(actor=SYSTEM)
    incident = Incident.objects.get(kind="fork", closed_at=None)
    assert incident.halts
    tampering.write(1)
    with pytest.raises(sealing.Halted):
        sealing.seal()
    return incident


def test_log_that_its_witness_has_is_no_fork(size: int, folder: Witness) -> None:
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert (finding.agrees, finding.size) == (True, size)
    folder.refresh_from_db()
    assert folder.agrees and f"checkpoint {size:,}" in folder.finding
    assert not Incident.objects.exists()


def test_log_that_has_grown_since_is_no_fork(size: int) -> None:
    grow(40)
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert (finding.agrees, finding.size) == (True, size)


@pytest.mark.parametrize("number", [1, 3, 256, 257, 306, 335])
def test_rewritten_entry_with_everything_signed_anew_is_named(size: int, number: int) -> None:
    tampering.rewrite(number)
    assert verification.compute().broken_at is None  # in itself the log is sound: only the witness knows better
    incident = forked()
    assert incident.first_number == number
    assert f"entry {number:,} is another than here" in incident.sentence


def test_rewritten_entry_signed_with_a_new_key_is_named(size: int) -> None:
    signing.path().unlink()
    Key.objects.all().delete()
    tampering.rewrite(7)
    assert forked().first_number == 7


def test_same_log_signed_with_a_key_that_nobody_knows_is_a_fork(size: int) -> None:
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    signing.path().unlink()
    Key.objects.all().delete()
    tampering.seal_anew(sizes=sizes)
    assert "none of the keys that this log knows has signed" in forked().sentence


def test_newest_ten_deleted_with_all_that_hangs_on_them_are_named(size: int) -> None:
    tampering.truncate(10)
    assert verification.compute().broken_at is None
    incident = forked()
    assert incident.first_number == size - 9
    assert f"ends at entry {size - 10:,}" in incident.sentence


def test_newest_ten_replaced_by_others_are_named(size: int) -> None:
    tampering.truncate(10)
    with tampering.asking_nobody():
        grow(25, words="another story")
    assert Head.objects.get().size > size
    assert forked().first_number == size - 9


def test_restored_older_database_is_named(folder: Witness) -> None:
    grow(5, 300)
    delivery.deliver(witness=folder)
    before = Head.objects.get().size
    with tampering.restored_afterwards("ledger", "assurance"):
        grow(20, 10)
        folder.refresh_from_db()
        assert delivery.deliver(witness=folder).count == 2
    incident = forked()
    assert incident.first_number == before + 1
    assert "Was an older database restored?" in incident.sentence


def test_fork_of_a_copied_database_is_named(folder: Witness) -> None:
    grow(5, 300)
    delivery.deliver(witness=folder)
    before = Head.objects.get().size
    with tampering.restored_afterwards("ledger", "assurance"):
        grow(20, 10)
        folder.refresh_from_db()
        delivery.deliver(witness=folder)
    with tampering.asking_nobody():
        grow(60, words="what happened in the copy")
    assert verification.compute().broken_at is None
    assert forked().first_number == before + 1


def test_process_that_starts_looks_before_it_seals(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tampering.truncate(10)
    monkeypatch.setattr(sealing, "_looks", sealing._Looks())  # as in a process that has just started
    tampering.write(1)
    before = Head.objects.get().size
    with pytest.raises(sealing.Halted, match="Second disk"):
        sealing.seal()
    assert Head.objects.get().size == before
    assert Incident.objects.get(kind="fork").first_number == size - 9


def test_process_looks_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sealing, "_looks", sealing._Looks())
    monkeypatch.setattr(sealing, "BEFORE_FIRST_SEAL", [lambda: asked.append("look")])
    grow(1, 1)
    assert asked == ["look"]


def test_process_looks_again_when_the_log_is_shorter_than_it_left_it(folder: Witness) -> None:
    before = grow(5)
    delivery.deliver(witness=folder)
    with tampering.restored_afterwards("ledger", "assurance"):  # under a process that goes on
        grow(20)
        folder.refresh_from_db()
        delivery.deliver(witness=folder)
    tampering.write(1)
    with pytest.raises(sealing.Halted, match="Was an older database restored"):
        sealing.seal()
    assert Incident.objects.get(kind="fork").first_number == before + 1


def test_look_that_fails_is_made_again(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    def look() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ZeroDivisionError

    monkeypatch.setattr(sealing, "BEFORE_FIRST_SEAL", [look])
    tampering.write(1)
    with pytest.raises(ZeroDivisionError):
        sealing.seal()
    assert Head.objects.get().size == 0
    assert sealing.seal().size == 1 and len(tries) == 2


def test_folder_of_the_installation_is_asked_before_it_is_a_witness(db: None, tmp_path: Path, settings: object) -> None:
    settings.TOLLGATE_WITNESS = tmp_path / "witness"  # type: ignore[attr-defined]
    services.ensure_first()
    grow(5)
    witness = Witness.objects.get()
    delivery.deliver(witness=witness)
    tampering.rewrite(3)
    Receipt.objects.all().delete()
    Witness.objects.all().delete()  # the database that was restored is older than the witness
    assert forked().first_number == 3


def test_witness_that_cannot_be_asked_is_no_fork(size: int, folder: Witness) -> None:
    place = Path(folder.settings["path"])
    place.rename(place.with_name("elsewhere"))
    place.write_text("a file in the way")
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is None and "could not be asked" in finding.sentence
    assert not Incident.objects.exists()
    assert grow(1) > size


def test_witness_that_lost_what_it_took_is_no_fork(size: int, folder: Witness) -> None:
    for path in Path(folder.settings["path"]).rglob("checkpoint-*"):
        path.unlink()
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is None and f"took the one of size {size:,}" in finding.sentence


def test_text_that_is_no_checkpoint_is_no_fork(size: int, folder: Witness) -> None:
    (newest,) = Path(folder.settings["path"]).rglob(f"checkpoint-{size:012d}.txt")
    newest.chmod(0o644)
    newest.write_text("nonsense")
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees is None and "could not be understood" in finding.sentence


def test_witness_that_tells_sizes_only_names_the_range(server: Server) -> None:
    witness = services.add_witness(
        actor=SYSTEM, kind="http", name="Neighbour", settings={"url": server.url, "vkey": server.vkey, "token": ""}
    )
    first = grow(4)
    second, third = grow(10), grow(10)
    assert delivery.deliver(witness=witness).error == ""
    tampering.rewrite(second + 3)
    incident = forked()
    assert incident.first_number == second + 1
    assert f"one of {second + 1:,} to {third:,}" in incident.sentence
    assert first < second


def test_witness_over_http_finds_a_truncated_log(server: Server) -> None:
    witness = services.add_witness(
        actor=SYSTEM, kind="http", name="Neighbour", settings={"url": server.url, "vkey": server.vkey, "token": ""}
    )
    grow(14)
    size = grow(10)
    delivery.deliver(witness=witness)
    tampering.truncate(10)
    incident = forked()
    assert incident.first_number == size - 9 and "are missing" in incident.sentence


def test_delivery_that_a_witness_contradicts_stops(server: Server) -> None:
    witness = services.add_witness(
        actor=SYSTEM, kind="http", name="Neighbour", settings={"url": server.url, "vkey": server.vkey, "token": ""}
    )
    grow(4, 10)
    delivery.deliver(witness=witness)
    tampering.rewrite(2)
    with tampering.asking_nobody():
        grow(5)
    done = delivery.deliver(witness=witness)
    assert done.contradicts and done.count == 0 and "does not continue" in done.error


def test_nothing_goes_out_while_a_fork_is_open(size: int, folder: Witness) -> None:
    tampering.truncate(10)
    checking.check_witnesses(actor=SYSTEM)
    folder.refresh_from_db()
    Witness.objects.update(delivered_size=5)
    assert delivery.deliver(witness=Witness.objects.get()).count == 0


def test_closing_a_fork_that_is_still_there_is_refused(size: int) -> None:
    tampering.rewrite(4)
    incident = forked()
    with pytest.raises(Refused, match="entry 4"):
        services.settle_incident(actor=SYSTEM, incident=incident, reason="all is well")
    assert Incident.objects.get(pk=incident.pk).closed_at is None


def test_fork_that_is_gone_can_be_closed_and_sealing_goes_on(folder: Witness) -> None:
    grow(5, 30)
    delivery.deliver(witness=folder)
    with tampering.restored_afterwards("ledger"):
        tampering.truncate(10)
        checking.check_witnesses(actor=SYSTEM)
        assert Incident.objects.filter(kind="fork").exists()
    incident = Incident.objects.create(
        kind="fork", at=folder.created_at, sentence="An older database.", first_number=3, halts=True
    )
    services.settle_incident(actor=SYSTEM, incident=incident, reason="the right database is back")
    assert grow(1) == Head.objects.get().size


def test_log_begins_again_under_a_new_name(size: int, folder: Witness) -> None:
    tampering.truncate(10)
    incident = forked()
    before, kept = Head.objects.get().origin, Checkpoint.objects.count()
    services.begin_again(actor=SYSTEM, incident=incident, reason="yesterday's database is all that is left")
    assert Head.objects.get().origin == f"{before}/2"
    (entry,) = told(Entry.objects.order_by("-pk")[:1])
    assert entry.action == "assurance.begun_again" and entry.changes["origin"] == [before, f"{before}/2"]
    sealing.seal()
    newest = Checkpoint.objects.order_by("-pk")[0]
    checkpoint = signing.check(newest.note, [keys.vkeys()[-1]])
    assert checkpoint.origin == f"{before}/2" and keys.vkeys()[-1].startswith(f"{before}/2+")
    assert Checkpoint.objects.filter(origin=before).count() == kept
    folder.refresh_from_db()
    assert delivery.deliver(witness=folder).error == ""
    (finding,) = checking.check_witnesses(actor=SYSTEM)
    assert finding.agrees and not Incident.objects.filter(closed_at=None).exists()
    assert verification.compute().broken_at is None


def test_key_goes_on_under_the_new_name_by_a_signed_hand_over(size: int) -> None:
    tampering.truncate(10)
    incident = forked()
    old = keys.vkeys()[-1]
    services.begin_again(actor=SYSTEM, incident=incident, reason="restored")
    key = Key.objects.order_by("-at")[0]
    text, signatures = note.parse(key.handover)
    assert text == f"tollgate-handover-v1\n{Head.objects.get().origin}\n{size - 10}\n{key.vkey}\n"
    assert signing.verified(text, signatures, old) and signing.verified(text, signatures, key.vkey)
    assert note.public_of(old)[1] == note.public_of(key.vkey)[1]
    assert Key.objects.get(vkey=old).until_size == key.since_size == size - 10


def test_log_that_begins_again_twice_gets_the_next_name(size: int, folder: Witness) -> None:
    origin = Head.objects.get().origin
    for expected in (f"{origin}/2", f"{origin}/3"):
        tampering.truncate(1)
        services.begin_again(actor=SYSTEM, incident=forked(), reason="again")
        assert Head.objects.get().origin == expected
        sealing.seal()
        folder.refresh_from_db()
        delivery.deliver(witness=folder)


def test_beginning_again_needs_the_right_a_reason_and_a_fork(size: int, cast: Cast) -> None:
    tampering.rewrite(4)
    incident = forked()
    with pytest.raises(NotPermitted):
        services.begin_again(actor=cast.actor("auditor"), incident=incident, reason="so")
    with pytest.raises(InvalidInput):
        services.begin_again(actor=cast.actor("administrator"), incident=incident, reason=" ")
    other = Incident.objects.create(kind="key_missing", at=incident.at, sentence="No key.", halts=False)
    with pytest.raises(Refused):
        services.begin_again(actor=cast.actor("administrator"), incident=other, reason="so")
    assert not Head.objects.get().origin.endswith("/2")


@pytest.fixture(autouse=True)
def nothing_beside(settings: object, tmp_path: Path) -> None:
    """No other folder is asked."""
    settings.TOLLGATE_WITNESS = tmp_path / "not-there"  # type: ignore[attr-defined]


def altered(number: int, reason: str = "it was always so") -> None:
    """Entry ``number`` is changed by SQL, and nothing else."""
    with triggers_lifted():
        Entry.objects.filter(leaf__number=number).update(reason=reason)


def test_altered_entry_that_a_verification_finds_stops_sealing(size: int) -> None:
    altered(7)
    ledger.verify(actor=SYSTEM)
    ledger.verify(actor=SYSTEM)
    incident = Incident.objects.get()
    assert (incident.kind, incident.first_number, incident.halts) == (ledger.ALTERED, 7, True)
    assert incident.sentence == "Entry 7 was changed after it was sealed."
    with pytest.raises(sealing.Halted):
        sealing.seal()


def test_altered_entry_must_be_put_back_and_verified_before_sealing_goes_on(size: int) -> None:
    was = Entry.objects.get(leaf__number=7).reason
    altered(7)
    ledger.verify(actor=SYSTEM)
    incident = Incident.objects.get()
    altered(7, was)
    with pytest.raises(Refused, match="verify the log again"):
        services.settle_incident(actor=SYSTEM, incident=incident, reason="put back")
    ledger.verify(actor=SYSTEM)
    services.settle_incident(actor=SYSTEM, incident=incident, reason="put back")
    assert grow(1) == Head.objects.get().size


def test_log_with_an_entry_that_is_lost_begins_again_and_goes_on_naming_it(size: int) -> None:
    altered(7)
    ledger.verify(actor=SYSTEM)
    services.begin_again(actor=SYSTEM, incident=Incident.objects.get(), reason="no backup has it")
    assert grow(5) > size
    assert ledger.verify(actor=SYSTEM).broken_at == 7
    assert not Incident.objects.filter(closed_at=None).exists()
