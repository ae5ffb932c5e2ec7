"""Reads organisation.yaml, the demo's people, models, assumptions and prices, as typed values."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from audit.base.clock import WEEK, start_of

PATH = Path(__file__).with_name("organisation.yaml")


@dataclass(frozen=True, slots=True)
class Person:
    """Someone of the demo; ``organisation`` means that the role holds for the whole organisation."""

    key: str
    name: str
    role: str
    organisation: bool
    email: str


@dataclass(frozen=True, slots=True)
class DemoModel:
    """A model of the demo, as the file describes it."""

    slug: str
    use_case: dict[str, str]
    task: str
    outcome: str
    unit: str
    target: str
    threshold: float | None
    mode: str
    values: dict[str, Decimal]
    values_reason: str
    rule: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Tariff:
    """The simulated prices, in US dollars: a second of computing, a megabyte kept for a month."""

    note: str
    second: Decimal
    least_seconds: int
    megabyte_month: Decimal


@dataclass(frozen=True, slots=True)
class Organisation:
    """The whole file. ``weeks`` are the Mondays (00:00 UTC) that are replayed."""

    team: dict[str, str]
    people: tuple[Person, ...]
    zone: str
    dataset: dict[str, str]
    models: dict[str, DemoModel]
    weeks: tuple[datetime, ...]
    training_from: datetime
    training_until: datetime
    tariff: Tariff


def _weeks(first: date, last: date) -> tuple[datetime, ...]:
    start, count = start_of(first), (last - first) // WEEK
    return tuple(start + WEEK * index for index in range(count + 1))


@cache
def load() -> Organisation:
    """The demo organisation."""
    raw = yaml.safe_load(PATH.read_text())
    people = tuple(
        Person(key, row["name"], row["role"], row.get("organisation", False), f"{key}@{raw['mail_domain']}")
        for key, row in raw["people"].items()
    )
    models = {
        slug: DemoModel(slug=slug, **{**row, "values": {key: Decimal(value) for key, value in row["values"].items()}})
        for slug, row in raw["models"].items()
    }
    prices = raw["tariff"]
    return Organisation(
        team=raw["team"],
        people=people,
        zone=raw["zone"],
        dataset=raw["dataset"],
        models=models,
        weeks=_weeks(raw["first_week"], raw["last_week"]),
        training_from=start_of(raw["training_from"]),
        training_until=start_of(raw["training_until"]),
        tariff=Tariff(
            prices["note"], Decimal(prices["second"]), prices["least_seconds"], Decimal(prices["megabyte_month"])
        ),
    )


def week_key(week: datetime) -> str:
    """The week's Monday as text: 2013-07-08."""
    return week.astimezone(UTC).date().isoformat()
