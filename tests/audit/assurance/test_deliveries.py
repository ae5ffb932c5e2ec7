"""Each checkpoint reaches each witness, once, in order; a place that is down gets all of it when it is back."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from audit.assurance import delivery, services
from audit.assurance.domain.standing import Standing
from audit.assurance.models import Receipt, Witness
from audit.assurance.witnesses.contract import Contradiction
from audit.assurance.witnesses.files import folder_of
from audit.base import clock
from audit.jobs.celery_tasks import tick
from audit.jobs.models import Job, State
from audit.ledger import keys
from audit.ledger.domain import merkle
from audit.ledger.models import Checkpoint, Entry, Head, Incident, Leaf
from tests.support.cast import SYSTEM
from tests.support.jobs import Worker
from tests.support.servers import free_port
from tests.support.tampering import grow
from tests.support.witness import Witness as Server
from tests.support.witness import running


@pytest.fixture(autouse=True)
def standard(settings: Any, tmp_path: Path) -> Path:
    """Where the first witness of an installation lies."""
    settings.TOLLGATE_WITNESS = tmp_path / "standard"
    return tmp_path / "standard"


def add_folder(path: Path, name: str = "Second disk") -> Witness:
    """A folder as witness."""
    return services.add_witness(actor=SYSTEM, kind="folder", name=name, settings={"path": str(path)})


def add_http(server: Server, **more: str) -> Witness:
    """A witness over HTTP."""
    settings = {"url": server.url, "vkey": server.vkey, "token": server.token, **more}
    return services.add_witness(actor=SYSTEM, kind="http", name="Neighbour", settings=settings)


@pytest.fixture
def server(db: None, tmp_path: Path) -> Iterator[Server]:
    """A witness over HTTP that trusts this log's key."""
    grow(1)
    with running(Server(tmp_path, {Head.objects.get().origin: keys.vkeys()})) as found:
        yield found


def names(path: Path, pattern: str = "*") -> list[str]:
    """Files of the log in a witness folder."""
    return sorted(file.name for file in (path / folder_of(Head.objects.get().origin)).glob(pattern))


def checkpoints() -> list[int]:
    """The sizes of all checkpoints."""
    return list(Checkpoint.objects.order_by("size").values_list("size", flat=True))


# --- folders ---


def test_folder_gets_every_checkpoint_and_leaf_hash(db: None, tmp_path: Path) -> None:
    witness = add_folder(tmp_path / "w")
    size = grow(3, 300, 7)
    done = delivery.deliver(witness=witness)
    assert (done.count, done.size, done.error) == (3, size, "")
    place = tmp_path / "w" / folder_of(Head.objects.get().origin)
    assert names(tmp_path / "w", "checkpoint-*") == [f"checkpoint-{at:012d}.txt" for at in checkpoints()]
    for row in Checkpoint.objects.all():
        assert (place / f"checkpoint-{row.size:012d}.txt").read_text() == row.note
    hashes = b"".join(path.read_bytes() for path in sorted(place.glob("leaves-*")))
    assert hashes == b"".join(bytes(leaf.hash) for leaf in Leaf.objects.order_by("number"))
    spans = [tuple(int(part) for part in path.stem.split("-")[1:]) for path in sorted(place.glob("leaves-*"))]
    assert spans == [(low + 1, high) for low, high in zip([0, *checkpoints()], checkpoints(), strict=False)]


def test_files_are_never_written_again(db: None, tmp_path: Path) -> None:
    witness = add_folder(tmp_path / "w")
    grow(3, 4)
    delivery.deliver(witness=witness)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (tmp_path / "w").rglob("*.*")}
    Witness.objects.update(origin="", delivered_size=0)  # as if the receipts had been lost
    Receipt.objects.all().delete()
    again = delivery.deliver(witness=Witness.objects.get())
    assert (again.count, again.error) == (2, "")
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in (tmp_path / "w").rglob("*.*")} == before
    assert not list((tmp_path / "w").rglob(".draft-*"))


def test_other_content_in_the_way_is_a_contradiction(db: None, tmp_path: Path) -> None:
    witness, size = add_folder(tmp_path / "w"), grow(3)
    place = tmp_path / "w" / folder_of(Head.objects.get().origin)
    place.mkdir(parents=True)
    (place / f"checkpoint-{size:012d}.txt").write_text("another log\n")
    done = delivery.deliver(witness=witness)
    assert done.contradicts and "other content" in done.error
    assert (place / f"checkpoint-{size:012d}.txt").read_text() == "another log\n"


def test_folder_that_was_unmounted_is_not_begun_anew(db: None, tmp_path: Path) -> None:
    witness = add_folder(tmp_path / "w")
    grow(3)
    delivery.deliver(witness=witness)
    (tmp_path / "w").rename(tmp_path / "elsewhere")
    (tmp_path / "w").mkdir()
    grow(2)
    done = delivery.deliver(witness=witness)
    assert done.count == 0 and "not there any more" in done.error
    (tmp_path / "w").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "w")
    assert delivery.deliver(witness=witness).count == 1


def test_witness_that_is_added_late_gets_the_last_checkpoints_and_all_leaves(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "CATCH_UP", 2)
    grow(3, 3, 3, 3)
    delivery.deliver(witness=add_folder(tmp_path / "w"))
    assert names(tmp_path / "w", "checkpoint-*") == [f"checkpoint-{at:012d}.txt" for at in checkpoints()[-2:]]
    place = tmp_path / "w" / folder_of(Head.objects.get().origin)
    read = b"".join(path.read_bytes() for path in sorted(place.glob("leaves-*")))
    assert len(read) == 32 * Head.objects.get().size


# --- jobs ---


def test_installation_starts_with_a_folder(worker: Worker, standard: Path) -> None:
    tick()
    witness = Witness.objects.get()
    assert (witness.kind, witness.settings, witness.added_by) == ("folder", {"path": str(standard)}, None)
    assert Entry.objects.get(action="assurance.added").actor_id == "installation"
    tick()
    assert Witness.objects.count() == 1 and not Job.objects.filter(kind=services.DELIVER).exists()
    grow(0)
    tick()
    worker.run_all()
    assert names(standard, "checkpoint-*") == [f"checkpoint-{at:012d}.txt" for at in checkpoints()]
    witness.refresh_from_db()
    assert witness.agrees is True and f"checkpoint {checkpoints()[-1]:,}" in witness.finding


def test_due_deliveries_become_one_job_and_reach_the_place_once(worker: Worker, tmp_path: Path) -> None:
    witness = add_folder(tmp_path / "w")
    grow(3, 4)
    tick()
    tick()
    (job,) = Job.objects.filter(kind=services.DELIVER)
    assert worker.run(job).counts == {"checkpoints": 2, "size": Head.objects.get().size}
    tick()
    assert Job.objects.filter(kind=services.DELIVER).count() == 1
    assert Receipt.objects.filter(witness=witness).count() == 2


def test_delivering_twice_at_the_same_time_delivers_once(server: Server, tmp_path: Path) -> None:
    witness = add_http(server)
    grow(3, 4)
    stale = Witness.objects.get(pk=witness.pk)
    assert delivery.deliver(witness=witness).count == 3
    assert delivery.deliver(witness=stale).error == ""  # as a second worker that began before the first ended
    assert server.asked == checkpoints() + checkpoints()[-1:]
    assert Receipt.objects.filter(witness=witness).count() == 3


def test_earlier_deliveries_that_went_well_do_not_bury_other_jobs(worker: Worker, tmp_path: Path) -> None:
    add_folder(tmp_path / "w")
    for _ in range(3):
        grow(1)
        tick()
        worker.run_all()
    assert Job.objects.filter(kind=services.DELIVER, state=State.SUCCEEDED).count() == 1
    assert sorted(Receipt.objects.values_list("size", flat=True)) == checkpoints()
    assert len(checkpoints()) == 4  # the first tick also starts the daily verification, whose entry is sealed alone


def test_fault_of_ours_stands_on_the_witness(worker: Worker, tmp_path: Path) -> None:
    witness = add_folder(tmp_path / "w")
    Witness.objects.filter(pk=witness.pk).update(settings={})  # as no form would leave them
    grow(1)
    tick()
    (job,) = Job.objects.filter(kind=services.DELIVER)
    for _ in range(3):
        Job.objects.filter(pk=job.pk, state=State.QUEUED).update(not_before=None)
        worker.run_all()
    witness.refresh_from_db()
    assert job.pk and witness.failures == 1 and "failed 3 times" in witness.last_error


@pytest.mark.slow
def test_witness_that_is_down_for_a_day_gets_everything_when_it_is_back(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(1)
    server, port = Server(tmp_path, {Head.objects.get().origin: keys.vkeys()}), free_port()
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    with running(server, port):
        witness = add_http(server)
        grow(1)
        services.start_due()
        worker.run_all()
    tries = 0
    for step in range(24 * 12):  # a day, with an entry every hour
        at += timedelta(minutes=5)
        if step % 12 == 0:
            grow(1)
        services.start_due()
        tries += len(worker.run_all())
    witness.refresh_from_db()
    waiting = Checkpoint.objects.filter(size__gt=witness.delivered_size).count()
    assert waiting == 24 and witness.failures > 24 and "does not answer" in witness.last_error
    assert 90 <= tries <= 110  # every 15 minutes, once the pauses have grown
    assert witness.standing(Head.objects.get().origin, Head.objects.get().size) is Standing.FAILING
    assert not Entry.objects.filter(action="jobs.failed").exists() and not Incident.objects.exists()
    with running(server, port):
        at += timedelta(minutes=15)
        services.start_due()
        worker.run_all()
    witness.refresh_from_db()
    assert server.asked == sorted(server.asked) and list(dict.fromkeys(server.asked)) == checkpoints()  # all, in order
    assert (witness.last_error, witness.failures, witness.delivered_size) == ("", 0, Head.objects.get().size)
    assert list(Receipt.objects.order_by("size").values_list("size", flat=True)) == checkpoints()


def test_clock_that_goes_back_does_not_hold_deliveries_up(
    worker: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = add_folder(tmp_path / "w")
    grow(1)
    delivery.note_failure(witness=witness, sentence="It was down.")
    at = clock.now() - timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: at)
    services.start_due()
    worker.run_all()
    witness.refresh_from_db()
    assert witness.delivered_size == Head.objects.get().size


# --- witnesses over HTTP ---


def test_http_witness_cosigns_each_checkpoint(server: Server) -> None:
    witness = add_http(server)
    grow(4, 300)
    assert delivery.deliver(witness=witness).error == ""
    assert server.asked == checkpoints()
    for receipt in Receipt.objects.all():
        assert witness.place().proves(Checkpoint.objects.get(size=receipt.size).note, receipt.answer) is True
        assert receipt.stated_at is not None and abs((receipt.stated_at - receipt.at).total_seconds()) < 5
    first, last = Receipt.objects.order_by("size")[0], Receipt.objects.order_by("-size")[0]
    assert witness.place().proves(Checkpoint.objects.get(size=first.size).note, last.answer) is False


def test_http_witness_that_knows_more_than_we_noted_is_asked_from_there(server: Server) -> None:
    witness = add_http(server)
    grow(4, 5, 6)
    delivery.deliver(witness=witness)
    Receipt.objects.exclude(size=checkpoints()[0]).delete()
    Witness.objects.update(delivered_size=checkpoints()[0])
    grow(2)
    done = delivery.deliver(witness=Witness.objects.get())
    assert done.error == "" and done.size == Head.objects.get().size
    assert server.seen()[Head.objects.get().origin][0] == Head.objects.get().size


def test_http_witness_that_forgot_everything_gets_what_comes(server: Server, tmp_path: Path) -> None:
    witness = add_http(server)
    grow(4)
    delivery.deliver(witness=witness)
    (tmp_path / "seen.json").unlink()
    size = grow(5)
    assert delivery.deliver(witness=witness).error == ""
    assert server.seen()[Head.objects.get().origin][0] == size


def test_http_witness_of_another_key_is_not_believed(server: Server, tmp_path: Path) -> None:
    other = Server(tmp_path, {}, name=server.name)
    witness = add_http(server, vkey=other.vkey)
    done = delivery.deliver(witness=witness)
    assert done.count == 0 and "no cosignature" in done.error and not Receipt.objects.exists()


def test_http_witness_without_a_configured_key_is_kept_unchecked(server: Server) -> None:
    witness = add_http(server, vkey="")
    assert delivery.deliver(witness=witness).count == 1
    receipt = Receipt.objects.get()
    assert receipt.answer.startswith("— witness.example/test ") and receipt.stated_at is None
    assert witness.place().proves(Checkpoint.objects.get().note, receipt.answer) is None


@pytest.mark.parametrize(
    ("trust", "words"),
    [(lambda vkey: {}, "does not know this log"), (lambda vkey: {Head.objects.get().origin: []}, "does not trust")],
)
def test_http_witness_that_refuses_says_what_its_operator_needs(
    db: None, tmp_path: Path, trust: Callable[[str], dict[str, list[str]]], words: str
) -> None:
    grow(1)
    with running(Server(tmp_path, trust(keys.vkeys()[0]))) as server:
        done = delivery.deliver(witness=add_http(server))
    assert words in done.error and "verifier key" in done.error and not done.contradicts


def test_token_opens_the_door_and_lies_encrypted(db: None, tmp_path: Path) -> None:
    grow(1)
    server = Server(tmp_path, {Head.objects.get().origin: keys.vkeys()}, token="open sesame 42")
    with running(server):
        witness = add_http(server)
        assert delivery.deliver(witness=witness).error == ""
        wrong = services.add_witness(
            actor=SYSTEM, kind="http", name="Wrong", settings={"url": server.url, "vkey": "", "token": "guess"}
        )
        assert "another token" in delivery.deliver(witness=wrong).error
    with connection.cursor() as cursor:
        for table in ("assurance_witness", "ledger_entry", "ledger_personal"):
            cursor.execute(f"SELECT * FROM {table}")
            assert "open sesame 42" not in repr(cursor.fetchall())


def test_secret_key_that_changed_is_said(db: None, tmp_path: Path, settings: Any) -> None:
    grow(1)
    server = Server(tmp_path, {Head.objects.get().origin: keys.vkeys()}, token="t")
    with running(server):
        witness = add_http(server)
        settings.SECRET_KEY = "another " + "k" * 50
        assert "SECRET_KEY has changed" in delivery.deliver(witness=witness).error
        services.change_witness(
            actor=SYSTEM, witness=witness, name="Neighbour", settings={**witness.settings, "token": "t"}
        )
        assert delivery.deliver(witness=Witness.objects.get()).error == ""


# --- the proof that goes along ---


@pytest.mark.parametrize("sizes", [(1, 2), (3, 8), (256, 257), (255, 600)])
def test_proof_that_goes_along_is_the_one_of_rfc_9162(db: None, sizes: tuple[int, int]) -> None:
    grow(sizes[0], sizes[1] - sizes[0])
    from audit.ledger.tree import Tree

    tree = Tree()
    path = delivery._proofs(tree, sizes[1])(sizes[0])
    old, new = (merkle.root(tree.subtree, size) for size in sizes)
    merkle.check_consistency(*sizes, path, old, new)
    hashes = delivery.leaf_hashes(1, sizes[1])
    assert len(hashes) == 32 * sizes[1]
    assert hashes[:32] == bytes(Leaf.objects.get(number=1).hash) and sha256(hashes).digest() != b""
    with pytest.raises(Contradiction, match="lacks a leaf"):
        delivery.leaf_hashes(1, sizes[1] + 1)
