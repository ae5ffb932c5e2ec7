"""Attaches, withdraws, and removes the content of documents: each is one entry, and no row is ever deleted."""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

from django.db import IntegrityError, transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput, Refused
from audit.documents import domain, ledger_actions
from audit.documents.models import Document, Scope, columns_of, owner_of
from audit.lake import store as lake
from audit.ledger.audited import changed, created, values
from audit.ledger.services import Changes, record
from config.ui import format as say

ATTACH, WITHDRAW, REMOVE = "documents.attach", "catalogue.write", "ledger.manage"
FOLDER = "documents"
LONGEST_LINE, LONGEST_REASON = 200, 2000


def attach_document(
    *,
    actor: Actor,
    scope: Scope,
    kind: str,
    title: str,
    filename: str,
    chunks: Iterable[bytes],
    dated: date,
    signed_by: str = "",
    replaces: Document | None = None,
) -> Document:
    """A document of a model, a use case or a team; ``replaces`` is the one of which it is a newer version.

    Raises:
        NotPermitted: the actor may not attach documents for the team.
        InvalidInput: the kind is unknown, the title is empty or too long, the date lies ahead, or the file cannot be
            attached.
        Refused: the same file is attached already, or ``replaces`` does not stand any more or is another scope's.
    """
    actor.check(ATTACH, owner_of(scope).pk)
    said = _said(kind=kind, title=title, dated=dated, signed_by=signed_by)
    name, content = domain.clean_name(filename), _read(chunks)
    media = domain.media_of(content, name)
    stored = lake.put_bytes(FOLDER, content)
    with transaction.atomic():
        same = list(Document.objects.select_for_update().filter(digest=stored.digest))
        _check_new(same, scope, kind)
        if replaces is not None:
            _check_replaced(replaces, scope, kind)
        if any(one.content_removed_at for one in same):
            lake.put_bytes(FOLDER, content)  # removing it held these rows, and may have taken our copy along
        document = _create(
            **columns_of(scope),
            **said,
            filename=name,
            media_type=media.type,
            size=stored.size,
            digest=stored.digest,
            path=stored.path,
            replaces=replaces,
            actor_id=actor.id,
            actor_name=actor.name,
        )
        changes: Changes = dict(created(document))
        if document.signed_by:
            changes["signed_by"] = (None, document.signed_by)
        record(
            actor=actor,
            action=ledger_actions.ATTACHED,
            subject=document,
            team=owner_of(scope).pk,
            changes=changes,
        )
    return document


def _create(**columns: object) -> Document:
    """The row.

    Raises:
        Refused: someone else attached the same file, or replaced the same document, in this very moment.
    """
    try:
        with transaction.atomic():
            return Document.objects.create(**columns)
    except IntegrityError as error:
        raise Refused("Someone attached the same at the same moment. Look at the list before you try again.") from error


def _said(*, kind: str, title: str, dated: date, signed_by: str) -> dict[str, object]:
    if kind not in domain.KINDS:
        kinds = ", ".join(domain.KINDS)
        raise InvalidInput(f"{kind!r} is no kind of document.", where="kind", mend=f"Use one of {kinds}.")
    if dated > clock.now().date() + timedelta(days=1):
        raise InvalidInput("This date lies ahead.", where="dated", mend="Enter the date that stands in the document.")
    line = _line(title, "title")
    if not line:
        raise InvalidInput("A document needs a title.", where="title", mend="Enter what people call it.")
    return {"kind": kind, "title": line, "dated": dated, "signed_by": _line(signed_by, "signed_by")}


def _line(text: str, where: str) -> str:
    """The text in one line, without signs that nobody sees."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    if len(line) > LONGEST_LINE:
        raise InvalidInput(f"At most {LONGEST_LINE} characters.", where=where, mend="Shorten it.")
    return line


def _read(chunks: Iterable[bytes]) -> bytes:
    """The whole content; of more than may be attached no more is read than shows it."""
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > domain.LARGEST:
            raise domain.too_large()
    return bytes(content)


def _check_new(same: Iterable[Document], scope: Scope, kind: str) -> None:
    for one in same:
        stands = one.withdrawn_at is None and one.content_removed_at is None
        if stands and one.kind == kind and _is_of(one, scope):
            raise Refused(f"This very file is attached already, as “{one.title}” of {say.day(one.dated)}.")


def _is_of(document: Document, scope: Scope) -> bool:
    ((column, value),) = columns_of(scope).items()
    return getattr(document, f"{column}_id") == value.pk


def _check_replaced(document: Document, scope: Scope, kind: str) -> None:
    old = Document.objects.select_for_update().get(pk=document.pk)
    if old.kind != kind or not _is_of(old, scope):
        raise Refused("A newer version replaces a document of the same kind, and of the same model, use case or team.")
    if old.withdrawn_at is not None:
        raise Refused(f"“{old.title}” was withdrawn, so nothing replaces it. Attach the document by itself.")
    newer = old.newer.filter(withdrawn_at=None).first()
    if newer is not None:
        raise Refused(f"“{newer.title}” of {say.day(newer.dated)} replaces it already. Replace that one.")


@transaction.atomic
def withdraw_document(*, actor: Actor, document: Document, reason: str) -> Document:
    """The document does not stand any more, because of ``reason``; it and its content stay.

    Raises:
        NotPermitted: the actor may not write for the team.
        InvalidInput: there is no reason, or it is too long.
        Refused: it was withdrawn before.
    """
    team = document.owner.pk
    actor.check(WITHDRAW, team)
    why = _reason(reason, "Say why the document no longer stands.")
    locked = _locked(document)
    if locked.withdrawn_at is not None:
        raise Refused(f"This document was withdrawn before, by {locked.withdrawn_by}.")
    before = values(locked)
    locked.withdrawn_at, locked.withdrawn_by, locked.withdrawn_why = clock.now(), actor.name, why
    locked.save(update_fields=("withdrawn_at", "withdrawn_by", "withdrawn_why"))
    record(
        actor=actor,
        action=ledger_actions.WITHDRAWN,
        subject=locked,
        team=team,
        reason=why,
        changes={**_identity(locked), **changed(before, locked)},
    )
    return locked


def _reason(text: str, need: str) -> str:
    why = text.replace("\x00", "").strip()
    if not why:
        raise InvalidInput(need, where="reason")
    if len(why) > LONGEST_REASON:
        raise InvalidInput(f"At most {LONGEST_REASON} characters.", where="reason", mend="Shorten it.")
    return why


def _locked(document: Document) -> Document:
    return Document.objects.select_for_update().get(pk=document.pk)


def _identity(document: Document) -> Changes:
    """What an entry says to name the very file, although none of it changes."""
    return {name: (value, value) for name in ("kind", "dated", "digest") for value in [getattr(document, name)]}


def remove_content(*, actor: Actor, document: Document, reason: str) -> Document:
    """Removes the content for good, as retention asks; the row, its digest and its entries stay.

    The file in the lake goes after the commit, and only when no other document with the same content has it still.
    Called again, it finishes what was interrupted, and writes no second entry.

    Raises:
        NotPermitted: the actor may not manage the ledger.
        InvalidInput: there is no reason.
    """
    actor.check(REMOVE)
    why = _reason(reason, "Say why the content is removed.")
    with transaction.atomic():
        locked = _locked(document)
        if locked.content_removed_at is None:
            before = values(locked)
            locked.content_removed_at = clock.now()
            locked.save(update_fields=("content_removed_at",))
            record(
                actor=actor,
                action=ledger_actions.CONTENT_REMOVED,
                subject=locked,
                team=locked.owner.pk,
                reason=why,
                changes={**_identity(locked), **changed(before, locked)},
            )
        transaction.on_commit(partial(_clear, locked.digest))
    return locked


@transaction.atomic
def _clear(digest: str) -> None:
    """Takes the content out of the lake; whoever attaches the same meanwhile waits for these rows."""
    same = list(Document.objects.select_for_update().filter(digest=digest))
    gone = [one for one in same if one.content_removed_at is not None]
    if len(gone) == len(same):
        for path in {one.path for one in gone if one.path}:
            lake.remove(path)
    Document.objects.filter(pk__in=[one.pk for one in gone]).update(path="")
