"""The log goes the product's way, week by week: predictions on the Monday after, labels one week later, by jobs."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.summer.log import LEARNED_UNTIL, LEVEL, UNTIL

FIRST: Final = datetime(2013, 1, 1, tzinfo=UTC)
WEEK: Final = timedelta(weeks=1)
KINDS: Final = (
    "monitoring.import", "monitoring.outcomes", "monitoring.measure", "monitoring.reference", "monitoring.estimate"
)  # fmt: skip
"""What is looked at here; jobs of other kinds (inputs, quality) stay queued."""


def replay(rows: dict[str, Any], say: Callable[[str], None] = print) -> dict[str, Any]:
    """Runs the weeks on an empty database; gives the estimator, and each week's accuracy with when each was known.

    A week's ``estimated_on`` and ``labels_on`` are the Mondays (UTC) on which the files came that made them.
    """
    model, version = _model()
    monday = LEARNED_UNTIL
    _send(model, "predictions", rows, _within(FIRST, LEARNED_UNTIL))
    _send(model, "labels", rows, _within(FIRST, LEARNED_UNTIL))
    known: dict[str, dict[str, Any]] = {}
    while monday <= UNTIL + WEEK:
        last, before = monday - WEEK, monday - 2 * WEEK
        if last >= LEARNED_UNTIL:
            _send(model, "predictions", rows, _within(last, monday))
        if before >= LEARNED_UNTIL:
            _send(model, "labels", rows, _within(before, last))
        _note(version, monday, known)
        say(f"{monday:%-d %B}: {len(known)} weeks are estimated")
        monday += WEEK
    return {"fit": _fit(version), "weeks": sorted(known.values(), key=lambda one: one["week"])}


def _within(first: datetime, end: datetime) -> Callable[[datetime], bool]:
    return lambda at: first <= at < end


def _model() -> tuple[Any, Any]:
    from audit.base.actors import Actor
    from audit.catalogue import services as catalogue
    from audit.people import services as people

    actor = Actor.service("figures")
    team = people.create_team(actor=actor, slug="flights", name="Flights")
    owner = people.create_user(actor=actor, email="owner@example.org", name="Owner")
    use_case = catalogue.register_use_case(actor=actor, team=team, slug="late", name="Late arrival", problem="Late.")
    model = catalogue.register_model(
        actor=actor, use_case=use_case, slug="late-arrival", name="Late arrival", task="classification", owner=owner,
        outcome="lands more than 15 minutes late", features={}, threshold=LEVEL,
    )  # fmt: skip
    version = catalogue.register_version(
        actor=actor, model=model, artefact="late", artefact_digest="1" * 64, author=owner,
        data_from=FIRST, data_until=LEARNED_UNTIL,
    )  # fmt: skip
    return model, version


def _send(model: Any, kind: str, rows: dict[str, Any], wanted: Callable[[datetime], bool]) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    from audit.base.actors import Actor
    from audit.monitoring import starting

    chosen = np.array([wanted(at) for at in rows["at"]])
    if kind == "labels":
        chosen &= ~np.isnan(rows["label"])
    places = np.flatnonzero(chosen)
    if not places.size:
        return
    columns: dict[str, Any] = {"prediction_id": [rows["prediction_id"][place] for place in places]}
    if kind == "labels":
        columns["label"] = rows["label"][places]
    else:
        columns |= {"at": [rows["at"][place] for place in places], "score": rows["score"][places]}
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    starting.take(
        actor=Actor.service("figures"), model=model, kind=kind, filename=f"{kind}.parquet", chunks=[file.getvalue()],
        version=1 if kind == "predictions" else None, trigger="api",
    )  # fmt: skip
    _run()


def _run() -> None:
    from audit.jobs.models import Job, State
    from audit.jobs.run import execute

    while job := Job.objects.filter(state=State.QUEUED, kind__in=KINDS).order_by("created_at").first():
        execute(job.pk, worker="figures")
        job.refresh_from_db()
        if job.state != State.SUCCEEDED:
            raise RuntimeError(f"{job}: {job.error}")


def _note(version: Any, monday: datetime, known: dict[str, dict[str, Any]]) -> None:
    from audit.monitoring.estimate_models import EstimateWeek

    for row in EstimateWeek.objects.filter(version=version, metric="accuracy", fit__replaced_at=None):
        one = known.setdefault(
            f"{row.start:%Y-%m-%d}",
            {"week": f"{row.start:%Y-%m-%d}", "estimated_on": f"{monday:%Y-%m-%d}", "labels_on": None},
        )
        one |= {
            name: getattr(row, name)
            for name in ("value", "low", "high", "sign", "outside", "alarm", "realised", "realised_low",
                         "realised_high", "n", "realised_n", "why")
        }  # fmt: skip
        if row.realised is not None and one["labels_on"] is None:
            one["labels_on"] = f"{monday:%Y-%m-%d}"


def _fit(version: Any) -> dict[str, Any]:
    from audit.monitoring.estimates.fitting import current

    fit = current(version)
    assert fit is not None
    return {
        "n": fit.n, "weeks": len(fit.weeks), "bounds": fit.bounds["accuracy"], "usual": fit.usual["accuracy"],
        "reference": str(fit.reference),
    }  # fmt: skip
