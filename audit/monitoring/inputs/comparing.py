"""A week of a version's inputs is the merge of its days, held against the reference: drift of each column, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK
from audit.catalogue.models import Model, ModelVersion
from audit.catalogue.words import count_of
from audit.ledger.audited import changed, created, values
from audit.ledger.domain.canonical import canonical, plain
from audit.ledger.services import record
from audit.monitoring import ledger_actions
from audit.monitoring.domain.shapes import shape
from audit.monitoring.input_models import ColumnWeek, DayProfile, InputWeek, Reference
from audit.monitoring.inputs import days, documents
from audit.monitoring.inputs.referencing import YEAR

if TYPE_CHECKING:
    from audit.monitoring.domain.columns import Column

MAIN: Final = "psi/credit"
WATCH: Final = 0.1
"""Where the population stability index is worth a look in credit scoring (Siddiqi 2006, ch. 6)."""
LEAST: Final = 200
"""With fewer rows on either side the index moves by chance alone, so a column's state is unknown."""
SEASON: Final = timedelta(weeks=1)
"""A season is the same week a year before, with so much on either side."""


def missing_days(*, reference: Reference, version: ModelVersion, week: datetime) -> list[tuple[ModelVersion, date]]:
    """The days whose profiles the week needs and that are not made, or not from today's files."""
    wanted: dict[tuple[Any, date], str] = {}
    for spans, of in _needed(reference, version, week):
        for key, parts in days.partitions(version.model, *spans, of).items():
            wanted[key] = days.evidence_of(parts)
    if not wanted:
        return []
    every = [day for _, day in wanted]
    rows = DayProfile.objects.filter(reference=reference, day__gte=min(every), day__lte=max(every))
    known = {(pk, day): evidence for pk, day, evidence in rows.values_list("version", "day", "evidence")}
    missing = [key for key, evidence in wanted.items() if known.get(key) != evidence]
    versions = ModelVersion.objects.select_related("model__use_case__team").in_bulk({pk for pk, _ in missing})
    return [(versions[pk], day) for pk, day in missing]


def evidence_of(*, reference: Reference, version: ModelVersion, week: datetime) -> str:
    """The SHA-256 in hex of all files that the week's comparison follows from."""
    told = [reference.digest]
    for spans, of in _needed(reference, version, week):
        for parts in days.partitions(version.model, *spans, of).values():
            told.append(days.evidence_of(parts))
    return days.sealed(told)


def _needed(
    reference: Reference, version: ModelVersion, week: datetime
) -> list[tuple[tuple[date, date], ModelVersion | None]]:
    """The days that are compared, of the version; and those that they are compared with, of any."""
    own = (week.date(), (week + WEEK).date())
    if reference.kind != Reference.Kind.SEASON:
        return [(own, version)]
    return [(own, version), (season_of(week), None)]


def season_of(week: datetime) -> tuple[date, date]:
    """The days of a year before that a week is compared with; the end is exclusive."""
    return (week - YEAR - SEASON).date(), (week - YEAR + WEEK + SEASON).date()


@transaction.atomic
def compare_week(*, actor: Actor, reference: Reference, version: ModelVersion, week: datetime) -> InputWeek | None:
    """How the week from Monday ``week`` (UTC) lies beside the reference; None without rows on either side.

    The same days again change nothing; others write the week anew, with an entry that says what moved.
    """
    model = Model.objects.select_for_update().get(pk=version.model_id)
    own, beside = profiles_of(reference=reference, version=version, week=week)
    if not own:
        return None
    evidence = days.sealed([reference.digest, *(row.digest for row in (*own, *beside))])
    before = InputWeek.objects.filter(reference=reference, version=version, start=week).first()
    if before is not None and before.evidence == evidence:
        return before
    against, found = sides(reference=reference, own=own, beside=beside)
    rows = [_column(model, name, against[name], found[name]) for name in sorted(against) if name in found]
    week_row = before or InputWeek(reference=reference, version=version, start=week, end=week + WEEK)
    was = values(week_row) if before else None
    states = [row.state for row in rows]
    week_row.rows, week_row.columns = sum(row.rows for row in own), len(rows)
    week_row.watch, week_row.bad = states.count("watch"), states.count("bad")
    week_row.evidence, week_row.computed_at = evidence, clock.now()
    week_row.digest = days.sealed(canonical(plain(_told(row))).decode() for row in rows)
    week_row.save(force_insert=before is None)
    week_row.column_weeks.all().delete()
    for row in rows:
        row.week = week_row
    ColumnWeek.objects.bulk_create(rows)
    record(
        actor=actor,
        action=ledger_actions.COMPARED,
        subject=week_row,
        subject_name=f"the inputs of the week of {week:%-d %B %Y} of {version}",
        team=model.use_case.team_id,
        reason=sentence(rows),
        changes=created(week_row) if was is None else changed(was, week_row),
    )
    return week_row


@transaction.atomic
def settle_states(*, actor: Actor, week: InputWeek, alarmed: Collection[str]) -> InputWeek:
    """The week with its columns in the states that they have once alerts were weighed: those ``alarmed`` are bad.

    Done twice it takes effect once; where a state changes, the week's counts and digest do, with an entry.
    """
    model = Model.objects.select_for_update().get(pk=week.version.model_id)
    week = InputWeek.objects.select_related("version__model").get(pk=week.pk)
    rows = list(week.column_weeks.order_by("pk"))
    moved = []
    for row in rows:
        state = "bad" if row.column in alarmed else state_of(row.value, row.n_reference, row.n)
        if row.state != state:
            row.state = state
            moved.append(row)
    if not moved:
        return week
    ColumnWeek.objects.bulk_update(moved, ("state",))
    was = values(week)
    states = [row.state for row in rows]
    week.watch, week.bad = states.count("watch"), states.count("bad")
    week.digest = days.sealed(canonical(plain(_told(row))).decode() for row in rows)
    week.save(update_fields=("watch", "bad", "digest"))
    record(
        actor=actor,
        action=ledger_actions.COMPARED,
        subject=week,
        subject_name=f"the inputs of the week of {week.start:%-d %B %Y} of {week.version}",
        team=model.use_case.team_id,
        reason=f"{sentence(rows)} {count_of(len(alarmed), 'column')} raised an alarm.",
        changes=changed(was, week),
    )
    return week


def profiles_of(
    *, reference: Reference, version: ModelVersion, week: datetime
) -> tuple[list[DayProfile], list[DayProfile]]:
    """The days of the week, and those of a season that they are compared with; no days where either has none."""
    own = list(_profiles(reference, [version.pk], week.date(), (week + WEEK).date()))
    if reference.kind != Reference.Kind.SEASON:
        return own, []
    beside = list(_profiles(reference, None, *season_of(week)))
    return (own, beside) if beside else ([], [])


def sides(
    *, reference: Reference, own: Iterable[DayProfile], beside: Iterable[DayProfile]
) -> tuple[dict[str, Column], dict[str, Column]]:
    """What a week's columns are compared with, and the columns themselves, from what ``profiles_of`` gave."""
    base = documents.read(reference.path)
    return _merged(beside, base) or base, _merged(own, base)


def _profiles(reference: Reference, versions: Iterable[Any] | None, first: date, end: date) -> Iterable[DayProfile]:
    rows = DayProfile.objects.filter(reference=reference, day__gte=first, day__lt=end)
    if versions is not None:
        rows = rows.filter(version__in=list(versions))
    return rows.order_by("day", "version")


def _merged(rows: Iterable[DayProfile], base: Mapping[str, Column]) -> dict[str, Column]:
    """The days in one, in their order: the same days give the same profile."""
    found: dict[str, Any] = {}
    for row in rows:
        for name, column in documents.read(row.path, edges=base).items():
            found[name] = found[name].merged(column) if name in found else column
    return found


def _column(model: Model, name: str, reference: Column, column: Column) -> ColumnWeek:
    from audit.monitoring.domain.drift import of_columns

    drifts = of_columns(reference, column)
    main = drifts.get(MAIN)
    return ColumnWeek(
        column=name,
        role=days.role_of(model, name),
        kind="number" if hasattr(column, "edges") else "category",
        n=column.n,
        nulls=column.nulls,
        infinite=getattr(column, "infinite", 0),
        n_reference=reference.n,
        variant=MAIN,
        value=main.value if main else None,
        error=main.error if main else None,
        state=state_of(main.value if main else None, reference.n, column.n),
        statistics={
            variant: {"value": one.value, "p": one.p, "n": one.n_current, "error": one.error}
            for variant, one in drifts.items()
        },
        shape=shape(reference, column),
    )


def state_of(value: float | None, n_reference: int, n: int) -> str:
    """How a column stands by itself: ok, watch, or unknown where too few rows or no figure say it.

    It is bad once the budget for false alarms let it raise one, or a check found its data wrong (``settle_states``).
    """
    if value is None or min(n_reference, n) < LEAST:
        return "unknown"
    return "watch" if value >= WATCH else "ok"


def _told(row: ColumnWeek) -> dict[str, Any]:
    """What of a column the week's digest seals."""
    names = (
        "column", "role", "kind", "n", "nulls", "infinite", "n_reference", "variant", "value", "state", "statistics"
    )  # fmt: skip
    return {name: getattr(row, name) for name in names}


def sentence(rows: Iterable[ColumnWeek]) -> str:
    """What moved most, in words."""
    moved = sorted((row for row in rows if row.value is not None), key=lambda row: (-(row.value or 0), row.column))
    told = [f"{row.column} {row.value:.2f}" for row in moved[:3] if row.state in {"watch", "bad"}]
    if not told:
        return "No column moved by 0.10 or more."
    return f"Moved most: {', '.join(told)} (population stability index)."
