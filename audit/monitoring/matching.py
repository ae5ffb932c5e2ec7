"""Each prediction counts once, and each label finds its prediction; old partitions are opened only if they must be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Max

from audit.base.errors import InvalidInput
from audit.catalogue.models import Model
from audit.lake.engine import literal, quoted
from audit.monitoring import lakehouse
from audit.monitoring.formats import Source, day_of
from audit.monitoring.models import Partition
from audit.monitoring.staging import first_row_where, one, shown

if TYPE_CHECKING:
    import duckdb

FIRST_LOOK: Final = 14
"""How many days of predictions labels are looked for in at first; each further look takes twice as many."""


def partitions(model: Model, kind: str, *, after: int = 0) -> list[Partition]:
    """The model's partitions of ``kind``, newest day first, of imports later than ``after``."""
    rows = Partition.objects.filter(model=model, kind=kind, sequence__gt=after).select_related("version")
    return list(rows.order_by("-day", "-sequence"))


def newest(model: Model) -> int:
    """The sequence of the model's last import, 0 when there is none."""
    return Partition.objects.filter(model=model).aggregate(last=Max("sequence"))["last"] or 0


def check_versions(db: duckdb.DuckDBPyConnection, source: Source, *, known: set[int], given: int | None) -> None:
    """Nothing, when each staged row is of a registered version, the given one if one was given.

    Raises:
        InvalidInput: a row is not; it is named.
    """
    allowed = known if given is None else {given}
    found = {row[0] for row in db.execute("SELECT DISTINCT version FROM staged").fetchall()}
    if found <= allowed:
        return
    version = min(found - allowed)
    row, _ = first_row_where(db, source, f'"#version" = {version}')
    if version in known:
        raise InvalidInput(
            f"This row is of version {version}, but the file was sent for version {given}.",
            where=f"row {row}, column {source.named('version')}",
            mend="Send it without a version, or one file a version.",
        )
    listed = ", ".join(str(number) for number in sorted(known)) or "none yet"
    raise InvalidInput(
        f"The model has no version {version}.",
        where=f"row {row}, column {source.named('version')}",
        mend=f"Registered versions are {listed}; register it, then send the file again.",
    )


def _overlapping(db: duckdb.DuckDBPyConnection, rows: list[Partition]) -> list[Partition]:
    """Those partitions whose range of ids meets that of the staged rows."""
    least, most = one(db, "SELECT min(prediction_id), max(prediction_id) FROM staged")
    return [row for row in rows if row.first_id <= most and least <= row.last_id]


def check_new(db: duckdb.DuckDBPyConnection, source: Source, earlier: list[Partition]) -> None:
    """Nothing, when no staged prediction was imported before.

    Another version may predict the same id, on the same day or one beside it: the label then belongs to both.

    Raises:
        InvalidInput: an id was imported before for its version, or lies days away for another one; its row is named.
    """
    by_version: dict[int, list[Partition]] = {}
    for part in _overlapping(db, earlier):
        assert part.version is not None, "predictions have a version"
        by_version.setdefault(part.version.number, []).append(part)
    for version, parts in sorted(by_version.items()):
        db.execute(
            "CREATE OR REPLACE TEMP TABLE clashing AS "
            f"SELECT prediction_id, version, version = {version} AS same, earlier.day FROM staged JOIN "
            f"(SELECT prediction_id, {day_of(quoted('at'))} AS day FROM {lakehouse.files(parts)}) AS earlier "
            f'USING (prediction_id) WHERE version = {version} OR abs("#day" - earlier.day) > 1'
        )
        if one(db, "SELECT count(*) FROM clashing")[0]:
            raise _repeated(db, source, version)


def _repeated(db: duckdb.DuckDBPyConnection, source: Source, version: int) -> InvalidInput:
    among = '"#id" IN (SELECT prediction_id FROM clashing)'
    if "version" in source.columns:
        among = '("#id", "#version") IN (SELECT (prediction_id, version) FROM clashing)'
    row, found = first_row_where(db, source, among)
    same, day = one(db, f"SELECT same, day FROM clashing WHERE prediction_id = {literal(found)} LIMIT 1")
    if same:
        return InvalidInput(
            f"The prediction {shown(found)} of version {version} was imported before, for {day}.",
            where=f"row {row}, column {source.named('prediction_id')}",
            mend="Send only predictions that were not sent yet.",
        )
    return InvalidInput(
        f"Version {version} predicted {shown(found)} on {day}, more than a day away.",
        where=f"row {row}, column {source.named('prediction_id')}",
        mend="Use an id of its own for each case, so that its label belongs to one case.",
    )


def find_days(db: duckdb.DuckDBPyConnection, source: Source, predictions: list[Partition], *, rows: int) -> list[date]:
    """Fills the table ``found`` with the day of each staged label's prediction; returns all days that they touch.

    ``predictions`` come newest first. The search stops when every id is found, so that it does not grow with history;
    a day older is still opened, because another version may have predicted the same id just before midnight. Where
    the file says ``predicted_at``, those days are looked at first.

    Raises:
        InvalidInput: there is no prediction with the id of a label; the first such row is named.
    """
    db.execute("CREATE TEMP TABLE matched (prediction_id VARCHAR, day DATE)")
    left, size, complete = predictions, FIRST_LOOK, False
    hints = {row[0] for row in db.execute(f"SELECT DISTINCT {day_of('predicted_at')} FROM staged").fetchall() if row[0]}
    near = {day + timedelta(days=away) for day in hints for away in (-1, 0, 1)}
    look = [part for part in left if part.day in near]
    while left and not complete:
        look = look or left[:size]
        chosen = {part.pk for part in look}
        left = [part for part in left if part.pk not in chosen]
        _match(db, look)
        complete = one(db, "SELECT count(DISTINCT prediction_id) FROM matched")[0] == rows
        look, size = [], size * 2
    if not complete:
        row, found = first_row_where(db, source, '"#id" NOT IN (SELECT prediction_id FROM matched)')
        raise InvalidInput(
            f"There is no prediction {shown(found)}.",
            where=f"row {row}, column {source.named('prediction_id')}",
            mend="Send its prediction first, then these labels again.",
        )
    oldest = one(db, "SELECT min(day) FROM matched")[0] - timedelta(days=1)
    _match(db, [part for part in left if part.day >= oldest and (not near or part.day in near)])
    db.execute("CREATE TEMP TABLE found AS SELECT prediction_id, max(day) AS day FROM matched GROUP BY prediction_id")
    return [row[0] for row in db.execute("SELECT DISTINCT day FROM matched").fetchall()]


def count_labelled(db: duckdb.DuckDBPyConnection, labels: list[Partition], *, days: set[date]) -> int:
    """How many of the staged labels are of a prediction that had one before: these correct it.

    ``labels`` are the partitions of earlier imports, ``days`` those on which the staged labels' ids were predicted.
    """
    earlier = _overlapping(db, [part for part in labels if part.day in days])
    if not earlier:
        return 0
    sql = f"SELECT count(*) FROM staged SEMI JOIN {lakehouse.files(earlier)} AS earlier USING (prediction_id)"
    return int(one(db, sql)[0])


def _match(db: duckdb.DuckDBPyConnection, look: list[Partition]) -> None:
    rows = _overlapping(db, look)
    if rows:
        db.execute(
            f"INSERT INTO matched SELECT DISTINCT prediction_id, {day_of(quoted('at'))} "
            f"FROM {lakehouse.files(rows)} SEMI JOIN staged USING (prediction_id)"
        )
