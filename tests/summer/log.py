"""A prediction log of real flights: a model of January to March answers each flight at its scheduled departure.

It knows the timetable, the weather of the hour before, and how late the flights were that landed in the three hours
before, of those that had left from the same airport. Answers of January to March come from models that had not seen the
week (five folds of whole weeks), so that they are like those that follow; from April on one model of all three answers.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

LEARNED_UNTIL: Final = datetime(2013, 4, 1, tzinfo=UTC)
"""A Monday, as is the first day that flights are left out from."""
UNTIL: Final = datetime(2013, 9, 2, tzinfo=UTC)
LEVEL: Final = 0.5
HOURS: Final = 3

RECENT: Final = """
select f.prediction_id, f."at", f.late, f.arrived_at, {numbers}, avg(b.arr_delay) as recent,
    avg((b.arr_delay > 15)::int) as recent_late, epoch(date_trunc('week', f."at"))::bigint as week
from flights f
left join flights b on b.origin = f.origin and b.arrived_at <= f."at" and b.arrived_at > f."at" - to_hours({hours})
group by all order by f."at", f.prediction_id
"""


def rows(folder: Path) -> dict[str, Any]:
    """Flights until ``UNTIL`` as arrays: prediction_id, at, score, label (NaN: never known), week (epoch seconds)."""
    import duckdb
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import GroupKFold

    from governance.demo import flights as source

    numbers = [name for name, kind in source.FEATURES.items() if kind == "number"]
    told = source.load(
        folder, until=UNTIL,
        columns=["prediction_id", "at", "origin", "arr_delay", "arrived_at", "late", *numbers],
    )  # fmt: skip
    with duckdb.connect(":memory:") as base:
        base.execute("set timezone = 'UTC'")
        base.register("flights", told)
        sql = RECENT.format(numbers=", ".join(f"f.{name}" for name in numbers), hours=HOURS)
        table = base.sql(sql).to_arrow_table()
    columns = [*numbers, "recent", "recent_late"]
    features = np.column_stack([table.column(name).to_numpy().astype(float) for name in columns])
    late = np.array([np.nan if one is None else float(one) for one in table.column("late").to_pylist()])
    week, at = table.column("week").to_numpy(), table.column("at").to_pylist()
    first = np.array([one < LEARNED_UNTIL for one in at])
    known = ~np.isnan(late)

    def learn(chosen: Any) -> HistGradientBoostingClassifier:
        model = HistGradientBoostingClassifier(max_iter=50, min_samples_leaf=200, early_stopping=False, random_state=13)
        return model.fit(features[chosen], late[chosen])

    scores = np.empty(len(at))
    places = np.flatnonzero(first)
    for learned, asked in GroupKFold(5).split(places, groups=week[places]):
        chosen = places[learned]
        scores[places[asked]] = learn(chosen[known[chosen]]).predict_proba(features[places[asked]])[:, 1]
    scores[~first] = learn(first & known).predict_proba(features[~first])[:, 1]
    return {
        "prediction_id": table.column("prediction_id").to_pylist(), "at": at, "score": scores, "label": late,
        "week": week,
    }  # fmt: skip
