"""What a model's monitoring shows before labels come: estimates beside what labels said, and their record."""

from __future__ import annotations

from audit.base.actors import Actor
from audit.base.periods import Period
from audit.catalogue.models import Model, Task
from audit.catalogue.panels import MONITORING, Context, Panel, register
from audit.catalogue.words import MAIN_METRIC, metric_name
from audit.monitoring.estimates import selectors, shown


def _panel(model: Model, viewer: Actor, period: Period) -> Context | None:
    if model.task != Task.CLASSIFICATION:
        return None
    metric = MAIN_METRIC[model.task]
    rows = list(selectors.weeks(viewer=viewer, model=model, metric=metric, until=period.end))
    if not rows:
        return {"title": "How well does it do before labels come?", "figure": None}
    version = rows[-1].version
    own = [row for row in rows if row.version_id == version.pk]
    seen = [row for row in own if row.start >= period.start]
    fit = own[-1].fit
    return {
        "version": version,
        "fit": fit,
        "title": shown.title(metric, own),
        "sub": f"{metric_name(metric)} a week of v{version.number}, each with its 95% interval. Dashed: estimated.",
        "figure": shown.figure(fit, metric, seen),
        "table": (shown.HEADER, [shown.row_of(row) for row in reversed(seen)]),
        "sentences": shown.sentences(fit, metric, own),
    }


def register_own() -> None:
    """Adds the section."""
    register(Panel(15, "estimates", "Before labels", "monitoring/panels/estimates.html", _panel, parts=(MONITORING,)))
