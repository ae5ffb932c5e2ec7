"""Costs through the API."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from audit.base.problems import answers
from audit.catalogue import selectors as catalogue
from costs.allocation import selectors

router = Router()


class CostOut(Schema):
    """Money of one currency that went to one target in the week from ``week`` (a Monday, UTC); amounts are text.

    ``model`` is null for what belongs to no model; ``residue`` then says why.
    """

    week: date
    model: str | None
    provider: str
    version: int | None
    stage: str
    residue: str
    evidence: str
    currency: str
    billed: str
    effective: str


class CostsOut(Schema):
    """Costs in the order of weeks. ``simulated`` says whether any of them comes from a simulated bill."""

    simulated: bool
    items: list[CostOut]


@router.get("/costs", response=answers(404, ok=CostsOut), summary="Costs by week, model, version and stage")
def costs(request: HttpRequest, model: str = "", since: date | None = None, until: date | None = None) -> Any:
    """Costs from ``since`` until, not including, ``until``; without ``model`` all, with what belongs to no model."""
    viewer = request.actor
    viewer_models = [catalogue.model(viewer=viewer, slug=model)] if model else None
    rows = selectors.weekly_costs(viewer=viewer, models=viewer_models, since=since, until=until)
    first, last = since or date.min, until or date.max
    return {
        "simulated": selectors.simulated(viewer=viewer, since=first, until=last, models=viewer_models),
        "items": [
            {
                "week": row.week,
                "model": row.slug or None,
                "provider": row.provider,
                "version": row.version,
                "stage": row.stage,
                "residue": row.residue,
                "evidence": row.evidence,
                "currency": row.currency,
                "billed": format(row.billed, "f"),
                "effective": format(row.effective, "f"),
            }
            for row in rows
        ],
    }
