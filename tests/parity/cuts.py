"""The rows that Tollgate and the peers are both given: two Parquet files a data set, reference and current.

Columns ``score`` (chance of label 1), ``decided`` and ``label`` (0 or 1), numbers as float64 and names as text.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

NUMBERS_OF_EMPLOYMENT: Final = ["AGEP", "score"]
CATEGORIES_OF_EMPLOYMENT: Final = [
    *("SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE", "DREM", "SEX"),
    "RAC1P",
]


@dataclass(frozen=True)
class Cut:
    """Where one data set's rows lie, and what of them is compared. ``cbpe``: rows a chunk."""

    name: str
    reference: str
    current: str
    numbers: list[str]
    categories: list[str]
    sensitive: list[str]
    cbpe: int

    def task(self) -> dict[str, Any]:
        return asdict(self)


def employment(shared: Path, folder: Path, rows: int | None = None) -> Cut:
    """US Census, Massachusetts: 68,785 rows of 2015, then 208,892 of 2016 to 2018; or the first ``rows`` of each."""
    source = shared / "predictions"
    reference = pd.read_parquet(source / "employment_MA_reference.pq").head(rows or 10**9)
    current = pd.read_parquet(source / "employment_MA_analysis.pq").head(rows or 10**9)
    current = current.merge(pd.read_parquet(source / "employment_MA_analysis_target.pq"), on="id")
    named = {"predicted_probability": "score", "prediction": "decided", "employed": "label"}
    return _written(
        "employment_MA", reference.rename(columns=named), current.rename(columns=named), folder,
        numbers=NUMBERS_OF_EMPLOYMENT, categories=CATEGORIES_OF_EMPLOYMENT, sensitive=["SEX", "RAC1P"],
        cbpe=rows // 5 if rows else 10_000,
    )  # fmt: skip


def flights(folder: Path, rows: int | None = None) -> Cut:
    """Flights from New York, 2013: a model of January to March scores April and May (reference) and June to August.

    With ``rows``, the first so many of each; some carriers then have no late flight, so they are not compared.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    from governance.demo import flights as source

    numbers = [name for name, kind in source.FEATURES.items() if kind == "number"]
    categories = [name for name, kind in source.FEATURES.items() if kind == "category"]
    parts = []
    for since, until in ((1, 4), (4, 6), (6, 9)):
        first, last = (datetime(2013, month, 1, tzinfo=UTC) for month in (since, until))
        part = source.load(folder, since=first, until=last).to_pandas()
        parts.append(part[part["late"].notna()].reset_index(drop=True).head(rows or 10**9))
    learned = HistGradientBoostingClassifier(max_iter=50, random_state=13).fit(
        parts[0][numbers].to_numpy(), parts[0]["late"].astype(int)
    )
    for part in parts[1:]:
        part["score"] = learned.predict_proba(part[numbers].to_numpy())[:, 1]
        part["decided"] = (part["score"] >= 0.25).astype(int)
        part["label"] = part["late"].astype(int)
    return _written(
        "nycflights13", parts[1], parts[2], folder,
        numbers=[*numbers, "score"], categories=categories, sensitive=["origin"] if rows else ["origin", "carrier"],
        cbpe=rows // 5 if rows else 10_000,
    )  # fmt: skip


def corners(folder: Path) -> Cut:
    """Seeded rows with what real ones seldom show: a name that is new, one that went, nearly all null, one value only,

    values beyond the reference's range, few different numbers, 1,500 names; and a score that needs no calibration.
    """
    made = np.random.default_rng(20261121)
    sides = []
    for rows, moved in ((6_000, 0), (5_000, 1)):
        score = made.beta(2 + moved, 3, rows)
        sides.append(
            pd.DataFrame(
                {
                    "few": made.integers(0, 12 + moved, rows).astype(float),
                    "beyond": made.normal(moved, 1 + moved, rows),
                    "heavy": made.pareto(1.5, rows),
                    "nearly all null": np.where(made.random(rows) < 0.99, np.nan, made.normal(size=rows)),
                    "constant": np.full(rows, 7.0),
                    "score": score,
                    "new or gone": made.choice(["a", "b", "c", "de"[moved]], rows, p=[0.5, 0.3, 0.19, 0.01]),
                    "one": np.full(rows, "x", dtype=object),
                    "many": made.integers(0, 1_500, rows).astype(str),
                    "half null": pd.Series(made.choice(["yes", "no"], rows)).where(made.random(rows) < 0.5, None),
                    "decided": (score >= 0.5).astype(int),
                    "label": (made.random(rows) < score).astype(int),
                }
            )
        )
    return _written(
        "seeded corners", sides[0], sides[1], folder,
        numbers=["few", "beyond", "heavy", "nearly all null", "constant", "score"],
        categories=["new or gone", "one", "many", "half null"], sensitive=["new or gone"], cbpe=800,
    )  # fmt: skip


def _written(
    name: str, reference: pd.DataFrame, current: pd.DataFrame, folder: Path, *, numbers: list[str],
    categories: list[str], sensitive: list[str], cbpe: int,
) -> Cut:  # fmt: skip
    paths = []
    for side, rows in (("reference", reference), ("current", current)):
        kept = pd.DataFrame({column: rows[column].astype(float) for column in numbers})
        for column in categories:
            kept[column] = rows[column].astype(object).where(rows[column].isna(), rows[column].astype(str))
        for column in ("decided", "label"):
            kept[column] = rows[column].astype(int)
        paths.append(folder / f"{name}-{side}.parquet")
        kept.to_parquet(paths[-1], index=False)
    return Cut(name, str(paths[0]), str(paths[1]), numbers, categories, sensitive, cbpe)
