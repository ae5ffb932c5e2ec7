"""For programs: what a version's answers rest on, sent by its training run; the checks of its data; its errors."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema
from pydantic import AwareDatetime

from audit.base.errors import NotFound
from audit.base.paging import DEFAULT, page
from audit.base.problems import Page, answers
from audit.catalogue import selectors as catalogue
from audit.monitoring.domain.importance import Importance
from audit.monitoring.quality import importances, selectors
from audit.monitoring.quality_models import FeatureImportance, QualityFinding

router = Router()


class ColumnImportance(Schema):
    """How much worse the metric gets when the column's values are shuffled, in its unit."""

    mean: float
    sd: float | None = Field(None, description="Standard deviation over the shuffles; null for one shuffle")


class ImportanceIn(Schema):
    """Permutation importance of a version's columns."""

    columns: dict[str, ColumnImportance]
    metric: str = Field(min_length=1, max_length=60, description="What got worse, such as roc_auc")
    n: int = Field(description="Over how many rows")
    repeats: int = Field(1, ge=1, le=1000, description="How often each column was shuffled")
    source: str = Field(
        "the training run", min_length=1, max_length=200, description="Who worked it out, on which rows"
    )


class ImportanceOut(ImportanceIn):
    """What is known of it."""

    computed_at: datetime


class FindingOut(Schema):
    """One check of a version's week from ``start`` (Monday, UTC); ``column`` is empty for the whole week."""

    id: int
    start: datetime
    check: str = Field(alias="check_name")
    column: str
    outcome: str = Field(description="ok, watch, broken or unknown")
    value: float | None
    bound: float | None
    n: int
    sentence: str
    is_fault: bool = Field(description="The data are wrong, rather than the world another one")

    @staticmethod
    def resolve_start(row: QualityFinding) -> datetime:
        """The week's first moment."""
        return row.week.start


class FindingsQuery(Schema):
    """Which findings."""

    faults: bool = False
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: str = ""
    limit: int = DEFAULT


@router.get(
    "/models/{slug}/versions/{int:number}/importance",
    response=answers(404, ok=ImportanceOut),
    summary="What its answers rest on",
)
def importance(request: HttpRequest, slug: str, number: int) -> FeatureImportance:
    """The importance of each column, as the training run told it."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    found = selectors.importance(viewer=request.actor, version=version)
    if found is None:
        raise NotFound(f"Nobody told what the answers of {version} rest on.")
    return found


@router.put(
    "/models/{slug}/versions/{int:number}/importance",
    response=answers(404, ok=ImportanceOut),
    summary="Send what its answers rest on",
)
def send_importance(request: HttpRequest, slug: str, number: int, body: ImportanceIn) -> FeatureImportance:
    """Replaces what was known; the same again changes nothing."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    return importances.send_importance(
        actor=request.actor,
        version=version,
        columns={name: Importance(one.mean, one.sd, body.repeats) for name, one in body.columns.items()},
        metric=body.metric,
        n=body.n,
        source=body.source,
    )


@router.get(
    "/models/{slug}/versions/{int:number}/quality", response=answers(404, ok=Page[FindingOut]), summary="Checks of data"
)
def quality(request: HttpRequest, slug: str, number: int, query: Query[FindingsQuery]) -> Any:
    """Every check of the version's weeks, newest first."""
    version = catalogue.version(viewer=request.actor, slug=slug, number=number)
    weeks = selectors.weeks(viewer=request.actor).filter(version=version)
    if query.since:
        weeks = weeks.filter(start__gte=query.since)
    if query.until:
        weeks = weeks.filter(start__lt=query.until)
    rows = QualityFinding.objects.filter(week__in=weeks.order_by()).select_related("week")
    if query.faults:
        rows = rows.filter(is_fault=True)
    return page(rows.order_by("-pk"), cursor=query.cursor, limit=query.limit)
