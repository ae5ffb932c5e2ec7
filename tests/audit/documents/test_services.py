"""Each change of a document is one weighty entry; no content is lost while a document needs it."""

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from audit.base import clock
from audit.base.errors import InvalidInput, NotFound, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.documents import listing, selectors, services
from audit.documents.models import Document
from audit.lake import store as lake
from audit.ledger.audited import digest_of, key_of
from audit.ledger.models import Entry
from audit.ledger.registry import ACTIONS
from audit.ledger.selectors import told
from tests.audit.documents import files
from tests.support.cast import SYSTEM, Cast


def entry_of(document: Document, action: str) -> Any:
    """The one entry of this action about the document."""
    return Entry.objects.get(action=action, subject_id=str(document.pk))


def in_lake(digest: str) -> Path:
    return Path(settings.LAKE_URL) / "documents" / digest


def test_attach_keeps_the_file_and_writes_digest_kind_and_date(attach, cast: Cast, model) -> None:
    content = files.pdf()
    found = attach(signed_by="Dr. Ada  Byron ", title=" Risk\nfile")
    digest = hashlib.sha256(content).hexdigest()
    assert (found.title, found.media_type, found.size, found.digest) == (
        "Risk file", "application/pdf", len(content), digest,
    )  # fmt: skip
    assert (found.actor_id, found.actor_name, found.path) == (
        "validator@example.org", "Validator", f"documents/{digest}",
    )  # fmt: skip
    assert in_lake(digest).read_bytes() == content
    entry = entry_of(found, "documents.attached")
    assert {name: entry.changes[name] for name in ("digest", "kind", "dated", "filename", "size")} == {
        "digest": [None, digest],
        "kind": [None, "risk-file"],
        "dated": [None, "2013-03-01"],
        "filename": [None, "risks.pdf"],
        "size": [None, len(content)],
    }
    assert (entry.model, entry.use_case, entry.team) == (model.pk, model.use_case_id, cast.team.pk)
    assert entry.states == {key_of(found): digest_of(Document.objects.get(pk=found.pk))}
    assert ACTIONS["documents.attached"].weighty
    assert ACTIONS["documents.withdrawn"].weighty


def test_attach_hides_who_signed_behind_a_commitment(attach) -> None:
    entry = entry_of(attach(signed_by="Ada Byron"), "documents.attached")
    assert "Byron" not in str(entry.changes)
    assert told([entry])[0].changes["signed_by"] == [None, "Ada Byron"]


def test_attach_to_use_case_and_team_stands_in_their_lives(attach, cast: Cast, use_case) -> None:
    of_case, of_team = attach(scope=use_case), attach(scope=cast.team)
    case, team = entry_of(of_case, "documents.attached"), entry_of(of_team, "documents.attached")
    assert (case.model, case.use_case, case.team) == (None, use_case.pk, cast.team.pk)
    assert (team.model, team.use_case, team.team) == (None, None, cast.team.pk)


@pytest.mark.parametrize("name", ["manager", "approver", "auditor", "outsider"])
def test_attach_by_who_may_not_is_refused_before_the_file_is_kept(attach, name: str) -> None:
    content = files.pdf(f"secret of {name}")
    with pytest.raises(NotPermitted, match="You may not attach documents here: a model owner"):
        attach(by=name, content=content)
    assert not in_lake(hashlib.sha256(content).hexdigest()).exists()


@pytest.mark.parametrize("name", ["owner", "validator", "administrator"])
def test_attach_by_who_may_is_theirs(attach, name: str) -> None:
    assert attach(by=name).actor_id == f"{name}@example.org"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kind": "novel"}, "'novel' is no kind of document"),
        ({"title": " \n"}, "needs a title"),
        ({"title": "x" * 201}, "At most 200 characters"),
        ({"signed_by": "x" * 201}, "At most 200 characters"),
        ({"dated": clock.now().date() + timedelta(days=2)}, "lies ahead"),
        ({"content": b""}, "empty"),
        ({"content": b"MZ\x90\x00"}, "cannot be attached"),
    ],
)
def test_attach_what_cannot_be_used_says_why_and_writes_nothing(attach, said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        attach(**said)
    assert not Document.objects.exists()
    assert not Entry.objects.filter(action__startswith="documents.").exists()


def test_attach_more_than_25_megabytes_stops_reading(cast: Cast, model) -> None:
    read = []

    def endless():
        while True:
            read.append(1)
            yield b"a" * 1024 * 1024

    with pytest.raises(InvalidInput, match="larger than 25 MB"):
        services.attach_document(
            actor=cast.actor("owner"), scope=model, kind="policy", title="P", filename="p.txt", chunks=endless(),
            dated=date(2013, 3, 1),
        )  # fmt: skip
    assert len(read) == 26


def test_attach_same_file_twice_is_refused_and_for_another_kind_is_not(attach, use_case) -> None:
    attach()
    with pytest.raises(Refused, match="attached already, as “Risk file” of 1 March 2013"):
        attach(title="Again")
    assert attach(kind="policy").digest == attach(scope=use_case).digest
    assert Document.objects.count() == 3


def test_newer_version_replaces_the_older_one(attach, cast: Cast) -> None:
    first = attach()
    second = attach(content=files.pdf("second"), dated=date(2013, 6, 1), replaces=first)
    third = attach(content=files.pdf("third"), dated=date(2013, 9, 1), replaces=second)
    rows = {row.pk: listing.state_of(row) for row in selectors.documents(viewer=cast.actor("owner"))}
    assert rows == {first.pk: "replaced", second.pk: "replaced", third.pk: "current"}
    assert entry_of(second, "documents.attached").changes["replaces_id"] == [None, str(first.pk)]
    family = selectors.versions(
        viewer=cast.actor("owner"), document=selectors.documents(viewer=SYSTEM).get(pk=first.pk)
    )
    assert [row.pk for row in family] == [third.pk, second.pk, first.pk]


def test_newer_version_of_what_does_not_stand_or_is_another_is_refused(attach, cast: Cast, use_case) -> None:
    first = attach()
    with pytest.raises(Refused, match="same kind, and of the same model"):
        attach(content=files.pdf("b"), kind="policy", replaces=first)
    with pytest.raises(Refused, match="same kind, and of the same model"):
        attach(content=files.pdf("b"), scope=use_case, replaces=first)
    second = attach(content=files.pdf("b"), title="Second", replaces=first)
    with pytest.raises(Refused, match="“Second” of 1 March 2013 replaces it already"):
        attach(content=files.pdf("c"), replaces=first)
    services.withdraw_document(actor=cast.actor("owner"), document=second, reason="a mistake")
    with pytest.raises(Refused, match="“Second” was withdrawn"):
        attach(content=files.pdf("c"), replaces=second)
    third = attach(content=files.pdf("c"), replaces=first)
    rows = {row.pk: listing.state_of(row) for row in selectors.documents(viewer=SYSTEM)}
    assert rows == {first.pk: "replaced", second.pk: "withdrawn", third.pk: "current"}


def test_withdraw_keeps_the_row_and_the_file_and_says_why(attach, cast: Cast) -> None:
    document = attach()
    services.withdraw_document(actor=cast.actor("owner"), document=document, reason="Signed by nobody.")
    document.refresh_from_db()
    assert (document.withdrawn_by, document.withdrawn_why) == ("Owner", "Signed by nobody.")
    assert selectors.content(document=document) == files.pdf()
    entry = entry_of(document, "documents.withdrawn")
    assert entry.reason == "Signed by nobody."
    assert entry.changes["digest"] == [document.digest, document.digest]
    assert entry.changes["kind"] == ["risk-file", "risk-file"]
    assert entry.changes["dated"] == ["2013-03-01", "2013-03-01"]
    assert entry.changes["withdrawn_at"][0] is None
    assert entry.states == {key_of(document): digest_of(document)}
    with pytest.raises(Refused, match="withdrawn before, by Owner"):
        services.withdraw_document(actor=cast.actor("owner"), document=document, reason="again")
    assert attach().pk != document.pk, "what was withdrawn can be attached anew"


@pytest.mark.parametrize("name", ["manager", "validator", "approver", "auditor", "outsider"])
def test_withdraw_by_who_may_not_is_refused(attach, cast: Cast, name: str) -> None:
    with pytest.raises(NotPermitted, match="You may not register or change models"):
        services.withdraw_document(actor=cast.actor(name), document=attach(), reason="no")


@pytest.mark.parametrize("reason", ["", " \x00\n", "x" * 2001])
def test_withdraw_without_a_usable_reason_is_refused(attach, cast: Cast, reason: str) -> None:
    document = attach()
    with pytest.raises(InvalidInput):
        services.withdraw_document(actor=cast.actor("owner"), document=document, reason=reason)
    document.refresh_from_db()
    assert document.withdrawn_at is None


def test_remove_content_leaves_row_digest_and_entry(attach, django_capture_on_commit_callbacks) -> None:
    document = attach()
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=document, reason="Kept for ten years.")
    document.refresh_from_db()
    assert not in_lake(document.digest).exists()
    assert (document.path, len(document.digest)) == ("", 64)
    assert document.content_removed_at is not None
    entry = entry_of(document, "documents.content_removed")
    assert (entry.reason, entry.states) == ("Kept for ten years.", {key_of(document): digest_of(document)})
    with pytest.raises(Refused, match="was removed; its SHA-256"):
        selectors.content(document=document)
    assert list(selectors.with_content()) == []


def test_remove_content_that_another_document_has_still_leaves_the_file(
    attach, use_case, django_capture_on_commit_callbacks
) -> None:
    gone, kept = attach(), attach(scope=use_case)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=gone, reason="Old.")
    assert selectors.content(document=kept) == files.pdf()
    assert [row.pk for row in selectors.with_content()] == [kept.pk]
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=kept, reason="Old.")
    assert not in_lake(kept.digest).exists()


def test_remove_content_that_was_interrupted_is_finished_without_a_second_entry(
    attach, django_capture_on_commit_callbacks
) -> None:
    document = attach()
    services.remove_content(actor=SYSTEM, document=document, reason="Old.")  # its commit's callbacks never ran
    assert in_lake(document.digest).exists()
    assert [row.pk for row in selectors.with_content()] == [document.pk]
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=document, reason="Old.")
    assert not in_lake(document.digest).exists()
    assert Entry.objects.filter(action="documents.content_removed").count() == 1


def test_attach_again_what_is_being_removed_keeps_the_new_copy(
    attach, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
) -> None:
    """The removal goes on between the moment at which the new copy is stored and that of its row."""
    document = attach()
    services.remove_content(actor=SYSTEM, document=document, reason="Old.")
    put, calls = lake.put_bytes, list[Any]()

    def put_then_cleared(prefix: str, content: bytes):
        stored = put(prefix, content)
        if not calls:
            services._clear(stored.digest)
        calls.append(stored)
        return stored

    monkeypatch.setattr(lake, "put_bytes", put_then_cleared)
    again = attach()
    assert len(calls) == 2
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_content(actor=SYSTEM, document=document, reason="Old.")
    assert selectors.content(document=again) == files.pdf()


@pytest.mark.parametrize("name", ["owner", "validator", "auditor"])
def test_remove_content_by_who_may_not_is_refused(attach, cast: Cast, name: str) -> None:
    document = attach()
    with pytest.raises(NotPermitted):
        services.remove_content(actor=cast.actor(name), document=document, reason="no")
    with pytest.raises(InvalidInput, match="Say why"):
        services.remove_content(actor=SYSTEM, document=document, reason=" ")


def test_content_that_was_altered_or_is_missing_is_not_given_out(attach) -> None:
    document = attach()
    in_lake(document.digest).write_bytes(files.pdf("other"))
    with pytest.raises(Refused, match=f"of “Risk file” is not what was attached: its SHA-256 is not {document.digest}"):
        selectors.content(document=document)
    in_lake(document.digest).unlink()
    with pytest.raises(NotFound):
        selectors.content(document=document)


@pytest.mark.parametrize("columns", [{}, {"model": 1, "team": 1}, {"model": 1, "use_case": 1, "team": 1}])
def test_document_of_none_or_of_two_is_refused_by_the_database(attach, cast: Cast, model, columns) -> None:
    row = attach()
    scopes: dict[str, Any] = {"model": model, "use_case": model.use_case, "team": cast.team}
    values = {name: scopes[name] if name in columns else None for name in scopes}
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.filter(pk=row.pk).update(**values)


def test_known_at_a_moment_are_those_attached_and_not_withdrawn_by_then(attach, cast: Cast) -> None:
    start = clock.now()
    first = attach()
    second = attach(content=files.pdf("b"), replaces=first)
    between = clock.now()
    services.withdraw_document(actor=cast.actor("owner"), document=first, reason="wrong")

    def known(moment) -> set[Any]:
        return {row.pk for row in selectors.known_at(viewer=SYSTEM, as_of=moment)}

    assert (known(start), known(between), known(clock.now())) == (set(), {first.pk, second.pk}, {second.pk})


def test_behind_a_model_stand_its_own_documents_and_those_above_it(attach, cast: Cast, model, regression) -> None:
    other = catalogue.register_use_case(
        actor=SYSTEM, team=cast.other_team, slug="meals", name="Meals", problem="Too many."
    )
    own, case, team = attach(), attach(scope=model.use_case), attach(scope=cast.team)
    attach(by="outsider", scope=other)
    attach(scope=regression)
    behind = selectors.documents(viewer=SYSTEM).filter(selectors.behind(model))
    assert {row.pk for row in behind} == {own.pk, case.pk, team.pk}
    assert listing.missing(row.kind for row in behind)[:2] == [
        "List of the standards applied", "Copy of the declaration of conformity",
    ]  # fmt: skip
    assert "Risk management file" not in listing.missing(row.kind for row in behind)
