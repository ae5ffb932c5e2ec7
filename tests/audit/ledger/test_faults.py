"""Kill -9, a full disk, two sealers, a clock that goes back, a lost key: nothing is lost, nothing is sealed twice."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.db import DatabaseError, connection, transaction

from audit.base import clock
from audit.jobs import services as jobs
from audit.jobs.models import Job
from audit.ledger import keys, sealing, signing, verification
from audit.ledger.domain import note
from audit.ledger.models import Checkpoint, Entry, Head, Incident, Key, Leaf, Node
from audit.ledger.services import Event, record_many
from audit.people import services as people
from audit.people.models import Team
from tests.support.cast import SYSTEM
from tests.support.tampering import grow, write

ROOT = Path(__file__).resolve().parents[3]


def environment() -> dict[str, str]:
    """The environment of a process that works on the test's own database."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{found['NAME']}"
    else:
        user, password = quote(found["USER"]), quote(found["PASSWORD"])
        options = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in found["OPTIONS"].items())
        host = f"{found['HOST']}:{found['PORT']}".rstrip(":")
        url = f"postgresql://{user}:{password}@{host}/{quote(found['NAME'])}?{options}"
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url}


@contextmanager
def sealer(*how: str) -> Iterator["subprocess.Popen[str]"]:
    """A sealer as a process, killed at the end of the block."""
    argv = [sys.executable, "-m", "tests.support.stopped_sealer", *how]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "text": True, "env": environment(), "cwd": ROOT}
    with subprocess.Popen(argv, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: "subprocess.Popen[str]") -> str:
    """The next line that it prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def whole(count: int) -> None:
    """Asserts that the log has ``count`` entries, each sealed once, in the order of their ids, and that it verifies."""
    numbers = list(Leaf.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, count + 1)) == list(range(1, Head.objects.get().size + 1))
    assert list(Leaf.objects.order_by("number").values_list("entry", flat=True)) == sorted(
        Entry.objects.values_list("pk", flat=True)
    )
    assert Leaf.objects.values("entry").distinct().count() == count == Entry.objects.count()
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    assert sizes[-1] == count and len(sizes) == len(set(sizes))
    assert verification.compute().broken_at is None


# --- kill -9 ---


@pytest.mark.processes
@pytest.mark.slow
def test_sealer_killed_between_writing_and_signing_has_done_nothing(transactional_db: None) -> None:
    before = grow(300)
    write(250)
    state = (Checkpoint.objects.count(), Node.objects.count(), Head.objects.get().last)
    with sealer("stop") as process:
        assert said(process) == "signing"
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    assert Head.objects.get().size == Leaf.objects.count() == before
    assert (Checkpoint.objects.count(), Node.objects.count(), Head.objects.get().last) == state
    assert Entry.objects.count() == before + 250
    assert sealing.seal() == sealing.Sealed(250, before + 250)
    whole(before + 250)


@pytest.mark.processes
@pytest.mark.slow
def test_readers_and_writers_go_on_while_a_sealer_stands_still(transactional_db: None) -> None:
    grow(5)
    write(5)
    with sealer("stop") as process:
        assert said(process) == "signing"
        assert verification.compute().size == 5  # readers see the log as it was
        if connection.vendor == "postgresql":
            write(3)  # SQLite has one writer at a time; on PostgreSQL nobody waits for the sealer
        process.kill()
        process.wait(10)
    write(2)
    sealing.seal()
    whole(15 if connection.vendor == "postgresql" else 12)


# --- two at once ---


@pytest.mark.processes
@pytest.mark.slow
def test_two_sealers_at_once_take_turns(transactional_db: None) -> None:
    grow(10)
    with sealer("go", "410") as one, sealer("go", "410") as two:
        assert (said(one), said(two)) == ("ready", "ready")
        for _ in range(40):
            write(10)
        counts = [int(said(process)) for process in (one, two)]
    assert sum(counts) == 400
    whole(410)


def test_two_threads_that_seal_at_once_seal_each_entry_once(transactional_db: None) -> None:
    write(200)
    start, counts, errors = threading.Barrier(2), [], []

    def run() -> None:
        try:
            start.wait(5)
            done = 0
            while some := sealing.seal_some(limit=9).count:
                done += some
            counts.append(done)
        except Exception as error:  # noqa: BLE001  shown below
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and sum(counts) == 200
    whole(200)


# --- a full disk ---


@contextmanager
def full_disk(table: str = "ledger_checkpoint") -> Iterator[None]:
    """The database cannot grow: SQLite by a limit of pages; PostgreSQL says of ``table`` that the disk is full."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute("PRAGMA page_count")
            cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0] + 2}")
            yield
            cursor.execute("PRAGMA max_page_count = 1073741823")
            return
        full = "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'"
        cursor.execute(
            f"CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {full}; END $$;"
            f"CREATE TRIGGER no_space BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_space()"
        )
        yield
        cursor.execute(f"DROP TRIGGER no_space ON {table}; DROP FUNCTION no_space()")


def test_full_disk_leaves_the_log_readable_and_sealing_goes_on_afterwards(transactional_db: None) -> None:
    size = grow(300)
    write(3_000)
    with full_disk():
        for _ in range(2):
            with pytest.raises(DatabaseError, match=r"full|No space"):
                sealing.seal()
        assert Head.objects.get().size == Leaf.objects.count() == size
        assert verification.compute().broken_at is None
        assert Entry.objects.count() == size + 3_000
    assert sealing.seal().count == 3_000
    whole(size + 3_000)


def test_full_disk_refuses_a_change_together_with_its_entry(transactional_db: None) -> None:
    size = grow(10)
    with full_disk("ledger_entry"), pytest.raises(DatabaseError, match=r"full|No space"), transaction.atomic():
        team = people.create_team(actor=SYSTEM, slug="night-shift", name="Night shift")
        events = [Event("ledger.refused", subject=team, subject_name=str(number)) for number in range(20_000)]
        record_many(actor=SYSTEM, events=events)
    assert Entry.objects.count() == size and not Team.objects.exists()
    whole(size)
    people.create_team(actor=SYSTEM, slug="night-shift", name="Night shift")
    sealing.seal()
    whole(Entry.objects.count())


# --- a clock that goes back ---


def test_clock_that_goes_back_changes_no_order(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    size = grow(5, 5)
    late = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: late)
    size = grow(5) if size == 10 else 0
    assert size == 15
    whole(15)
    ats = list(Entry.objects.order_by("leaf__number").values_list("at", flat=True))
    assert ats[9] > ats[10] == late  # what happened keeps its place, whatever the clock said
    newest = Checkpoint.objects.order_by("-size")[0]
    assert newest.at == late and newest.size == 15
    monkeypatch.undo()
    assert grow(1) == 16


def test_scheduled_job_does_not_start_twice_when_an_hour_comes_twice(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "send", lambda job_id: None)
    at = clock.now()

    def starts() -> int:
        monkeypatch.setattr(clock, "now", lambda: at)
        jobs.start_scheduled()
        Job.objects.update(state="succeeded")
        return Job.objects.filter(kind="assurance.check").count()

    assert starts() == 1
    at -= timedelta(hours=1)
    assert starts() == 2  # the hour before, in which nothing ran
    at += timedelta(hours=1)
    assert starts() == 2  # the same hour again: it has run
    at += timedelta(hours=1)
    assert starts() == 3


# --- a lost key ---


def test_missing_key_stops_nothing_but_sealing_and_is_said_once(db: None) -> None:
    size = grow(5)
    kept = signing.path().read_bytes()
    signing.path().unlink()
    write(3)
    for _ in range(3):
        assert sealing.seal_or_say_why() is None
    incident = Incident.objects.get()
    assert (incident.kind, incident.halts, incident.closed_at) == ("key_missing", False, None)
    assert Head.objects.get().size == size and Entry.objects.count() == size + 4  # three, and the incident
    signing.path().write_bytes(kept)  # the key is back from its safe
    assert sealing.seal().size == size + 4
    whole(size + 4)


def test_other_key_in_the_place_of_the_lost_one_signs_nothing(db: None) -> None:
    size = grow(5)
    signing.path().unlink()
    signing.make()
    write(1)
    with pytest.raises(signing.KeyMissing, match="not the one"):
        sealing.seal()
    assert Head.objects.get().size == size


@pytest.mark.django_db(transaction=True)
def test_lost_key_is_replaced_and_sealing_goes_on() -> None:
    from audit.assurance import services

    size = grow(5)
    old = keys.vkeys()[0]
    signing.path().unlink()
    write(2)
    sealing.seal_or_say_why()
    with pytest.raises(signing.KeyMissing):
        services.change_signing_key(actor=SYSTEM, reason="the disk died")
    key = services.change_signing_key(actor=SYSTEM, reason="the disk died", lost=True)
    text, signatures = note.parse(key.handover)
    assert text == keys.handover_text(Head.objects.get().origin, size, key.vkey)
    assert signing.verified(text, signatures, key.vkey) and not signing.verified(text, signatures, old)
    assert key.lost and not Incident.objects.filter(closed_at=None).exists()
    assert sealing.seal().size == Entry.objects.count()
    newest = Checkpoint.objects.order_by("-size")[0]
    assert signing.check(newest.note, [key.vkey]).size == newest.size
    with pytest.raises(note.NoteError):
        signing.check(newest.note, [old])
    whole(Entry.objects.count())


@pytest.mark.django_db(transaction=True)
def test_rotated_key_is_handed_over_by_both_signatures() -> None:
    from audit.assurance import services

    grow(5)
    old = keys.vkeys()[0]
    key = services.change_signing_key(actor=SYSTEM, reason="once a year")
    text, signatures = note.parse(key.handover)
    assert signing.verified(text, signatures, old) and signing.verified(text, signatures, key.vkey)
    assert signing.load(Head.objects.get().origin).vkey == key.vkey and not signing.coming_path().exists()
    assert oct(signing.path().stat().st_mode & 0o777) == "0o600"
    sealing.seal()
    assert Key.objects.get(vkey=old).until_size == 5 and key.since_size == 5
    assert signing.check(Checkpoint.objects.get(size=5).note, [old]).size == 5
    assert signing.check(Checkpoint.objects.order_by("-size")[0].note, [key.vkey]).size == 6
    whole(6)


@pytest.mark.django_db(transaction=True)
def test_change_of_keys_that_is_taken_back_leaves_the_old_key() -> None:
    from audit.assurance import services

    grow(5)
    old = keys.vkeys()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        services.change_signing_key(actor=SYSTEM, reason="too early")
        _ = 1 / 0
    assert keys.vkeys() == old
    assert grow(1) == 6
    whole(6)
