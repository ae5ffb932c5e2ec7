"""Models, use cases, teams, people and sources are known above the ledger: slices that keep them register here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.base.actors import Actor
from audit.ledger.domain.words import is_id


@dataclass(frozen=True, slots=True)
class Offer:
    """A completion: ``value`` as it stands behind the qualifier, and ``words`` that say what it is."""

    value: str
    words: str = ""


Find = Callable[[Actor, str], Sequence[UUID]]
Offers = Callable[[Actor, str], Sequence[Offer]]
Call = Callable[[Actor, UUID], Offer | None]
MOST = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """How records of a kind are found by short name, name or id, and which begin as someone types.

    All take the viewer and give only what the viewer may see. ``call`` gives short name and name of an id. ``label`` is
    the class in subjects ("sources.source").
    """

    find: Find
    offer: Offers
    call: Call
    label: str = ""


KINDS: dict[str, Kind] = {}


def _nobody(viewer: Actor, ident: UUID) -> None:
    return None


def register(qualifier: str, *, find: Find, offer: Offers, call: Call = _nobody, label: str = "") -> None:
    """From ``AppConfig.ready`` of the slice that keeps the records that stand behind ``qualifier``."""
    KINDS[qualifier] = Kind(find, offer, call, label)


def matching(rows: QuerySet[Any], text: str, fields: Sequence[str]) -> list[UUID]:
    """The ids of those ``rows`` that are called ``text`` in one of ``fields`` (any case), or have it as their id."""
    found = Q(pk=UUID(text)) if is_id(text) else Q(pk__in=())
    for field in fields:
        found |= Q(**{f"{field}__iexact": text})
    return list(rows.filter(found).order_by().values_list("pk", flat=True)[:100])


def beginning(rows: QuerySet[Any], text: str, fields: Sequence[str]) -> QuerySet[Any]:
    """Some of those ``rows`` with ``text`` in one of ``fields``."""
    found = Q(pk__in=())
    for field in fields:
        found |= Q(**{f"{field}__icontains": text})
    return rows.filter(found)[:MOST]


def called(qualifier: str, viewer: Actor, ident: UUID | str) -> Offer | None:
    """Short name and name of a record by its id; None when nothing is known that the viewer may see."""
    kind = KINDS.get(qualifier)
    return kind.call(viewer, UUID(str(ident))) if kind else None


def offer_of(rows: QuerySet[Any], ident: UUID) -> Offer | None:
    """The one of ``rows`` with this id, by ``slug`` and ``name``."""
    found = rows.filter(pk=ident).values_list("slug", "name").first()
    return Offer(*found) if found else None
