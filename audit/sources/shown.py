"""Coverage in words and as a band: which times were collected, and for each hole why it is one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from audit.base.actors import Actor
from audit.catalogue.models import Model
from audit.catalogue.notes import Note
from audit.sources.coverage import Coverage
from audit.sources.domain.coverage import COMPLETE, FAILED, PARTIAL, Hole
from audit.sources.selectors import incidents
from config.ui import format as say

WORDS = {COMPLETE: "Read", PARTIAL: "Read in part", FAILED: "Could not be read"}
TAGS = {COMPLETE: "ok", PARTIAL: "watch", FAILED: "bad"}
DRAWN = {COMPLETE: "whole", PARTIAL: "part", FAILED: "hole"}


@dataclass(frozen=True, slots=True)
class Line:
    """A period or a hole, for a table: in the order of time, newest first."""

    since: datetime
    until: datetime
    tag: str
    word: str
    why: str
    items: int | None


def notes(model: Model, viewer: Actor) -> list[Note]:
    """What a model's first sentences say of its open incidents."""
    count = incidents(viewer=viewer).filter(model=model, closed_at=None).count()
    if not count:
        return []
    words = say.count(count, "incident")
    return [Note(f"{words} outside of Tollgate {'is' if count == 1 else 'are'} open.", _of_model(model))]


def _of_model(model: Model) -> str:
    return reverse("sources:of_model", args=[model.slug])


def sentence(hole: Hole) -> str:
    """As in "No data was collected from 8 July, 10:00 to 8 July, 13:00: the source was switched off."."""
    end = "" if hole.why.endswith((".", "!", "?")) else "."
    since, until = say.moment(hole.since, "short"), say.moment(hole.until, "short")
    return f"No data was collected from {since} to {until}: {hole.why}{end}"


def lines(found: Coverage) -> list[Line]:
    """What a table shows of it."""
    rows = [Line(one.since, one.until, "bad", "Hole", one.why, None) for one in found.holes]
    rows += [
        Line(one.since, one.until, TAGS[one.state], WORDS[one.state], "", one.items)
        for one in found.periods
        if one.state != FAILED
    ]
    return sorted(rows, key=lambda row: row.since, reverse=True)


def spans(found: Coverage) -> list[tuple[float, float, str]]:
    """What a band draws of it."""
    whole = (found.until - found.since).total_seconds()

    def at(moment: datetime) -> float:
        return (moment - found.since).total_seconds() / whole

    drawn = [(at(one.since), at(one.until), DRAWN[one.state]) for one in found.periods if one.state != FAILED]
    return drawn + [(at(one.since), at(one.until), "hole") for one in found.holes]


def lede(found: Coverage) -> str:
    """How much of the time was collected."""
    since = say.moment(found.since, "short")
    if not found.holes:
        return f"No hole since {since}."
    lost = sum((one.until - one.since for one in found.holes), start=timedelta())
    return f"{say.count(len(found.holes), 'hole')} since {since}, {say.duration(lost)} in all."
