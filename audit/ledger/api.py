"""The ledger as programs read it, with what they need to check the chain themselves."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.errors import InvalidInput, NotFound
from audit.base.paging import DEFAULT, LARGEST, cursor_of, read_cursor
from audit.base.problems import Page, answers
from audit.ledger import finding, on_demand, proofs, search, selectors
from audit.ledger.models import Entry
from audit.ledger.rows import PLACES

router = Router()
LARGEST_NUMBER = 2**63 - 1


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
    model: UUID | None = Field(description="The model in whose life it stands")
    use_case: UUID | None
    pruned: bool = Field(description="Whether retention removed its content")


def _check_reader(request: HttpRequest) -> None:
    if not request.actor.may_anywhere("ledger.read"):
        request.actor.check("ledger.read")


@router.get("/ledger/entries", response=answers(ok=Page[EntryOut]), summary="Entries of the ledger")
def entries(request: HttpRequest, q: str = "", cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first; ``q`` as on the audit page: words and qualifiers such as action:approvals after:2013-07-08.

    Days begin at midnight UTC. A cursor stays good whatever is written meanwhile.
    """
    _check_reader(request)
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
    _check_reader(request)
    return selectors.told([selectors.entry(viewer=request.actor, number=number)])[0]


class InclusionOut(Schema):
    """That an entry is in the log that a checkpoint signs, as ``verify.py --proof`` reads it (RFC 9162, 2.1.3)."""

    number: int
    size: int = Field(description="The size of the log at the checkpoint")
    leaf: str = Field(description="What was sealed: canonical JSON (RFC 8785); empty when retention removed content")
    leaf_hash: str = Field(description="SHA-256 over a zero byte and the leaf, in hex")
    path: list[str] = Field(description="The audit path: hashes in hex, from the leaf up")
    checkpoint: str = Field(description="The signed note (C2SP tlog-checkpoint)")
    vkey: str = Field(description="The verifier key of the log at that checkpoint")


class ChainOut(Schema):
    """How many entries belong to one subject, model, use case or team, and that the sealed index says so."""

    key: str
    count: int
    head: str = Field(description="The hash that the chain's entries fold to, in hex")
    bucket: int = Field(description="The leaf of the index that holds the chain, from 0")
    rows: list[list[Any]] = Field(description="All of that leaf: [key, count, head] each")
    path: list[str] = Field(description="The audit path of the leaf: 16 hashes in hex")


class SealedOut(Schema):
    """What was sealed just now."""

    count: int = Field(description="How many entries were sealed")
    size: int = Field(description="How many the log has now")


@router.get(
    "/ledger/entries/{int:number}/proof", response=answers(404, ok=InclusionOut), summary="A proof of inclusion"
)
def proof(request: HttpRequest, number: int, size: int | None = None) -> Any:
    """That the entry is in the log at the newest checkpoint, or at the one of ``size``."""
    _check_reader(request)
    if size is not None and not 0 <= size <= LARGEST_NUMBER:
        raise NotFound(f"There is no checkpoint of size {size:,}.")
    return proofs.inclusion(viewer=request.actor, number=number, size=size)


@router.get("/ledger/chains/{key}", response=answers(404, ok=ChainOut), summary="A proof of completeness")
def chain(request: HttpRequest, key: str) -> Any:
    """How many sealed entries model:ID, use_case:ID, team:ID or subject:CLASS:ID has, by the index of the newest log.

    Who sees none of these entries is told that there are none.
    """
    _check_reader(request)
    kind, _, ident = key.partition(":")
    query = search.Query((search.Term(kind.replace("_", "-"), ident),))
    if kind not in PLACES or not ident or not finding.find(viewer=request.actor, query=query, limit=1, count=False).ids:
        raise NotFound("No entry that you may read belongs to such a chain.")
    return proofs.chain(key=key)


@router.post("/ledger/seal", response=answers(409, ok=SealedOut), summary="Seal what waits")
def seal(request: HttpRequest) -> Any:
    """Without waiting for the sealer, which comes by every few seconds."""
    return on_demand.seal_now(actor=request.actor)
