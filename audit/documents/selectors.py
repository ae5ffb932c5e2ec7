"""Reads documents as the viewer may see them, now or as they stood at a moment; content is checked when it is read.

A document of a team, or of a use case, stands behind each of its models: who may see one of these may see it.
"""

import hashlib
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound, Refused
from audit.base.scoping import EVERY, seen
from audit.catalogue.models import Model, UseCase
from audit.documents.models import REPLACED, Document, Scope
from audit.lake import store as lake


def documents(*, viewer: Actor) -> QuerySet[Document]:
    """Documents that the viewer may see, newest first; each says whether it is ``superseded``."""
    rows = Document.objects.select_related("model__use_case__team", "use_case__team", "team")
    found = _seen(viewer)
    return (rows if found is EVERY else rows.filter(found)).annotate(**{REPLACED: _newer()})


def _newer() -> Exists:
    return Exists(Document.objects.filter(replaces=OuterRef("pk"), withdrawn_at=None))


def _seen(viewer: Actor) -> Q:
    if viewer.teams("read") is None:
        return EVERY
    found = seen(viewer, team="model__use_case__team", model="model")
    found |= seen(viewer, team="use_case__team", use_case="use_case")
    found |= seen(viewer, team="team")
    limits = [limit for limit in viewer.limits_with("read") if limit.use_cases]
    if limits:
        cases = frozenset().union(*(limit.use_cases for limit in limits))
        found |= Q(team__in=UseCase.objects.filter(pk__in=cases).values("team"))
    return found


def document(*, viewer: Actor, document_id: UUID) -> Document:
    """One document.

    Raises:
        NotFound: there is none that the viewer may see.
    """
    found = documents(viewer=viewer).filter(pk=document_id).first()
    if found is None:
        raise NotFound("There is no such document, or it belongs to a team that you are not in.")
    return found


def behind(scope: Scope) -> Q:
    """The condition on documents that stand behind a model, a use case or a team: its own, and those above it."""
    if isinstance(scope, Model):
        return Q(model=scope) | behind(scope.use_case)
    if isinstance(scope, UseCase):
        return Q(use_case=scope) | Q(team=scope.team_id)
    return Q(team=scope)


def standing(rows: QuerySet[Document]) -> QuerySet[Document]:
    """Those of ``rows`` that are neither withdrawn nor replaced, and can still be read."""
    return rows.filter(~_newer(), withdrawn_at=None, content_removed_at=None)


def known_at(*, viewer: Actor, as_of: datetime) -> QuerySet[Document]:
    """Documents that were attached at ``as_of`` and not withdrawn by then, replaced ones among them."""
    open_then = Q(withdrawn_at=None) | Q(withdrawn_at__gt=as_of)
    return documents(viewer=viewer).filter(open_then, created_at__lte=as_of)


def versions(*, viewer: Actor, document: Document) -> list[Document]:
    """The document with all that it replaces and all that replace it, newest first."""
    same = Q(model=document.model_id, use_case=document.use_case_id, team=document.team_id)
    rows = {row.pk: row for row in documents(viewer=viewer).filter(same, kind=document.kind)}
    family, size = {document.pk}, 0
    while len(family) > size:
        size = len(family)
        family |= {row.replaces_id for row in rows.values() if row.pk in family and row.replaces_id}
        family |= {row.pk for row in rows.values() if row.replaces_id in family}
    return [row for row in rows.values() if row.pk in family]


def content(*, document: Document) -> bytes:
    """The content as it was attached.

    Raises:
        Refused: it was removed, or what lies in the lake is not what was attached.
        NotFound: the lake does not have it.
    """
    if document.content_removed_at is not None:
        raise Refused("The content of this document was removed; its SHA-256 and its entries remain.")
    found = lake.read_bytes(document.path)
    if hashlib.sha256(found).hexdigest() != document.digest:
        raise Refused(
            f"What the lake holds of “{document.title}” is not what was attached: its SHA-256 is not "
            f"{document.digest}. Restore the file from a copy."
        )
    return found


def with_content() -> QuerySet[Document]:
    """Every document whose content the lake has, oldest first: what retention goes through."""
    rows = Document.objects.exclude(path="").select_related("model__use_case", "use_case", "team")
    return rows.order_by("created_at", "pk")
