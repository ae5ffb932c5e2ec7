"""A week of a version is checked: each column against the reference, each day's rows, when they came, what was refused.

The same facts again change nothing; others write the week anew, with an entry that says what is wrong.
"""

from __future__ import annotations

import statistics
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.clock import WEEK, start_of
from audit.catalogue.models import Model, ModelVersion
from audit.lake import store as lake
from audit.ledger.audited import changed, created, values
from audit.ledger.domain.canonical import canonical, plain
from audit.ledger.services import record
from audit.monitoring import ledger_actions, profiling
from audit.monitoring.domain import quality
from audit.monitoring.domain.columns import Column
from audit.monitoring.domain.quality import Finding
from audit.monitoring.domain.thresholds import BROKEN, LEAST_WINDOWS, OK, UNKNOWN, WATCH
from audit.monitoring.inputs import comparing, days
from audit.monitoring.quality import facts
from audit.monitoring.quality.facts import DAY, USUAL, Facts
from audit.monitoring.quality_models import QualityFinding, QualityWeek

GRACE: Final = timedelta(days=1)
"""Data are late when they come so long after they usually do, and three standard deviations of that."""
ORDER: Final = {BROKEN: 0, WATCH: 1, UNKNOWN: 2, OK: 3}


def check_week(*, actor: Actor, version: ModelVersion, week: datetime) -> QualityWeek | None:
    """The checks of the week from Monday ``week`` (UTC); None where nothing came for it, in it."""
    while True:
        known = facts.of(version, week)
        before = QualityWeek.objects.filter(version=version, start=week).first()
        if before is not None and before.evidence == known.evidence:
            return before
        if not known.of_week and not known.refused and before is None:
            return None
        findings = judge(known)
        with transaction.atomic():
            Model.objects.select_for_update().get(pk=version.model_id)
            if facts.of(version, week).evidence == known.evidence:
                return _write(actor, known, findings)


def _write(actor: Actor, known: Facts, findings: list[Finding]) -> QualityWeek:
    version, week = known.version, known.week
    before = QualityWeek.objects.filter(version=version, start=week).first()
    row = before or QualityWeek(version=version, start=week, end=week + WEEK)
    was = values(row) if before else None
    row.reference, row.rows, row.checks = known.reference, known.of_week, len(findings)
    row.faults = sum(one.is_fault for one in findings)
    row.watch = sum(one.outcome in {WATCH, BROKEN} and not one.is_fault for one in findings)
    row.unknown = sum(one.outcome == UNKNOWN for one in findings)
    row.evidence, row.computed_at = known.evidence, clock.now()
    row.digest = days.sealed(canonical(plain(asdict(one))).decode() for one in findings)
    row.save(force_insert=before is None)
    row.findings.all().delete()
    QualityFinding.objects.bulk_create(
        QualityFinding(
            week=row, check_name=one.check, column=one.column, outcome=one.outcome, value=one.value, bound=one.bound,
            n=one.n, sentence=one.sentence, is_fault=one.is_fault,
        )
        for one in findings
    )  # fmt: skip
    record(
        actor=actor,
        action=ledger_actions.CHECKED,
        subject=row,
        subject_name=f"the data of the week of {week:%-d %B %Y} of {version}",
        team=version.model.use_case.team_id,
        reason=sentence(findings),
        changes=created(row) if was is None else changed(was, row),
    )
    return row


def sentence(findings: list[Finding]) -> str:
    """The worst of it in words."""
    faults = [one for one in findings if one.is_fault]
    if faults:
        more = f" And {len(faults) - 1} more." if len(faults) > 1 else ""
        return f"{faults[0].sentence}{more}"
    judged = sum(one.outcome != UNKNOWN for one in findings)
    return f"No fault in {judged} checks." if judged else "Nothing could be judged."


def judge(known: Facts) -> list[Finding]:
    """Every check of the week, the worst first."""
    found = [
        *_columns(known),
        quality.duplicates(repeated=0, n=known.of_week),
        *_volumes(known),
        *_arrival(known),
        *(quality.refused(one.filename, why=one.why, mended=one.mended) for one in known.refused),
    ]
    return sorted(found, key=lambda one: (not one.is_fault, ORDER[one.outcome], one.check, one.column))


def _columns(known: Facts) -> list[Finding]:
    if known.reference is None:
        return _alone(known)
    against, week = comparing.sides(reference=known.reference, own=known.own, beside=known.beside)
    features = set(known.version.model.inputs)
    expected = {name for name in features & set(against) if _has_values(against[name])}
    gone = {name for name in expected & set(week) if not _has_values(week[name]) and _nulls_broken(name, against, week)}
    new = features - set(against)
    found = quality.schema(expected, (expected - gone) | new)
    for name in sorted(set(against) & set(week) - gone):
        found += quality.of_column(name, against[name], week[name])
    return found


def _alone(known: Facts) -> list[Finding]:
    """How many nulls each column has; without a reference nothing says whether these are usual."""
    if not known.parts:
        return []
    paths = [lake.local(part.path) for part in known.parts]
    columns = profiling.of_files(paths, days.kinds_of(known.version.model), {})
    found = []
    for name, column in sorted(columns.items()):
        share = column.nulls / column.n if column.n else None
        said = f"{column.nulls:,} of {column.n:,} rows are null; without a reference nothing says how many are usual."
        found.append(Finding(quality.NULLS, name, UNKNOWN, share, None, column.n, said))
    return found


def _has_values(column: Column) -> bool:
    return column.n > column.nulls


def _nulls_broken(name: str, against: dict[str, Column], week: dict[str, Column]) -> bool:
    old, new = against[name], week[name]
    return quality.nulls(name, nulls=new.nulls, n=new.n, reference=old.nulls / old.n).outcome == BROKEN


def _volumes(known: Facts) -> list[Finding]:
    """Each day's rows against those of the same weekday; the first and the last day of a log may be parts of days."""
    judged, odd = 0, []
    for at in range(7):
        day = known.week.date() + at * DAY
        if not _whole(known, day):
            continue
        usual = [known.rows.get(one, 0) for back in range(1, USUAL + 1) if _whole(known, one := day - back * WEEK)]
        if sum(count > 0 for count in usual) * 2 > len(usual):
            usual = [count for count in usual if count]
        found = quality.volume(known.rows.get(day, 0), usual)
        if found.outcome == UNKNOWN:
            continue
        judged += 1
        if found.outcome != OK:
            odd.append(replace(found, sentence=f"On {day:%A, %-d %B}: {found.sentence}"))
    if odd:
        return odd
    if judged:
        said = f"Of {judged} days, each brought as many rows as is usual on its weekday."
        return [Finding(quality.VOLUME, "", OK, float(known.of_week), None, known.of_week, said)]
    said = f"Not judged: {LEAST_WINDOWS} earlier days of the same weekday are needed, and a later day."
    return [Finding(quality.VOLUME, "", UNKNOWN, float(known.of_week), None, known.of_week, said)]


def _whole(known: Facts, day: date) -> bool:
    return known.first is not None and known.last is not None and known.first < day < known.last


def _arrival(known: Facts) -> list[Finding]:
    """How long after its end the week's slowest day came, against the weeks before it."""
    lags = [_lag(known, known.week - back * WEEK) for back in range(USUAL + 1)]
    now, usual = lags[0], [lag for lag in lags[1:] if lag is not None]
    if now is None:
        return []
    if len(usual) < LEAST_WINDOWS:
        said = f"Not judged: {len(usual)} earlier weeks say when data usually come, and {LEAST_WINDOWS} are needed."
        return [Finding(quality.ARRIVAL, "", UNKNOWN, None, None, len(usual), said)]
    seconds = [lag.total_seconds() for lag in usual]
    grace = max(GRACE, timedelta(seconds=3 * statistics.stdev(seconds)))
    due = start_of((known.week + WEEK).date()) + timedelta(seconds=statistics.median(seconds))
    return [quality.arrival(arrived=known.week + WEEK + now, due=due, now=clock.now(), grace=grace)]


def _lag(known: Facts, week: datetime) -> timedelta | None:
    days_ = [week.date() + at * DAY for at in range(7)]
    return max((known.arrived[day] - start_of(day + DAY) for day in days_ if day in known.arrived), default=None)
