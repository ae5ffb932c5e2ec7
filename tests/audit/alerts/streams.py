"""Weeks of predictions with labels as CSV files, through the real jobs: as they usually are, or with one fault."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np

from audit.catalogue.models import Model
from tests.audit.monitoring import logs

FIRST = datetime(2013, 1, 7, tzinfo=UTC)
WEEK = timedelta(weeks=1)
ROWS = 1400
Change = Callable[[np.random.Generator, dict[str, np.ndarray]], None]
"""Changes a week's columns in place: hour, delay, carrier, score, label."""


def usual(random: np.random.Generator, n: int = ROWS) -> dict[str, np.ndarray]:
    """Rows of a model that is right: the score is the chance of a positive label."""
    hour = random.normal(12, 3, n)
    carrier = random.choice(["UA", "DL", "AA"], n, p=[0.5, 0.3, 0.2])
    score = chance(hour, carrier)
    label = (random.random(n) < score).astype(int)
    return {"hour": hour, "carrier": carrier, "score": score, "label": label}


def chance(hour: np.ndarray, carrier: np.ndarray) -> np.ndarray:
    """What the model says, and what is true."""
    return 1 / (1 + np.exp(-(0.5 * (hour - 12) + np.where(carrier == "UA", 0.3, -0.6))))


def unit_change(random: np.random.Generator, rows: dict[str, np.ndarray]) -> None:
    """Hours come in minutes, and the model takes them for hours."""
    rows["hour"] = rows["hour"] * 60
    rows["score"] = chance(rows["hour"], rows["carrier"])


def null_burst(random: np.random.Generator, rows: dict[str, np.ndarray]) -> None:
    """Hours are missing in four of ten rows, and the model takes noon for them."""
    rows["hour"][random.random(rows["hour"].size) < 0.4] = np.nan
    rows["score"] = chance(np.nan_to_num(rows["hour"], nan=12.0), rows["carrier"])


def covariate(random: np.random.Generator, rows: dict[str, np.ndarray]) -> None:
    """Later hours, which mean what they meant."""
    rows["hour"] = random.normal(14.5, 2.2, rows["hour"].size)
    rows["score"] = chance(rows["hour"], rows["carrier"])
    rows["label"] = (random.random(rows["hour"].size) < rows["score"]).astype(int)


def prior(random: np.random.Generator, rows: dict[str, np.ndarray]) -> None:
    """Three of four are positive, and each label's rows are as ever."""
    pool = usual(random, 6 * ROWS)
    share = int(0.75 * ROWS)
    chosen = np.concatenate([
        random.choice(np.flatnonzero(pool["label"] == label), size, replace=False)
        for label, size in ((1, share), (0, ROWS - share))
    ])  # fmt: skip
    rows.update({name: values[chosen] for name, values in pool.items()})


def concept(random: np.random.Generator, rows: dict[str, np.ndarray]) -> None:
    """The same rows now have the other outcome more often."""
    rows["label"] = (random.random(rows["label"].size) < 1 - rows["score"]).astype(int)


def send(
    model: Model,
    week: int,
    *,
    seed: int = 0,
    change: Change | None = None,
    labels: bool = True,
    since: datetime = FIRST,
) -> None:
    """Sends the week ``week`` after ``since`` and runs all that follows from it."""
    random = np.random.default_rng([seed, week])
    rows = usual(random)
    if change is not None:
        change(random, rows)
    step = WEEK / ROWS
    lines, truth = [], []
    for place in range(rows["score"].size):
        at = (since + week * WEEK + place * step).strftime("%Y-%m-%dT%H:%M:%SZ")
        hour = "" if np.isnan(rows["hour"][place]) else f"{rows['hour'][place]:.6f}"
        name = f"{seed}-{week}-{place}"
        lines.append(f"{name},{at},1,{rows['score'][place]:.9f},{hour},{rows['carrier'][place]}")
        truth.append(f"{name},{rows['label'][place]}")
    logs.send(model, "predictions", logs.csv(*lines), f"{week}.csv")
    if labels:
        logs.send(model, "labels", logs.csv(*truth, header="prediction_id,label"), f"{week}-labels.csv")
