"""Checkpoints and consistency proofs as programs read them, with what they need to check both themselves."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.assurance import selectors
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.ledger import proofs
from audit.ledger.domain import note

router = Router()


class CheckpointOut(Schema):
    """A signed statement of the log at one size (C2SP tlog-checkpoint)."""

    origin: str
    size: int
    root: str = Field(description="The root of the Merkle tree, in hex")
    at: AwareDatetime
    note: str = Field(description="The signed note")

    @staticmethod
    def resolve_root(found: Any) -> str:
        """As the note states it."""
        return note.checkpoint_of(found.note).root.hex()


class ConsistencyOut(Schema):
    """The log at ``checkpoint_to`` continues the log at ``checkpoint_from`` (RFC 9162, section 2.1.4)."""

    size_from: int
    size_to: int
    checkpoint_from: str
    checkpoint_to: str
    path: list[str] = Field(description="The proof: hashes in hex")
    vkey: str = Field(description="The verifier key of the log at the second checkpoint")


@router.get("/ledger/checkpoints", response=answers(ok=Page[CheckpointOut]), summary="Signed checkpoints")
def checkpoints(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first."""
    found = page(selectors.checkpoints(viewer=request.actor), cursor=cursor, limit=limit, by="-pk")
    return {"items": found.items, "next": found.next}


@router.get("/ledger/consistency", response=answers(404, ok=ConsistencyOut), summary="A proof of consistency")
def consistency(request: HttpRequest, first: int, second: int | None = None) -> Any:
    """That the log at size ``second`` (the newest checkpoint, when left out) continues the log at size ``first``."""
    selectors.check_reader(request.actor)
    return proofs.consistency(first=first, second=second)
