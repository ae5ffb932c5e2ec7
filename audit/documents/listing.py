"""What a list says of each document: whether it stands, of what it is; and which models have none behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue import selectors as catalogue
from audit.catalogue.models import Model, UseCase
from audit.documents import domain, selectors
from audit.documents.models import Document, Scope

HEADINGS: Final = (
    "title", "kind", "of", "name", "team", "state", "dated", "signed_by", "attached_at", "attached_by", "filename",
    "media_type", "bytes", "sha256", "id", "replaces", "withdrawn_at", "withdrawn_by", "withdrawn_why",
    "content_removed_at",
)  # fmt: skip
CURRENT, REPLACED, WITHDRAWN, REMOVED = "current", "replaced", "withdrawn", "removed"
TAGS: Final = {
    CURRENT: ("ok", "Current"),
    REPLACED: ("off", "Replaced"),
    WITHDRAWN: ("off", "Withdrawn"),
    REMOVED: ("off", "Content removed"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A document, its state as shape and word, and what it is of, with that page's address (empty: none)."""

    document: Document
    shape: str
    word: str
    noun: str
    name: str
    url: str


def state_of(document: Document) -> str:
    """Whether it stands: a withdrawn one does not, whatever else happened to it."""
    if document.withdrawn_at is not None:
        return WITHDRAWN
    if document.content_removed_at is not None:
        return REMOVED
    return REPLACED if document.superseded else CURRENT


def row_of(document: Document) -> Row:
    """The row of a list."""
    noun, name, url = said_of(document.of)
    return Row(document, *TAGS[state_of(document)], noun, name, url)


def said_of(scope: Scope) -> tuple[str, str, str]:
    """What a document is of: ("the model", "late-arrival", "/models/late-arrival/")."""
    if isinstance(scope, Model):
        return "the model", scope.name, reverse("catalogue:model", args=[scope.slug])
    if isinstance(scope, UseCase):
        return "the use case", scope.name, reverse("catalogue:use_case", args=[scope.slug])
    return "the team", scope.name, ""


def matching(*, viewer: Actor, kind: str = "", model: Model | None = None) -> QuerySet[Document]:
    """The documents of this kind that stand, or stood, behind the model; of every kind, of all models without one."""
    rows = selectors.documents(viewer=viewer)
    if kind:
        rows = rows.filter(kind=kind)
    return rows.filter(selectors.behind(model)) if model else rows


def cells(row: Row) -> list[Any]:
    """The row of the downloaded table, under ``HEADINGS``."""
    one = row.document
    return [
        one.title, one.kind, row.noun.removeprefix("the "), row.name, one.owner.name, row.word, one.dated,
        one.signed_by, one.created_at, one.actor_name, one.filename, one.media_type, one.size, one.digest, str(one.pk),
        str(one.replaces_id or ""), one.withdrawn_at, one.withdrawn_by, one.withdrawn_why, one.content_removed_at,
    ]  # fmt: skip


def without(*, viewer: Actor) -> tuple[list[Model], int]:
    """The viewer's models behind which no document stands, and how many models there are."""
    own: set[tuple[str, UUID]] = set()
    for model, case, team in selectors.standing(selectors.documents(viewer=viewer)).values_list(
        "model", "use_case", "team"
    ):
        own |= {("model", model), ("use_case", case), ("team", team)}
    models = list(catalogue.models(viewer=viewer))
    bare = [one for one in models if not own & set(_above(one))]
    return bare, len(models)


def _above(model: Model) -> Sequence[tuple[str, UUID]]:
    return ("model", model.pk), ("use_case", model.use_case_id), ("team", model.use_case.team_id)


def missing(kinds: Iterable[str]) -> list[str]:
    """The kinds, as labels, that are not among ``kinds``; those that every bundle has anyway are not missing."""
    there = {*kinds, *domain.WRITTEN_HERE}
    return [domain.kind_name(kind) for kind in domain.KINDS if kind not in there]
