"""Evidence for programs: ask, look, take."""

from datetime import date
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router, Schema
from pydantic import AwareDatetime, Field

from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.exports import requests, selectors, services, starting
from audit.exports.models import Export

router = Router()


class ExportIn(Schema):
    """Of what, and of which days (UTC, both belong to it)."""

    kind: Literal["model", "use_case", "team", "all"]
    name: str = Field("", max_length=200, description="Short name or name; empty for all")
    since: date | None = None
    until: date | None = None
    size: int | None = Field(None, ge=1, le=2**53, description="Again, at the size of an earlier export of the same")


class ExportOut(Schema):
    """A bundle. ``digest`` and what follows it are empty until it is built."""

    id: UUID
    kind: str
    name: str
    team: str | None
    since: date | None
    until: date | None
    size: int = Field(description="The number of entries of the log that it proves against")
    checkpoint: str = Field(description="The signed checkpoint at that size")
    entries: int | None
    bytes: int | None
    digest: str = Field(description="SHA-256 of the ZIP, in hex")
    created_at: AwareDatetime
    built_at: AwareDatetime | None

    @staticmethod
    def resolve_team(row: Export) -> str | None:
        """The team's short name."""
        return row.team.slug if row.team else None


@router.post("/exports", response=answers(403, 404, 409, 422, accepted=ExportOut), summary="Ask for evidence")
def ask(request: HttpRequest, body: ExportIn) -> Any:
    """Seals the log and pins the bundle to it; a job builds it."""
    scope = selectors.scope_of(viewer=request.actor, kind=body.kind, name=body.name, since=body.since, until=body.until)
    return 202, starting.begin(actor=request.actor, trigger="api", scope=scope, size=body.size)


@router.get("/exports", response=answers(ok=Page[ExportOut]), summary="Exports")
def exports(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Newest first, of the teams whose evidence the token may export."""
    if not request.actor.may_anywhere(services.RIGHT):
        request.actor.check(services.RIGHT)
    return page(requests.exports(viewer=request.actor), cursor=cursor, limit=limit)


@router.get("/exports/{uuid:export_id}", response=answers(404, ok=ExportOut), summary="One export")
def export(request: HttpRequest, export_id: UUID) -> Any:
    """By its id."""
    return requests.export(viewer=request.actor, export_id=str(export_id))


@router.get("/exports/{uuid:export_id}/zip", response=answers(404), summary="The ZIP of an export")
def take(request: HttpRequest, export_id: UUID) -> StreamingHttpResponse:
    """The file; that it was taken is an entry."""
    found = requests.export(viewer=request.actor, export_id=str(export_id))
    response = StreamingHttpResponse(
        services.take_out(actor=request.actor, export=found), content_type="application/zip"
    )
    response["Content-Disposition"] = f'attachment; filename="{requests.filename(found)}"'
    return response
