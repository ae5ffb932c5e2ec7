"""A real bundle of a real log: it verifies by itself, is the same to the byte each time, and hides nothing."""

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from audit.assurance import services as assurance
from audit.base import clock
from audit.base.errors import InvalidInput, NotFound, NotPermitted
from audit.catalogue import services as catalogue
from audit.exports import requests, selectors, services
from audit.exports.models import Export
from audit.lake import store
from audit.ledger import keys, personal, sealing
from audit.ledger.models import Entry, Incident, Personal
from audit.ledger.services import Event, record_many
from tests.support.cast import SYSTEM, Cast
from tests.support.world import World

VERIFIER = Path(__file__).resolve().parents[3] / "audit" / "exports" / "verifier" / "verify.py"
ALL = ("model", "use_case", "team", "all")


def export(kind: str, name: str = "", **more: object) -> Export:
    """An export, built."""
    size = more.pop("size", None)
    scope = selectors.scope_of(viewer=SYSTEM, kind=kind, name=name, **more)  # type: ignore[arg-type]
    asked = services.ask_export(actor=SYSTEM, scope=scope, size=size)  # type: ignore[arg-type]
    return services.build_export(actor=SYSTEM, export=asked, progress=lambda *_: None)


def name_of(world: World, kind: str) -> str:
    return {"model": "late-arrival", "use_case": "late-arrival-alert", "team": "flight-operations", "all": ""}[kind]


def verify(place: Path) -> tuple[int, str]:
    """Exit code and words of verify.py, run as anyone would, without our packages."""
    done = subprocess.run([sys.executable, "-I", "-S", str(VERIFIER), str(place)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("kind", ALL)
def test_bundle_of_each_scope_verifies_without_our_packages(world: World, kind: str) -> None:
    built = export(kind, name_of(world, kind))
    code, said = verify(store.local(built.path))
    assert code == 0, said


def test_bundle_holds_what_people_and_machines_read(world: World) -> None:
    built = export("model", "late-arrival")
    with zipfile.ZipFile(store.local(built.path)) as file:
        names = set(file.namelist())
        manifest = json.loads(file.read("manifest.json"))
        lines = gzip.decompress(file.read("entries.ndjson.gz")).splitlines()
        assert file.read("report.pdf").startswith(b"%PDF-")
        assert b"late-arrival" in file.read("index.html")
        assert json.loads(file.read("bom.cdx.json"))["specVersion"] == "1.7"
        assert file.read("verify.py") == VERIFIER.read_bytes()
    assert {"checkpoint.txt", "keys.json", "index.json", "proof.txt.gz", "entries.csv.gz", "README.txt"} <= names
    assert {"eu-ai-act", "sr-26-2", "iso-42001", "nist-ai-rmf"} == {
        name.removeprefix("regimes/").removesuffix(".json") for name in names if name.startswith("regimes/")
    }
    assert any(name.startswith("documents/") for name in names)
    model = world.rows["model"]
    assert (
        len(lines)
        == manifest["entries"]
        == built.entries
        == Entry.objects.filter(model=model.pk, pk__lte=_last(built)).count()
    )


def _last(built: Export) -> int:
    return Entry.objects.get(leaf__number=built.size).pk


@pytest.mark.parametrize("kind", ["model", "all"])
def test_same_scope_and_size_is_the_same_file_later_and_in_another_zone(world: World, kind: str) -> None:
    first = export(kind, name_of(world, kind))
    with timezone.override("Pacific/Auckland"):
        version = catalogue.register_version(
            actor=SYSTEM,
            model=world.rows["model"],  # type: ignore[arg-type]
            artefact="artefacts/later",
            artefact_digest="9" * 64,
            author=world.cast.owner,
        )
        catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
        sealing.seal()
        again = export(kind, name_of(world, kind), size=first.size)
    assert again.digest == first.digest and again.pk != first.pk
    later = export(kind, name_of(world, kind))
    assert later.size > first.size and later.digest != first.digest


def test_size_that_was_never_exported_is_refused_with_those_that_were(world: World) -> None:
    first = export("model", "late-arrival")
    with pytest.raises(NotFound, match=f"exported at {first.size}"):
        export("model", "late-arrival", size=first.size - 1)


def test_asking_building_and_taking_are_entries(world: World) -> None:
    built = export("model", "late-arrival")
    b"".join(services.take_out(actor=world.cast.actor("auditor"), export=built))
    actions = list(Entry.objects.filter(subject_id=str(built.pk)).order_by("pk").values_list("action", flat=True))
    assert actions == ["exports.asked", "exports.built", "exports.taken"]
    assert Entry.objects.get(action="exports.taken").changes == {"digest": [None, built.digest]}


def test_period_shows_its_entries_and_proves_the_others(world: World) -> None:
    tomorrow = (clock.now() + timedelta(days=1)).date()
    with pytest.raises(InvalidInput, match="No entry of"):
        export("model", "late-arrival", since=tomorrow)
    today = clock.now().date()
    built = export("model", "late-arrival", since=today, until=tomorrow)
    assert built.first is not None and built.last is not None
    assert verify(store.local(built.path))[0] == 0


def test_entries_outside_the_period_are_hashes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    sealing.seal()
    before = Entry.objects.count()
    later = datetime.now(UTC) + timedelta(days=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    model = world.rows["model"]
    record_many(
        actor=SYSTEM,
        events=[Event("ledger.refused", subject_name=str(n), within=(model.pk, None)) for n in range(5)],
    )
    built = export("model", "late-arrival", since=later.date())
    with zipfile.ZipFile(store.local(built.path)) as file:
        others = gzip.decompress(file.read("others.txt.gz")).decode().splitlines()
        lines = gzip.decompress(file.read("entries.ndjson.gz")).splitlines()
    assert len(lines) == 5 and len(others) > 0 and all(line.endswith(" period") for line in others)
    assert built.first is not None and built.first > before
    code, said = verify(store.local(built.path))
    assert code == 0, said


def test_erased_value_is_said_to_be_erased_and_everything_still_holds(world: World) -> None:
    personal_rows = Personal.objects.filter(person=str(world.cast.owner.pk))
    assert personal_rows.exists()
    personal_rows.update(value="", salt="", erased_at=clock.now())
    personal.forget()
    built = export("all")
    code, said = verify(store.local(built.path))
    assert code == 0, said
    assert "Erased: 5 values" in said
    with zipfile.ZipFile(store.local(built.path)) as file:
        assert b"owner@example.org" not in gzip.decompress(file.read("personal.ndjson.gz"))
        assert b"owner@example.org" not in gzip.decompress(file.read("entries.csv.gz"))


def test_log_that_changed_its_key_and_then_began_again_still_verifies(world: World) -> None:
    sealing.seal()
    keys.change_key(actor=SYSTEM, reason="a year is over")
    sealing.seal()
    fork = Incident.objects.create(kind="fork", at=clock.now(), sentence="An older database.", halts=True)
    assurance.begin_again(actor=SYSTEM, incident=fork, reason="yesterday's database is all that is left")
    sealing.seal()
    built = export("model", name_of(world, "model"))
    code, said = verify(store.local(built.path))
    assert code == 0, said
    assert said.count("both signed it") == 2


def _drop(folder: Path, at: int) -> str:
    """Leaves one entry out and mends everything else that an insider could mend."""
    path = folder / "entries.ndjson.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    dropped, behind, before = (json.loads(lines[n])["number"] for n in (at, at - 1, at + 1))
    path.write_bytes(gzip.compress(b"".join(lines[:at] + lines[at + 1 :]), mtime=0))
    leaves = (folder / "leaves.bin").read_bytes()
    (folder / "leaves.bin").write_bytes(leaves[: at * 32] + leaves[(at + 1) * 32 :])
    proof = gzip.decompress((folder / "proof.txt.gz").read_bytes()).decode().splitlines()
    proof.append(f"{dropped - 1} 0 {leaves[at * 32 : (at + 1) * 32].hex()}")
    proof.sort(key=lambda line: int(line.split()[0]))
    (folder / "proof.txt.gz").write_bytes(gzip.compress("".join(f"{line}\n" for line in proof).encode(), mtime=0))
    _mend(folder, entries=len(lines) - 1)
    return (
        f"ntry {at + 1} of {len(lines)} of model late-arrival is missing: it lies between entries {behind} and {before}"
    )


def _mend(folder: Path, **changes: object) -> None:
    """The manifest as an insider would write it anew."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= changes
    manifest["files"] = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in manifest["files"]}
    (folder / "manifest.json").write_text(json.dumps(manifest, sort_keys=True, separators=(",", ":")))


@pytest.fixture
def unpacked(world: World, tmp_path: Path) -> Path:
    """The bundle of a model as a folder."""
    built = export("model", "late-arrival")
    with zipfile.ZipFile(store.local(built.path)) as file:
        file.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


def test_entry_left_out_of_a_models_bundle_is_found_and_named(unpacked: Path) -> None:
    words = _drop(unpacked, at=3)
    code, said = verify(unpacked)
    assert code == 1 and words in said


@pytest.mark.parametrize("name", ["entries.ndjson.gz", "report.pdf", "checkpoint.txt", "index.json", "entries.csv.gz"])
def test_one_flipped_byte_is_found_and_the_file_named(unpacked: Path, name: str) -> None:
    content = bytearray((unpacked / name).read_bytes())
    content[len(content) // 2] ^= 1
    (unpacked / name).write_bytes(bytes(content))
    code, said = verify(unpacked)
    assert code in {1, 2} and name in said


def test_altered_entry_is_named(unpacked: Path) -> None:
    path = unpacked / "entries.ndjson.gz"
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    number = json.loads(lines[2])["number"]
    lines[2] = lines[2].replace(b'"reason":"', b'"reason":"x', 1)
    path.write_bytes(gzip.compress(b"".join(lines), mtime=0))
    _mend(unpacked)
    code, said = verify(unpacked)
    assert code == 1 and f"ntry {number}" in said


@pytest.mark.parametrize(
    ("who", "kind", "allowed"),
    [
        ("owner", "model", True),
        ("auditor", "all", True),
        ("administrator", "team", True),
        ("owner", "all", False),
        ("manager", "model", False),
        ("validator", "model", False),
        ("outsider", "model", False),
    ],
)
def test_who_may_export_what(world: World, who: str, kind: str, allowed: bool) -> None:
    actor = world.cast.actor(who)
    act: Callable[[], Export] = lambda: services.ask_export(  # noqa: E731
        actor=actor, scope=selectors.scope_of(viewer=SYSTEM, kind=kind, name=name_of(world, kind))
    )
    if allowed:
        assert act() in requests.exports(viewer=actor)
        return
    with pytest.raises(NotPermitted):
        act()


def test_outsider_sees_no_export_of_another_team(world: World, cast: Cast) -> None:
    built = export("model", "late-arrival")
    assert built not in requests.exports(viewer=cast.actor("outsider"))
    with pytest.raises(NotFound):
        requests.export(viewer=cast.actor("outsider"), export_id=str(built.pk))


def test_command_writes_the_file_and_says_how_to_check_it(world: World, tmp_path: Path) -> None:
    from django.core.management import call_command

    target = tmp_path / "out.zip"
    call_command("export_evidence", "--model", "late-arrival", "--out", str(target))
    assert verify(target)[0] == 0
    assert hashlib.sha256(target.read_bytes()).hexdigest() == Export.objects.exclude(digest="").get().digest
