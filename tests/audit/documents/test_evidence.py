"""A bundle has the documents that stood behind its scope then: the files, and who attached each when."""

import gzip
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from audit.base.errors import Refused
from audit.documents import domain, services
from audit.exports import selectors
from audit.exports import services as exports
from audit.exports.domain import regimes
from audit.exports.models import Export
from audit.lake import store
from tests.audit.documents import files
from tests.support.cast import SYSTEM, Cast


def export(kind: str, name: str = "", **more: Any) -> Export:
    """A bundle, built."""
    scope = selectors.scope_of(viewer=SYSTEM, kind=kind, name=name)
    asked = exports.ask_export(actor=SYSTEM, scope=scope, **more)
    return exports.build_export(actor=SYSTEM, export=asked, progress=lambda *_: None)


def read(built: Export, names: Iterable[str] = ()) -> dict[str, bytes]:
    """The files of the bundle's folder ``documents``, and those named."""
    with zipfile.ZipFile(store.local(built.path)) as file:
        wanted = [name for name in file.namelist() if name.startswith("documents/") or name in set(names)]
        return {name: file.read(name) for name in wanted}


def named(built: Export) -> set[str]:
    return {name.removeprefix("documents/") for name in read(built)}


def test_model_has_its_documents_and_those_above_it(attach, cast: Cast, use_case, regression) -> None:
    attach(filename="Risk file 2013.pdf", signed_by="Ines Duarte")
    attach(content=b"# Policy", scope=cast.team, kind="policy", filename="policy.md", title="AI policy")
    attach(content=b"one", scope=use_case, kind="instructions", filename="how.txt", title="Instructions")
    attach(content=b"two", scope=regression, kind="contract", filename="other.txt", title="Contract")
    short = {text: hashlib.sha256(text).hexdigest()[:12] for text in (files.pdf(), b"# Policy", b"one", b"two")}
    own = {
        f"risk-file-{short[files.pdf()]}-Risk-file-2013.pdf": files.pdf(),
        f"policy-{short[b'# Policy']}-policy.md": b"# Policy",
        f"instructions-{short[b'one']}-how.txt": b"one",
    }
    built = export("model", "late-arrival")
    found = read(built, ["index.html", "entries.ndjson.gz"])
    page, entries = found.pop("index.html").decode(), gzip.decompress(found.pop("entries.ndjson.gz"))
    assert found == {f"documents/{name}": content for name, content in own.items()}
    assert "Which documents people attached" in page
    assert (
        "Ines Duarte" in page
        and "AI policy" in page
        and "Contract" not in page.split("Which documents people")[1][:3000]
    )
    assert hashlib.sha256(files.pdf()).hexdigest().encode() in entries
    other = {f"contract-{short[b'two']}-other.txt"}
    for kind, name in (("use_case", "late-arrival-alert"), ("team", "flight-operations"), ("all", "")):
        assert named(export(kind, name)) == {*own, *other}, kind
    assert named(export("model", "arrival-delay")) == {*own, *other} - {
        f"risk-file-{short[files.pdf()]}-Risk-file-2013.pdf"
    }


def test_bundle_with_documents_verifies_and_supports_paragraphs(attach) -> None:
    without = json.loads(read(export("model", "late-arrival"), ["regimes/eu-ai-act.json"])["regimes/eu-ai-act.json"])
    attach()
    built = export("model", "late-arrival")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(exports.__file__).parent / "verifier" / "verify.py"),
         str(store.local(built.path))], capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(read(built, ["regimes/eu-ai-act.json"])["regimes/eu-ai-act.json"])

    def risk_files(regime: dict[str, Any]) -> list[str]:
        return [name for one in regime["paragraphs"] for name in one["documents"] if "risk-file" in name]

    assert risk_files(without) == []
    assert set(risk_files(found)) == {f"documents/risk-file-{hashlib.sha256(files.pdf()).hexdigest()[:12]}-risks.pdf"}
    assert found["counts"]["supported"] > without["counts"]["supported"]


def test_same_size_has_the_same_documents_whatever_comes_later(attach, cast: Cast) -> None:
    first = attach()
    built = export("model", "late-arrival")
    second = attach(content=files.pdf("b"), replaces=first)
    services.withdraw_document(actor=cast.actor("owner"), document=first, reason="wrong")
    assert export("model", "late-arrival", size=built.size).digest == built.digest
    later = export("model", "late-arrival")
    assert named(later) == {f"risk-file-{second.digest[:12]}-risks.pdf"}


def test_replaced_document_goes_along_and_says_so(attach) -> None:
    attach(content=files.pdf("b"), replaces=attach(), filename="newer.pdf")
    built = export("model", "late-arrival")
    assert len(named(built)) == 2
    assert "replaced" in read(built, ["index.html"])["index.html"].decode()


def test_same_file_of_two_models_is_in_a_bundle_once(attach, regression) -> None:
    attach()
    attach(scope=regression)
    assert len(named(export("team", "flight-operations"))) == 1


def test_file_that_retention_removed_is_listed_and_not_there(attach, django_capture_on_commit_callbacks) -> None:
    document = attach()
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=document, reason="Ten years have passed.")
    built = export("model", "late-arrival")
    assert named(built) == set()
    page = read(built, ["index.html"])["index.html"].decode()
    assert "content removed" in page and "The content of 1 document was removed by retention" in page


def test_file_that_was_altered_in_the_lake_stops_the_export(attach, settings) -> None:
    document = attach()
    (Path(settings.LAKE_URL) / document.path).write_bytes(files.pdf("other"))
    with pytest.raises(Refused, match="of “Risk file” is not what was attached"):
        export("model", "late-arrival")


@pytest.mark.parametrize("kind", ["use_case", "team"])
def test_scope_without_models_has_its_documents(cast: Cast, use_case, kind: str) -> None:
    """A use case may have documents before it has a model."""
    from datetime import date

    services.attach_document(
        actor=cast.actor("owner"), scope=use_case, kind="impact-assessment", title="Impact", filename="impact.txt",
        chunks=[b"Who is touched?"], dated=date(2013, 1, 1),
    )  # fmt: skip
    assert len(named(export(kind, {"use_case": use_case.slug, "team": cast.team.slug}[kind]))) == 1


def test_regimes_ask_for_kinds_that_can_be_attached() -> None:
    assert dict(regimes.DOCUMENTS) == dict(domain.KINDS)
