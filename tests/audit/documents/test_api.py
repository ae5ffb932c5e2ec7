"""Programs attach documents as multipart forms and take their content back, byte for byte."""

import base64
import hashlib
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from audit.documents.models import Document
from tests.audit.documents import files
from tests.support.api import ROOT, Program

SAID = {"kind": "test-report", "title": "Test report", "dated": "2013-03-01", "signed_by": "Ines Duarte"}


def send(
    program: Program, content: bytes = files.pdf(), name: str = "report.pdf", key: str = "", **changes: str
) -> Any:
    """The answer to a POST of this file."""
    form = {**SAID, **changes, "file": SimpleUploadedFile(name, content)}
    headers = {"Authorization": f"Bearer {program.token}", **({"Idempotency-Key": key} if key else {})}
    return program.client.post(f"{ROOT}/models/late-arrival/documents", form, headers=headers)


@pytest.fixture
def owner(program, model) -> Program:
    return program("owner")


def test_attach_list_and_take_the_content(owner: Program, program) -> None:
    content = files.docx()
    answer = send(owner, content, "Prüfbericht.docx")
    assert answer.status_code == 201, answer.content
    made = dict(answer.json())
    assert UUID(made.pop("id"))
    assert made.pop("attached_at")
    assert made == {
        **SAID,
        "model": "late-arrival",
        "use_case": None,
        "team": None,
        "state": "current",
        "filename": "Prüfbericht.docx",
        "media_type": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "bytes": len(content),
        "digest": hashlib.sha256(content).hexdigest(),
        "attached_by": "test (Owner)",
        "replaces": None,
        "withdrawn_at": None,
        "withdrawn_by": "",
        "withdrawn_why": "",
        "content_removed_at": None,
    }
    ident, reader = answer.json()["id"], program("manager")
    for address in ("/documents", "/models/late-arrival/documents?kind=test-report", "/documents?limit=1"):
        assert [row["id"] for row in reader.get(address).json()["items"]] == [ident]
    assert reader.get("/documents?kind=policy").json()["items"] == []
    assert reader.get(f"/documents/{ident}").json() == answer.json()
    taken = reader.get(f"/documents/{ident}/content")
    assert taken.content == content
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert {name: taken[name] for name in ("Content-Disposition", "X-Content-Type-Options", "Repr-Digest")} == {
        "Content-Disposition": "attachment; filename*=utf-8''Pr%C3%BCfbericht.docx",
        "X-Content-Type-Options": "nosniff",
        "Repr-Digest": f"sha-256=:{digest}:",
    }


def test_attach_twice_under_one_key_is_one_document(owner: Program) -> None:
    first, again = send(owner, key="k1"), send(owner, key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert Document.objects.count() == 1
    assert send(owner).status_code == 409


def test_attach_a_newer_version_marks_the_older_one(owner: Program) -> None:
    first = send(owner).json()["id"]
    second = send(owner, files.pdf("b"), replaces=first)
    assert second.json()["replaces"] == first
    assert owner.get(f"/documents/{first}").json()["state"] == "replaced"
    assert send(owner, files.pdf("c"), replaces=str(UUID(int=1))).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"content": b"MZ\x90\x00"}, "This type of file cannot be attached"),
        ({"name": "report.exe"}, "content is a PDF"),
        ({"kind": "novel"}, "is no kind of document"),
        ({"title": "   "}, "needs a title"),
        ({"title": "\x00"}, "needs a title"),
        ({"dated": "yesterday"}, "see form.dated"),
        ({"dated": "2999-01-01"}, "lies ahead"),
        ({"replaces": "x"}, "see form.replaces"),
    ],
)
def test_attach_what_cannot_be_used_is_a_problem(owner: Program, changes: dict[str, Any], sentence: str) -> None:
    answer = send(owner, **changes)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert sentence in answer.json()["detail"]
    assert not Document.objects.exists()


@pytest.mark.parametrize(
    ("name", "status"),
    [("validator", 201), ("administrator", 201), ("manager", 403), ("approver", 403), ("auditor", 403),
     ("outsider", 404), ("nobody", 401)],
)  # fmt: skip
def test_attach_by_each_member(program, model, name: str, status: int) -> None:
    assert send(program(name)).status_code == status


def test_attach_with_a_token_that_only_reads_is_refused(program, model) -> None:
    answer = send(program("owner", scopes=("read",)))
    assert answer.status_code == 403
    assert "its scope is read" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("multipart/form-data; boundary=x", b""),
        ("application/json", b'{"kind": "policy"}'),
        ("application/pdf", files.pdf()),
        ("application/x-www-form-urlencoded", b"kind=policy"),
    ],
)
@pytest.mark.parametrize("key", ["", "k2"])
def test_attach_as_something_else_than_a_form_is_a_problem(owner: Program, content_type: str, body: bytes, key) -> None:
    client = Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {owner.token}", **({"Idempotency-Key": key} if key else {})}
    answer = client.generic("POST", f"{ROOT}/models/late-arrival/documents", body, content_type, headers=headers)
    assert answer.status_code in {400, 422}, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_lists_with_an_unknown_kind_or_a_strange_one_say_so(owner: Program) -> None:
    for address in ("/documents?kind=novel", "/documents?kind=%00", "/models/late-arrival/documents?kind=novel"):
        answer = owner.get(address)
        assert answer.status_code == 422
        assert "Use one of model-card, ml-bom" in answer.json()["detail"]
