"""Bills through the API."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import File, Form, Router, Schema
from ninja.files import UploadedFile

from audit.base.errors import InvalidInput
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.jobs import services as jobs
from audit.people import selectors as people
from costs.billing import selectors, services
from costs.billing.models import BillFile

router = Router()


class BillOut(Schema):
    """A bill that was handed in. ``totals`` maps a currency to billed and effective cost, as text; empty until read.

    ``format`` is what it was recognised as, ``findings`` are the rules of FOCUS that it does not keep.
    """

    id: UUID
    source: str
    filename: str
    digest: str
    size: int
    simulated: bool
    team: str | None
    received_at: datetime
    imported_at: datetime | None
    rows: int | None
    totals: dict[str, dict[str, str]]
    format: str
    findings: list[dict[str, Any]]

    @staticmethod
    def resolve_team(row: BillFile) -> str | None:
        """The team's short name."""
        return row.team.slug if row.team else None

    @staticmethod
    def resolve_received_at(row: BillFile) -> datetime:
        """When it came."""
        return row.created_at


class BillAccepted(Schema):
    """The file, and the job that reads it."""

    bill: BillOut
    job: UUID


@router.post("/bills", response=answers(404, accepted=BillAccepted), summary="Hand in a bill (FOCUS or an AWS report)")
def hand_in(
    request: HttpRequest,
    file: File[UploadedFile],
    source: Form[str],
    simulated: Form[bool] = False,
    team: Form[str] = "",
) -> Any:
    """Keeps the file and starts the job that reads it; the same content of a source again gives the first file."""
    actor = request.actor
    owner = people.teams(viewer=actor).filter(slug=team).first() if team else None
    if team and owner is None:
        raise InvalidInput(f"You see no team {team}.", where="team", mend="Use a team's short name, or leave it out.")
    with transaction.atomic():
        bill_file = services.receive_bill(
            actor=actor,
            source=source,
            parts=[services.Part(file.name or "bill", file.chunks())],
            simulated=simulated,
            team=owner,
        )
        job = jobs.start(
            services.IMPORT,
            actor=actor,
            trigger="api",
            args={"file": str(bill_file.pk)},
            key=str(bill_file.pk),
            subject=bill_file,
            team=bill_file.team,
        )
    return 202, {"bill": bill_file, "job": job.pk}


@router.get("/bills", response=answers(ok=Page[BillOut]), summary="Bills that were handed in")
def bills(request: HttpRequest, cursor: str = "", limit: int = DEFAULT) -> Any:
    """Files of the organisation or of the token's teams, newest first."""
    return page(selectors.bill_files(viewer=request.actor), cursor=cursor, limit=limit)
