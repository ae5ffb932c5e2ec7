"""The jobs: import a file, then measure each week that it touched."""

from datetime import date
from typing import Any

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.jobs.registry import job
from audit.jobs.run import Run
from audit.monitoring import services


@job("monitoring.import", title="Import a prediction log", permanent=(InvalidInput,))
def import_upload(run: Run, *, upload: str) -> dict[str, Any]:
    """Imports the upload and starts the measuring of the weeks that it touched."""
    found = services.upload_for_job(upload)
    weeks = services.import_upload(actor=run.actor, upload=found, progress=run.progress)
    for week in weeks:
        run.start(
            "monitoring.measure",
            args={"model": str(found.model_id), "week": week.isoformat(), "cause": upload},
            key=f"{found.model_id}:{week}:{upload}",
            subject=found.model,
            team=found.model.use_case.team,
        )
    return {"rows": found.rows, "days": found.counts.get("days", 0), "weeks": len(weeks)}


@job("monitoring.measure", title="Measure a week", permanent=(InvalidInput,))
def measure(run: Run, *, model: str, week: str, cause: str = "") -> dict[str, Any]:
    """Measures a week of a model; ``cause`` is the upload that asked for it."""
    found = services.model_for_job(model)
    monday = clock.week_of(date.fromisoformat(week))
    return {"changed": services.measure_week(actor=run.actor, model=found, week=monday)}
