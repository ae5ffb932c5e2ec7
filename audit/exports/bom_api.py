"""A bill of materials for models, read back into the lineage."""

import hashlib
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from audit.base.errors import InvalidInput
from audit.base.problems import answers, problem
from audit.exports import bom_reading
from audit.lineage import delivery, services
from audit.lineage.domain.reading import Malformed, parse
from config.ui.format import count

router = Router()
BILL: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}, "required": True}
}


class BillOut(Schema):
    """How many of each the bill names."""

    models: int
    data: int
    runs: int
    software: int


@router.post(
    "/lineage/bom",
    response=answers(404, 413, 415, created=BillOut),
    summary="Import a bill of materials",
    openapi_extra=BILL,
)
def take_in(request: HttpRequest, team: str = "") -> Any:
    """A CycloneDX 1.7 bill that Tollgate exported: its versions, data, runs and commits become a team's lineage."""
    try:
        own = services.team_for(actor=request.actor, slug=team)
    except InvalidInput as error:
        return problem(request, 400, error.sentence, errors=[{"where": "team", "detail": error.sentence}])
    try:
        content = delivery.content_of(request)
        bill = bom_reading.read(parse(content))
        graph = bom_reading.graph(bill)
    except (Malformed, delivery.Unreadable) as error:
        return problem(request, 400, error.reason)
    services.import_graph(
        actor=request.actor,
        team=own,
        folded=graph,
        name=f"a bill of materials with {count(len(bill.models), 'version')}",
        digest=hashlib.sha256(content).hexdigest(),
    )
    return 201, {
        "models": len(bill.models),
        "data": len(bill.data),
        "runs": len(bill.runs),
        "software": len(bill.software),
    }
