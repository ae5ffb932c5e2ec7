"""Turns costs into what the page says. Cells are rounded so that rows and columns add up to the bill's cents. Pure."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final, TypeVar

from costs.allocation.domain import RESIDUE, STAGES
from costs.allocation.selectors import Cost

ZERO, CENT = Decimal(0), Decimal("0.01")
NO_MODEL: Final = "No model yet"
PROVIDER: Final = "provider"
BY: Final = {"model": "Model", "use_case": "Use case", "team": "Team", PROVIDER: "Provider"}
"""What a line of the table may stand for."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table, in cents: costs by stage, their sum, and what it was in the period before."""

    slug: str
    name: str
    stages: dict[str, Decimal]
    total: Decimal
    before: Decimal

    @property
    def change(self) -> Decimal:
        """More than before, or less."""
        return self.total - self.before


@dataclass(frozen=True, slots=True)
class Cause:
    """The largest part of a change, in the direction of the whole change."""

    name: str
    stage: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Spend:
    """One currency in one period. ``lines`` are the models', use cases', teams' or providers', dearest first.

    ``residue`` and ``total`` are rows of the same table; a provider's line holds what belongs to no model as well.
    ``weeks`` maps a Monday to sums by stage, where the stage ``""`` stands for what belongs to no model. ``evidence``
    maps kinds of evidence to exact sums.
    """

    currency: str
    stages: list[str]
    lines: list[Line]
    residue: Line
    total: Line
    weeks: dict[date, dict[str, Decimal]]
    evidence: dict[str, Decimal]
    had_before: bool
    cause: Cause | None

    def share(self, evidence: str) -> Decimal | None:
        """The share of the bill that is tied by this kind of evidence, 0 to 1; None of an empty bill."""
        whole = sum(self.evidence.values(), ZERO)
        return self.evidence.get(evidence, ZERO) / whole if whole else None


def rounded(amount: Decimal) -> Decimal:
    """To the cent, halves to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def in_cents(amounts: Mapping[Key, Decimal], total: Decimal) -> dict[Key, Decimal]:
    """The amounts in cents, so that they add up to ``total``, which is their sum in cents: largest remainders go up.

    Each differs from its exact amount by less than a cent (Hamilton's method).
    """
    down = {key: amount.quantize(CENT, ROUND_FLOOR) for key, amount in amounts.items()}
    left = int((total - sum(down.values(), ZERO)) / CENT)
    order = sorted(amounts, key=lambda key: (down[key] - amounts[key], str(key)))
    for key in order[:left]:
        down[key] += CENT
    return down


def currencies(costs: Iterable[Cost]) -> list[str]:
    """The currencies, the one with the most rows first. Amounts of two currencies cannot be compared."""
    counts: dict[str, int] = defaultdict(int)
    for cost in costs:
        counts[cost.currency] += 1
    return sorted(counts, key=lambda currency: (-counts[currency], currency))


def spend(
    now: Sequence[Cost], before: Sequence[Cost], *, currency: str, measure: str = "effective", by: str = "model"
) -> Spend:
    """The figures of one currency; ``measure`` is effective or billed, ``by`` a key of BY."""
    rows = [cost for cost in now if cost.currency == currency]
    old = [cost for cost in before if cost.currency == currency]
    cells, cells_before = _cells(rows, measure, by), _cells(old, measure, by)
    names = dict(_line_of(cost, by) for cost in (*old, *rows)) | {"": NO_MODEL}
    whole, whole_before = rounded(sum(cells.values(), ZERO)), rounded(sum(cells_before.values(), ZERO))
    totals, totals_before = in_cents(_by_model(cells), whole), in_cents(_by_model(cells_before), whole_before)
    lines = []
    for slug, name in names.items():
        own = {stage: amount for (of, stage), amount in cells.items() if of == slug}
        total = totals.get(slug, ZERO)
        lines.append(Line(slug, name, in_cents(own, total), total, totals_before.get(slug, ZERO)))
    models = sorted((line for line in lines if line.slug), key=lambda line: (-line.total, line.slug))
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in models:
        for stage, amount in line.stages.items():
            sums[stage] += amount
    return Spend(
        currency=currency,
        stages=[stage for stage in STAGES if stage in sums],
        lines=models,
        residue=Line("", NO_MODEL, {}, _untied(rows, measure), _untied(old, measure))
        if by == PROVIDER
        else next(line for line in lines if not line.slug),
        total=Line("", "Bill", dict(sums), whole, whole_before),
        weeks=_weeks(rows, measure, whole),
        evidence=_evidence(rows, measure),
        had_before=bool(old),
        cause=_cause(cells, cells_before, names, whole - whole_before) if old else None,
    )


def _line_of(cost: Cost, by: str) -> tuple[str, str]:
    """The key and the name of the line that a cost belongs to; without a model only its provider is known."""
    if by == PROVIDER:
        return cost.provider or "?", cost.provider or "Provider not told"
    if not cost.slug:
        return "", NO_MODEL
    return {"model": (cost.slug, cost.name), "use_case": cost.use_case, "team": cost.team}[by]


def _cells(costs: Iterable[Cost], measure: str, by: str) -> dict[tuple[str, str], Decimal]:
    cells: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for cost in costs:
        cells[_line_of(cost, by)[0], cost.stage] += getattr(cost, measure)
    return cells


def _untied(costs: Iterable[Cost], measure: str) -> Decimal:
    return rounded(sum((getattr(cost, measure) for cost in costs if not cost.slug), ZERO))


def _by_model(cells: Mapping[tuple[str, str], Decimal]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for (slug, _), amount in cells.items():
        sums[slug] += amount
    return sums


def _weeks(costs: Iterable[Cost], measure: str, whole: Decimal) -> dict[date, dict[str, Decimal]]:
    weeks: dict[date, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for cost in costs:
        weeks[cost.week]["" if cost.evidence == RESIDUE else cost.stage] += getattr(cost, measure)
    totals = in_cents({week: sum(parts.values(), ZERO) for week, parts in weeks.items()}, whole)
    return {week: in_cents(weeks[week], totals[week]) for week in sorted(weeks)}


def _evidence(costs: Iterable[Cost], measure: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for cost in costs:
        sums[cost.evidence] += getattr(cost, measure)
    return dict(sums)


def _cause(
    now: Mapping[tuple[str, str], Decimal],
    before: Mapping[tuple[str, str], Decimal],
    names: Mapping[str, str],
    change: Decimal,
) -> Cause | None:
    deltas = {key: now.get(key, ZERO) - before.get(key, ZERO) for key in {*now, *before}}
    along = {key: delta for key, delta in deltas.items() if delta * change > 0}
    if not along:
        return None
    slug, stage = max(along, key=lambda key: (abs(along[key]), key))
    return Cause(names[slug], stage, rounded(along[slug, stage]))
