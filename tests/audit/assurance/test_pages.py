"""The page of the log's standing says first whether it can be trusted; administrators act there, auditors read."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from audit.assurance import checking, delivery, services, shown
from audit.assurance.models import Witness
from audit.base import clock
from audit.jobs.models import Job
from audit.ledger import keys, sealing, signing
from audit.ledger.domain import merkle, note
from audit.ledger.models import Checkpoint, Entry, Head, Incident, Key
from audit.ledger.selectors import told
from audit.ledger.services import open_incident, verify
from tests.support import tampering
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted
from tests.support.jobs import Worker
from tests.support.tampering import grow

STANDING = "/audit/standing/"
TOKEN = "a token nobody may see"


@pytest.fixture(autouse=True)
def standard(settings: Any, tmp_path: Path) -> None:
    """No folder of another test is asked."""
    settings.TOLLGATE_WITNESS = tmp_path / "standard"


@pytest.fixture
def witness(cast: Cast, tmp_path: Path) -> Witness:
    """A folder that has the log."""
    found = services.add_witness(
        actor=cast.actor("administrator"), kind="folder", name="Second disk", settings={"path": str(tmp_path / "w")}
    )
    grow(5, 5)
    delivery.deliver(witness=found)
    return found


def page(cast: Cast, name: str = "auditor", address: str = STANDING) -> str:
    """What a member of the cast reads there."""
    answer = cast.client(name).get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def post(cast: Cast, address: str, who: str = "administrator", **body: str) -> Any:
    """The answer to a form."""
    return cast.client(who).post(address, body)


def test_page_of_a_log_that_nobody_looked_at_claims_nothing(cast: Cast) -> None:
    text = page(cast)
    assert "It has not been verified yet" in text and "Nobody else vouches for it" in text
    assert "Not verified yet" in text and "Nothing has been sealed yet" in text


def test_page_says_who_vouches(cast: Cast, witness: Witness) -> None:
    verify(actor=SYSTEM)
    checking.check_witnesses()
    text, head = page(cast), Head.objects.get()
    assert "Computed anew on" in text and "Second disk vouches for it from outside of this database." in text
    newest = Checkpoint.objects.order_by("-size")[0]
    for expected in (head.origin, note.checkpoint_of(newest.note).root.hex(), Key.objects.get().key_id):
        assert expected in text
    assert "In time" in text and "which is this log" in text


def test_table_of_witnesses_is_csv_too(cast: Cast, witness: Witness) -> None:
    grow(3)
    answer = cast.client("auditor").get(f"{STANDING}?format=csv")
    (row,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))  # type: ignore[attr-defined]
    newest = Checkpoint.objects.order_by("-size")[0].size
    assert (row["name"], row["kind"], row["state"]) == ("Second disk", "Folder", "In time")
    assert int(row["delivered_size"]) + int(row["lag"]) == newest and int(row["lag"]) == 3


def test_who_reads_a_team_only_sees_no_settings(cast: Cast, witness: Witness, tmp_path: Path) -> None:
    assert str(witness.pk) in page(cast, "auditor")
    Path(witness.settings["path"]).rename(tmp_path / "away")
    Path(witness.settings["path"]).write_text("in the way")
    checking.check_witnesses()
    assert str(witness.settings["path"]) in page(cast, "auditor")
    text = page(cast, "owner")
    assert "It did not tell" in text
    assert "Second disk" in text and str(witness.pk) not in text and str(witness.settings["path"]) not in text
    table = b"".join(cast.client("owner").get(f"{STANDING}?format=csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert "Second disk" in table and str(witness.settings["path"]) not in table
    assert cast.client("owner").get(f"{STANDING}witnesses/{witness.pk}/").status_code == 403


def test_fork_stands_on_every_page_with_the_way_on(cast: Cast, witness: Witness) -> None:
    tampering.rewrite(4)
    checking.check_witnesses()
    text = page(cast)
    assert "No: sealing has stopped." in text and "entry 4 is another than here" in text
    assert "Has another log" in text and "Let the log begin again" not in text  # an auditor only reads
    assert "Let the log begin again" in page(cast, "administrator")
    for address in ("/audit/", "/jobs/", "/"):
        assert "Sealing of the audit log has stopped." in page(cast, "owner", address)
    assert "has stopped" not in Client().get("/sign-in/").content.decode()


def test_fork_makes_the_installation_not_ready_without_telling_what(cast: Cast, witness: Witness) -> None:
    assert Client().get("/readyz").json()["parts"]["ledger"] == "ok"
    tampering.rewrite(4)
    checking.check_witnesses()
    said = Client().get("/readyz").json()["parts"]["ledger"]
    assert said == "Sealing of the audit log has stopped; an incident is open."


def test_entries_that_wait_for_a_minute_make_it_not_ready(
    cast: Cast, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing.seal()
    tampering.write(1)
    assert shown.ready() is None
    at = clock.now() + shown.PATIENCE * 1.1
    monkeypatch.setattr(clock, "now", lambda: at)
    assert str(shown.ready()).startswith("Entries have been waiting to be sealed since")
    sealing.seal()
    assert shown.ready() is None


def test_administrator_closes_an_incident_that_is_gone(cast: Cast, witness: Witness) -> None:
    incident = open_incident(actor=SYSTEM, kind="fork", sentence="It was another database.")
    address = f"{STANDING}incidents/{incident.pk}/"
    assert post(cast, address, "auditor", reason="so").status_code == 403
    post(cast, address, reason=" ")
    assert Incident.objects.get().closed_at is None
    assert post(cast, address, reason="the right one is back", how="close").status_code == 302
    assert Incident.objects.get().closed_at is not None


def test_administrator_cannot_close_a_fork_that_is_there_but_can_begin_again(cast: Cast, witness: Witness) -> None:
    tampering.truncate(3)
    checking.check_witnesses()
    incident = Incident.objects.get()
    client = cast.client("administrator")
    answer = client.post(f"{STANDING}incidents/{incident.pk}/", {"reason": "fine", "how": "close"}, follow=True)
    assert "Put the right database back" in answer.content.decode()
    assert Incident.objects.get().closed_at is None
    client.post(f"{STANDING}incidents/{incident.pk}/", {"reason": "the dump is all we have", "how": "begin_again"})
    assert Incident.objects.get().closed_at is not None and Head.objects.get().origin.endswith("/2")
    (entry,) = told(Entry.objects.filter(action="assurance.begun_again"))
    assert (entry.actor_name, entry.reason) == ("Administrator", "the dump is all we have")


def test_key_is_changed_from_the_page(cast: Cast, witness: Witness) -> None:
    assert post(cast, f"{STANDING}key/", "auditor", reason="so").status_code == 403
    assert post(cast, f"{STANDING}key/", reason="").status_code == 422
    refused = post(cast, f"{STANDING}key/", reason="lost it", lost="on")
    assert refused.status_code == 422 and "The key is there and can sign" in refused.content.decode()
    assert post(cast, f"{STANDING}key/", reason="once a year").status_code == 302
    assert Key.objects.count() == 2
    text = page(cast)
    assert "Both keys signed it" in text and "The first key" in text


def test_lost_key_is_said_to_be_a_persons_word(cast: Cast, witness: Witness) -> None:
    signing.path().unlink()
    assert post(cast, f"{STANDING}key/", reason="the disk died", lost="on").status_code == 302
    assert "Only a person’s word binds it to the key before" in page(cast)


def test_witness_is_added_changed_tried_and_switched(cast: Cast, tmp_path: Path) -> None:
    address = f"{STANDING}witnesses/add/http/"
    bad = post(cast, address, name="Neighbour", url="not an address", vkey="x", token="")
    assert bad.status_code == 422 and "verifier key" in bad.content.decode()
    body = {"name": "Neighbour", "url": "http://127.0.0.1:9/w", "vkey": "", "token": TOKEN}
    made = post(cast, address, **body)
    witness = Witness.objects.get()
    assert made["Location"] == f"{STANDING}witnesses/{witness.pk}/"
    assert (witness.added_by, witness.settings) == (cast.administrator, {"url": "http://127.0.0.1:9/w", "vkey": ""})
    assert post(cast, address, **body).status_code == 422  # the name is taken
    text = page(cast, "administrator", made["Location"])
    assert "Kept, encrypted, and never shown" in text and TOKEN not in text
    tried = post(cast, f"{made['Location']}test/").content.decode()
    assert "does not answer" in tried and TOKEN not in tried
    kept = witness.secret
    assert post(cast, made["Location"], **{**body, "name": "Neighbours", "token": ""}).status_code == 302
    witness.refresh_from_db()
    assert (witness.name, witness.secret) == ("Neighbours", kept)
    assert post(cast, f"{made['Location']}switch/", enabled="no", reason="").status_code == 302
    witness.refresh_from_db()
    assert witness.enabled
    post(cast, f"{made['Location']}switch/", enabled="no", reason="they moved")
    witness.refresh_from_db()
    assert not witness.enabled and "Switched off" in page(cast)
    actions = list(
        Entry.objects.filter(action__startswith="assurance.").order_by("pk").values_list("action", flat=True)
    )
    assert actions == ["assurance.added", "assurance.changed", "assurance.switched"]
    assert TOKEN not in json.dumps([entry.changes for entry in Entry.objects.all()], default=str)


def test_settings_that_lead_elsewhere_begin_anew_there(cast: Cast, witness: Witness, tmp_path: Path) -> None:
    services.change_witness(actor=SYSTEM, witness=witness, name="Third disk", settings={"path": str(tmp_path / "x")})
    witness.refresh_from_db()
    assert (witness.delivered_size, witness.last_success_at) == (0, None)
    assert delivery.deliver(witness=witness).error == ""
    assert list((tmp_path / "x").rglob("checkpoint-*"))


@pytest.mark.parametrize("path", ["relative/folder", "", "/with\x00nul"])
def test_folder_wants_an_absolute_path(cast: Cast, path: str) -> None:
    assert post(cast, f"{STANDING}witnesses/add/folder/", name="W", path=path).status_code == 422


def test_unknown_kind_and_witness_are_said(cast: Cast) -> None:
    assert cast.client("administrator").get(f"{STANDING}witnesses/add/pigeon/").status_code == 422
    nothing = "0190aaaa-0000-7000-8000-000000000000"
    assert cast.client("administrator").get(f"{STANDING}witnesses/{nothing}/").status_code == 404


def test_witnesses_are_asked_as_a_job(cast: Cast, witness: Witness, worker: Worker) -> None:
    assert post(cast, f"{STANDING}check/", "auditor").status_code == 302
    (job,) = Job.objects.filter(kind=services.CHECK)
    assert worker.run(job).counts == {"agree": 1, "not_known": 0, "contradict": 0}
    assert "which is this log" in page(cast)
    tampering.rewrite(3)
    post(cast, f"{STANDING}check/", "auditor")
    again = Job.objects.filter(kind=services.CHECK).order_by("-created_at")[0]
    assert worker.run(again).counts == {"agree": 0, "not_known": 0, "contradict": 1}
    assert Incident.objects.get().first_number == 3


# --- the API ---


def test_programs_read_checkpoints_and_proofs(cast: Cast, witness: Witness, program: Callable[..., Program]) -> None:
    auditor = program("auditor", ("read",))
    sealing.seal()
    items = auditor.get("/ledger/checkpoints?limit=2").json()
    assert [row["size"] for row in items["items"]] == list(
        Checkpoint.objects.order_by("-size").values_list("size", flat=True)[:2]
    )
    older = auditor.get(f"/ledger/checkpoints?limit=2&cursor={items['next']}").json()["items"]
    second, first = items["items"][0], older[0]
    assert second["root"] == signing.check(second["note"], keys.vkeys()).root.hex()
    proof = auditor.get(f"/ledger/consistency?first={first['size']}&second={second['size']}").json()
    path = [bytes.fromhex(step) for step in proof["path"]]
    old, new = (signing.check(proof[name], [proof["vkey"]]) for name in ("checkpoint_from", "checkpoint_to"))
    merkle.check_consistency(first["size"], second["size"], path, old.root, new.root)
    assert auditor.get("/ledger/consistency?first=99999").status_code == 404
    assert auditor.get("/ledger/consistency?first=").status_code == 422


# --- commands ---


def test_check_log_passes_what_holds(witness: Witness, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_log")
    said = capsys.readouterr().out
    assert "entries are as they were sealed" in said and "which is this log's" in said
    assert "Everything that could be looked at holds." in said


def test_check_log_names_what_does_not_hold(witness: Witness) -> None:
    tampering.rewrite(4)
    with pytest.raises(CommandError, match="entry 4 is another than here") as caught:
        call_command("check_log")
    assert caught.value.returncode == 1


def test_check_log_names_a_changed_row(witness: Witness) -> None:
    with triggers_lifted():
        Entry.objects.filter(leaf__number=6).update(reason="tidied")
    with pytest.raises(CommandError, match="Entry 6 was changed"):
        call_command("check_log")


def test_rotate_signing_key_prints_the_new_verifier_key(witness: Witness, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="The key is there and can sign"):
        call_command("rotate_signing_key", reason="lost", lost=True)
    call_command("rotate_signing_key", reason="once a year")
    assert f"Verifier key: {keys.vkeys()[-1]}" in capsys.readouterr().out and Key.objects.count() == 2
