"""Inputs for programs: how each column moved; data that lie elsewhere are what it is held against, as a profile."""

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from audit.base.errors import InvalidInput
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from audit.monitoring.input_models import ColumnWeek, DayProfile, Reference
from audit.monitoring.inputs import documents, referencing, selectors, sending
from audit.monitoring.starting import start_comparing, start_reading

router = Router()
LARGEST = 50 * 1024 * 1024
PROFILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "A document of the format tollgate-profile/1 (docs/profiles.md).",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["format", "columns"],
                    "properties": {
                        "format": {"type": "string", "const": documents.FORMAT},
                        "columns": {"type": "object", "additionalProperties": {"type": "object"}},
                    },
                }
            }
        },
    }
}


class StatisticOut(Schema):
    """A figure by its variant; null where it is undefined."""

    value: float | None
    p: float | None
    n: int
    error: float = Field(description="How far the value may lie from what all rows would give")


class ColumnOut(Schema):
    """A column of a version in the week from ``start`` (Monday, UTC), against the reference that counts now."""

    id: int
    column: str
    role: str = Field(description="feature, score or prediction")
    kind: str = Field(description="number or category")
    start: datetime
    end: datetime
    n: int
    nulls: int
    infinite: int
    n_reference: int
    variant: str = Field(description="The variant that gives the state")
    value: float | None
    state: str = Field(description="ok, watch, bad or unknown")
    statistics: dict[str, StatisticOut]
    computed_at: datetime

    @staticmethod
    def resolve_start(row: ColumnWeek) -> datetime:
        """The week's first moment."""
        return row.week.start

    @staticmethod
    def resolve_end(row: ColumnWeek) -> datetime:
        """The week's end, which does not belong to it."""
        return row.week.end

    @staticmethod
    def resolve_computed_at(row: ColumnWeek) -> datetime:
        """When it was worked out."""
        return row.week.computed_at


class ReferenceOut(Schema):
    """What a version's inputs are compared with."""

    kind: str
    state: str
    since: datetime | None
    until: datetime | None
    rows: int | None
    chosen_by: str
    by_default: bool
    error: str


class EdgesOut(Schema):
    """What the profile of a day must have, to be compared with the reference that counts now."""

    format: str
    reference: UUID
    columns: dict[str, dict[str, Any]] = Field(description='Name -> {"kind", and of numbers "edges"}')


class DayOut(Schema):
    """A day of inputs that was sent as a profile."""

    day: date
    rows: int
    source: str = Field(description="sent")
    digest: str = Field(description="SHA-256 of what was kept")
    reference: UUID
    computed_at: datetime = Field(description="When it came")

    @staticmethod
    def resolve_reference(row: DayProfile) -> UUID:
        """The reference whose edges it has."""
        return row.reference_id


class InputsQuery(Schema):
    """Which weeks."""

    column: str = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: str = ""
    limit: int = DEFAULT


@router.get(
    "/models/{slug}/versions/{int:number}/inputs", response=answers(404, ok=Page[ColumnOut]), summary="Drift of inputs"
)
def inputs(request: HttpRequest, slug: str, number: int, query: Query[InputsQuery]) -> Any:
    """How each column lies beside the reference, week by week, newest first."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    rows = selectors.columns(viewer=request.actor, version=version, since=query.since, until=query.until)
    if query.column:
        rows = rows.filter(column=query.column)
    return page(rows.order_by("-pk"), cursor=query.cursor, limit=query.limit)


@router.get(
    "/models/{slug}/versions/{int:number}/reference", response=answers(404, ok=ReferenceOut), summary="The reference"
)
def reference(request: HttpRequest, slug: str, number: int) -> Reference:
    """What the version's inputs are compared with now."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    return selectors.current(viewer=request.actor, version=version)


@router.post(
    "/models/{slug}/versions/{int:number}/reference",
    response=answers(404, created=ReferenceOut),
    summary="Send the profile of a reference",
    openapi_extra=PROFILE_BODY,
)
def send_reference(request: HttpRequest, slug: str, number: int, reason: str = "") -> tuple[int, Reference]:
    """The version's inputs are compared with this profile from now on: no row leaves where the data are."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    request.actor.check(referencing.RIGHT, version.model.use_case.team_id)
    found = referencing.send_reference(
        actor=request.actor, version=version, columns=documents.sent(_body(request)), reason=reason
    )
    start_reading(actor=request.actor, reference=found, trigger="api")
    return 201, found


@router.get(
    "/models/{slug}/versions/{int:number}/reference/edges",
    response=answers(404, 409, ok=EdgesOut),
    summary="The edges that profiles must have",
)
def edges(request: HttpRequest, slug: str, number: int) -> dict[str, Any]:
    """Each column of the reference that counts now and, of numbers, the edges at which a day's rows are counted."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    selectors.current(viewer=request.actor, version=version)
    found = sending.reference_for(version)
    return {"format": documents.FORMAT, "reference": found.pk, "columns": sending.edges_of(found)}


@router.post(
    "/models/{slug}/versions/{int:number}/profiles/{day}",
    response=answers(404, 409, created=DayOut),
    summary="Send the profile of a day",
    openapi_extra=PROFILE_BODY,
)
def send_profile(request: HttpRequest, slug: str, number: int, day: date) -> tuple[int, DayProfile]:
    """Takes a day (UTC) of the version's inputs as a profile instead of rows, cut at the edges of the reference.

    The same again changes nothing; another one takes its place; one without rows takes the day back.
    """
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    request.actor.check(referencing.RIGHT, version.model.use_case.team_id)
    columns = documents.sent(_body(request))
    found = sending.send_day(actor=request.actor, version=version, day=day, columns=columns)
    start_comparing(actor=request.actor, day=found, trigger="api")
    return 201, found


def _body(request: HttpRequest) -> Any:
    """The JSON of the body.

    Raises:
        InvalidInput: it is too large, or no JSON.
    """
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise InvalidInput("This body is larger than 50 MB.", where="body", mend="Send fewer columns.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("This is not JSON.", where="body", mend="Send one JSON object.") from error
