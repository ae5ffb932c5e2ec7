"""The ledger as programs read it, with what they need to check the chain themselves."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.errors import InvalidInput
from audit.base.paging import DEFAULT, LARGEST, cursor_of, read_cursor
from audit.base.problems import Page, answers
from audit.ledger import finding, search, selectors
from audit.ledger.models import Entry

router = Router()


class EntryOut(Schema):
    """An entry as people read it; what was sealed of it stands in its proof."""

    id: int
    number: int | None = Field(description="Its place in the sealed log; null until it is sealed")
    at: AwareDatetime
    actor_kind: str = Field(description="person, token, service or outside")
    actor_id: str
    actor_name: str
    on_behalf_of: str
    action: str
    subject_type: str
    subject_id: str
    subject_name: str
    team: UUID | None
    reason: str
    changes: dict[str, list[Any]] = Field(description="Each field with its value before and after")
    address: str
    origin: str
    digest: str = Field(description="The leaf hash, in hex; empty until it is sealed")


@router.get("/ledger/entries", response=answers(ok=Page[EntryOut]), summary="Entries of the ledger")
def entries(request: HttpRequest, q: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first; ``q`` as on the audit page: words and qualifiers such as action:approvals after:2013-07-08."""
    if not request.actor.may_anywhere("ledger.read"):
        request.actor.check("ledger.read")
    query = search.parse(q, zone=timezone.get_default_timezone())
    before = int(read_cursor(Entry._meta.pk, cursor)) if cursor else None
    size = max(1, min(limit, LARGEST))
    found = finding.find(viewer=request.actor, query=query, before=before, limit=size, count=False)
    if found.problems:
        raise InvalidInput(" ".join(found.problems), where="q")
    rows = selectors.told(selectors.by_ids(viewer=request.actor, ids=found.ids))
    return {"items": rows, "next": cursor_of(found.ids[-1]) if found.older else None}


@router.get("/ledger/entries/{int:number}", response=answers(404, ok=EntryOut), summary="One entry")
def entry(request: HttpRequest, number: int) -> Any:
    """By its number."""
    if not request.actor.may_anywhere("ledger.read"):
        request.actor.check("ledger.read")
    return selectors.told([selectors.entry(viewer=request.actor, number=number)])[0]
