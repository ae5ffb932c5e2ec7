"""The catalogue's own sections of the model page: versions, deployments, and what happened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch

from audit.base.actors import Actor
from audit.base.clock import start_of
from audit.base.periods import Period
from audit.catalogue import notes, production, selectors, timeline
from audit.catalogue.domain.completeness import Completeness
from audit.catalogue.models import AliasPeriod, DatasetVersion, Deployment, Environment, Model, ModelVersion
from audit.catalogue.panels import Context, Panel, register
from audit.catalogue.provenance import completeness_of
from audit.catalogue.words import MAIN_METRIC, metric_name, metric_value

SHOWN = 12
VERSION_HEADINGS = (
    "version", "state", "registered_at", "author", "data_from", "data_until", "training_data", "artefact_sha256",
    "main_measure_at_training", "origin_on_record", "origin_missing",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with its tag and the words of what it learned from."""

    version: ModelVersion
    tag: notes.Tag
    learned: str
    measure: str
    complete: Completeness

    def cells(self) -> list[object]:
        """The row of the downloaded table, under ``VERSION_HEADINGS``."""
        version = self.version
        return [
            version.number,
            self.tag.word,
            version.created_at,
            version.author_name,
            version.data_from,
            version.data_until,
            ", ".join(map(str, version.training_data.all())) or "unknown",
            version.artefact_digest,
            self.measure or "not sent",
            round(self.complete.share, 4),
            ", ".join(part.key for part in self.complete.missing) or "none",
        ]


@dataclass(frozen=True, slots=True)
class Ran:
    """What the records say about one day."""

    day: date
    known: date | None
    sentences: list[str]
    rows: list[Deployment]


def learned_from(since: datetime | None, until: datetime | None) -> str:
    """The time that training data cover, in words: "1 January to 26 February 2013"."""
    if since is None or until is None:
        return ""
    last = until - timedelta(microseconds=1)
    year = f" {since:%Y}" if since.year != last.year else ""
    return f"{since.day} {since:%B}{year} to {last.day} {last:%B %Y}"


def version_rows(*, model: Model, viewer: Actor, limit: int | None = SHOWN) -> list[VersionRow]:
    """The versions of a model, newest first, each with its state."""
    found = selectors.versions(viewer=viewer).filter(model=model).order_by("-number")
    data = Prefetch("training_data", DatasetVersion.objects.select_related("dataset").defer("columns"))
    versions = list(found.select_related(None).select_related("author", "run").prefetch_related(data)[:limit])
    tags = tags_of(model=model, viewer=viewer, versions=versions)
    metric = MAIN_METRIC[model.task]
    rows = []
    for version in versions:
        value = version.metrics.get(metric)
        measure = metric_value(metric, float(value), model.unit) if isinstance(value, int | float) else ""
        learned = learned_from(version.data_from, version.data_until)
        rows.append(VersionRow(version, tags[version.pk], learned, measure, completeness_of(version)))
    return rows


def tags_of(*, model: Model, viewer: Actor, versions: Sequence[ModelVersion]) -> dict[UUID, notes.Tag]:
    """The state of each of these versions of the model."""
    aliases = list(AliasPeriod.objects.filter(model=model).order_by("since"))
    live = list(Deployment.objects.filter(version__model=model, until=None))
    given = notes.tags_of(model, viewer)
    return {one.pk: given.get(one.pk) or _tag(one, aliases, live) for one in versions}


def _tag(version: ModelVersion, aliases: list[AliasPeriod], live: list[Deployment]) -> notes.Tag:
    names = {one.alias for one in aliases if one.version_id == version.pk and one.until is None}
    where = {one.environment for one in live if one.version_id == version.pk}
    if selectors.PRODUCTION in names or Environment.PRODUCTION in where:
        return notes.Tag("ok", "In production")
    if where:
        return notes.Tag("waiting", "In " + " and ".join(sorted(where)))
    if any(one.version_id == version.pk and one.alias == selectors.PRODUCTION for one in aliases):
        return notes.Tag("off", "Replaced")
    return notes.Tag("off", "Registered")


def what_ran(*, model: Model, viewer: Actor, day: date, known: date | None = None) -> Ran:
    """The deployments that ran on ``day`` (UTC), by what was recorded until the end of ``known`` (all, without it).

    Two times answer: when a deployment held, and when it became known. An end that was recorded later counts as not
    known yet.

    Raises:
        InvalidInput: one of the days has not come yet.
    """
    production.check_has_come(day, "on")
    begin, end = start_of(day), start_of(day + timedelta(days=1))
    horizon = production.horizon_of(known)
    rows = []
    for one in selectors.deployments(viewer=viewer).filter(version__model=model, since__lt=end).order_by("since"):
        span = production.span_of(one).known_at(horizon)
        if span is not None and span.touches(begin, end):
            rows.append(one)
    said = f" As was known at the end of {known.day} {known:%B %Y}." if known else ""
    if not rows:
        return Ran(
            day, known, [f"On {day.day} {day:%B %Y} no version of {model} ran, as far as records say.{said}"], []
        )
    return Ran(day, known, [_ran(one, day) for one in rows] + ([said.strip()] if said else []), rows)


def _ran(one: Deployment, day: date) -> str:
    words = (
        f"On {day.day} {day:%B %Y} v{one.version.number} ran in {one.get_environment_display().lower()} ({one.mode})"
    )
    if one.since.date() == day:
        words += f", from {one.since:%H:%M} UTC"
    if one.until is not None and one.until.date() == day:
        words += f", until {one.until:%H:%M} UTC"
    return f"{words}."


def _versions(model: Model, viewer: Actor, period: Period) -> Context:
    rows = version_rows(model=model, viewer=viewer)
    total = selectors.versions(viewer=viewer).filter(model=model).count() if len(rows) == SHOWN else len(rows)
    return {"rows": rows, "total": total, "comparable": len(rows) > 1, "metric": metric_name(MAIN_METRIC[model.task])}


def _deployments(model: Model, viewer: Actor, period: Period) -> Context:
    found = selectors.deployments(viewer=viewer).filter(version__model=model)
    rows = list(found[:SHOWN])
    first = found.order_by("since").first() if len(rows) == SHOWN else next(reversed(rows), None)
    return {"rows": rows, "first": first, "period": period}


def _timeline(model: Model, viewer: Actor, period: Period) -> Context:
    events, total = timeline.events(viewer=viewer, model=model)
    return {"model": model, "events": events, "total": total}


def register_own() -> None:
    """Adds the three sections."""
    register(Panel(30, "versions", "Versions", "catalogue/panels/versions.html", _versions, row="deployed"))
    register(Panel(40, "deployments", "Deployments", "catalogue/panels/deployments.html", _deployments, row="deployed"))
    register(Panel(90, "timeline", "Timeline", "catalogue/panels/timeline.html", _timeline))
