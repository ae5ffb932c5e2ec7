"""Reads costs as the viewer may see them: a model's by its team, what belongs to no model by the team of the bill.

What belongs to no model of a bill without a team is seen only by who sees the whole organisation. Who is limited to
some models sees their costs, and nothing else of a bill.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Max, Q, QuerySet, Sum
from django.db.models import Model as Table
from django.db.models.functions import TruncMonth, TruncWeek

from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.base.scoping import seen
from audit.catalogue.models import Model
from costs.allocation.models import DayCost, UntiedCost
from costs.billing.amounts import ExactSum, rough
from costs.billing.models import BillFile
from costs.billing.selectors import known

Row = TypeVar("Row", bound=Table)
SPLIT = "split__"
STATEMENT = "split__statement__"
USE_CASE, TEAM = "use_case", "use_case__team"


@dataclass(frozen=True, slots=True)
class Cost:
    """Money of one currency that went to one target in the week that starts on ``week`` (a Monday).

    ``model_id`` is None for what belongs to no model; ``residue`` then says why, and use case and team are empty. Use
    case and team are (short name, name).
    """

    week: date
    model_id: UUID | None
    slug: str
    name: str
    use_case: tuple[str, str]
    team: tuple[str, str]
    provider: str
    version: int | None
    stage: str
    residue: str
    evidence: str
    currency: str
    billed: Decimal
    effective: Decimal


@dataclass(frozen=True, slots=True)
class MonthCost:
    """Money of one currency that went to one target in the month that starts on ``month``; see Cost.

    ``simulated``: it stands on a bill that was made up.
    """

    month: date
    model_id: UUID | None
    name: str
    stage: str
    residue: str
    evidence: str
    simulated: bool
    currency: str
    billed: Decimal
    effective: Decimal


@dataclass(frozen=True, slots=True)
class Untied:
    """Charges of one resource (or of several small ones together) that belong to no model, added up.

    ``amount`` is effective cost in ``currency``.
    """

    resource: str
    resources: int
    service: str
    residue: str
    stage: str
    currency: str
    amount: Decimal
    charges: int


def _seen(rows: QuerySet[Row], viewer: Actor) -> QuerySet[Row]:
    if viewer.teams("read") is None:
        return rows
    own_model = seen(viewer, team="model__use_case__team", model="model", at="day")
    own_bill = seen(viewer, team=f"{STATEMENT}bill_file__team", at="day")
    return rows.filter((Q(model__isnull=False) & own_model) | (Q(model=None) & own_bill))


def _counting(rows: QuerySet[Row], at: datetime | None) -> QuerySet[Row]:
    return rows.filter(known(at=at, prefix=SPLIT), known(at=at, prefix=STATEMENT))


def day_costs(*, viewer: Actor, at: datetime | None = None) -> QuerySet[DayCost]:
    """Costs by day that count now, or counted as known at ``at``."""
    return _seen(_counting(DayCost.objects.all(), at), viewer)


def weekly_costs(
    *,
    viewer: Actor,
    models: Iterable[Model] | None = None,
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    at: datetime | None = None,
) -> list[Cost]:
    """Costs by week from ``since`` until, not including, ``until`` (UTC), in order; one query.

    With ``models`` only theirs; without, all and what belongs to no model.
    """
    rows = day_costs(viewer=viewer, at=at)
    if models is not None:
        rows = rows.filter(model__in=[model.pk for model in models])
    rows = _within(rows, since, until)
    groups = (
        "week",
        "model_id",
        "model__slug",
        "model__name",
        *(f"model__{path}__{name}" for path in (USE_CASE, TEAM) for name in ("slug", "name")),
        "provider",
        "version__number",
        "stage",
        "residue",
        "evidence",
        "currency",
    )
    found = (
        rows.annotate(week=TruncWeek("day"))
        .values(*groups)
        .annotate(sum_billed=ExactSum("billed"), sum_effective=ExactSum("effective"))
        .order_by("week", "model__slug", "stage", "version__number", "evidence", "currency", "provider")
    )
    return [
        Cost(
            row["week"],
            row["model_id"],
            row["model__slug"] or "",
            row["model__name"] or "",
            (row[f"model__{USE_CASE}__slug"] or "", row[f"model__{USE_CASE}__name"] or ""),
            (row[f"model__{TEAM}__slug"] or "", row[f"model__{TEAM}__name"] or ""),
            row["provider"],
            row["version__number"],
            row["stage"],
            row["residue"],
            row["evidence"],
            row["currency"],
            row["sum_billed"],
            row["sum_effective"],
        )
        for row in found
    ]


def monthly_costs(
    *,
    viewer: Actor,
    since: date | datetime | None = None,
    until: date | datetime | None = None,
    at: datetime | None = None,
) -> list[MonthCost]:
    """Costs by month from ``since`` until, not including, ``until`` (UTC), in order; one query."""
    simulated = f"{STATEMENT}bill_file__simulated"
    groups = ("month", "model_id", "model__name", "stage", "residue", "evidence", simulated, "currency")
    rows = _within(day_costs(viewer=viewer, at=at), since, until).annotate(month=TruncMonth("day")).values(*groups)
    found = rows.annotate(sum_billed=ExactSum("billed"), sum_effective=ExactSum("effective"))
    costs = [
        MonthCost(
            row["month"],
            row["model_id"],
            row["model__name"] or "",
            row["stage"],
            row["residue"],
            row["evidence"],
            row[simulated],
            row["currency"],
            row["sum_billed"],
            row["sum_effective"],
        )
        for row in found.order_by()
    ]
    # Databases order text differently; a report is the same from each of them.
    return sorted(
        costs,
        key=lambda one: (
            one.month, one.name == "", one.name, str(one.model_id), one.stage, one.residue, one.evidence, one.simulated,
            one.currency,
        ),
    )  # fmt: skip


def _within(rows: QuerySet[Row], since: date | datetime | None, until: date | datetime | None) -> QuerySet[Row]:
    if since is not None:
        rows = rows.filter(day__gte=since.date() if isinstance(since, datetime) else since)
    if until is not None:
        rows = rows.filter(day__lt=until.date() if isinstance(until, datetime) else until)
    return rows


def residue(*, viewer: Actor, since: date, until: date, currency: str, most: int = 50) -> tuple[list[Untied], int]:
    """What belongs to no model, by resource, largest first, and the number of such resources in all.

    Whole billing periods are told: those of which a day lies from ``since`` until, not including, ``until``.
    """
    rows = _counting(UntiedCost.objects.filter(currency=currency), None).filter(
        **{f"{STATEMENT}period_start__lt": start_of(until), f"{STATEMENT}period_end__gt": start_of(since)}
    )
    if viewer.teams("read") is not None:
        rows = rows.filter(seen(viewer, team=f"{STATEMENT}bill_file__team", at=f"{STATEMENT}period_start"))
    groups = ("resource", "service", "residue", "stage", "resources")
    found = (
        rows.values(*groups)
        .annotate(amount=ExactSum("effective"), number=Sum("charges"), size=Sum(rough("effective")))
        .order_by("-size", *groups)
    )
    listed = [
        Untied(
            resource=row["resource"],
            resources=row["resources"],
            service=row["service"],
            residue=row["residue"],
            stage=row["stage"],
            currency=currency,
            amount=row["amount"],
            charges=row["number"],
        )
        for row in found[:most]
    ]
    return listed, len(listed) if len(listed) < most else found.count()


def last_day(viewer: Actor, model: Model | None = None) -> date | None:
    """The last billed day that the viewer may see."""
    rows = day_costs(viewer=viewer)
    if model is not None:
        rows = rows.filter(model=model)
    day: date | None = rows.aggregate(last=Max("day"))["last"]
    return day


def last_data(viewer: Actor, model: Model | None = None) -> datetime | None:
    """The exclusive end of the billed days, UTC."""
    day = last_day(viewer, model)
    return start_of(day + timedelta(days=1)) if day else None


def bills(*, viewer: Actor, since: date, until: date) -> list[BillFile]:
    """The files from which the viewer's costs of these days come, the newest first."""
    rows = _within(day_costs(viewer=viewer), since, until)
    return list(BillFile.objects.filter(pk__in=rows.values(f"{STATEMENT}bill_file")).order_by("-created_at"))


def simulated(*, viewer: Actor, since: date, until: date, models: Iterable[Model] | None = None) -> bool:
    """Whether any of the viewer's costs of these days comes from a simulated bill."""
    rows = _within(day_costs(viewer=viewer), since, until)
    if models is not None:
        rows = rows.filter(model__in=[model.pk for model in models])
    return rows.filter(**{f"{STATEMENT}bill_file__simulated": True}).exists()


def sees_whole_bills(*, viewer: Actor, since: date, until: date) -> bool:
    """Whether the costs that the viewer sees of these days are whole bills: nothing on them belongs to other teams."""
    if viewer.teams("read") is None:
        return True
    seen = _within(day_costs(viewer=viewer), since, until)
    every = _within(_counting(DayCost.objects.all(), None), since, until)
    on_the_same: dict[str, Any] = {"split__in": seen.values("split")}
    return not every.filter(**on_the_same).exclude(pk__in=seen.values("pk")).exists()
