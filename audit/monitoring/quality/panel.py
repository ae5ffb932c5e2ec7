"""What the page of a model's monitoring says of its data and of its errors: words first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from audit.base.actors import Actor
from audit.base.clock import week_of
from audit.base.periods import Period
from audit.catalogue.models import Model
from audit.catalogue.panels import MONITORING, Context, Panel, register
from audit.catalogue.words import count_of
from audit.monitoring.domain.thresholds import OK
from audit.monitoring.quality import selectors
from audit.monitoring.quality.words import CHECKS, FAULT, METHODS, OUTCOMES, error_words
from audit.monitoring.quality_models import ConceptSign, ConceptState, QualityFinding, QualityWeek
from audit.monitoring.selectors import served

SOUND = "Are its data sound?"
ERRORS = "Did its errors change?"
SHOWN = 12
WEEKS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding in words, with the mark of its state."""

    finding: QualityFinding

    @property
    def check(self) -> str:
        """What was checked."""
        return CHECKS.get(self.finding.check_name, self.finding.check_name)

    @property
    def mark(self) -> str:
        """The shape of its state."""
        if self.finding.is_fault:
            return "bad"
        return {"broken": "watch"}.get(self.finding.outcome, self.finding.outcome)

    @property
    def word(self) -> str:
        """Its state for people."""
        return FAULT if self.finding.is_fault else OUTCOMES[self.finding.outcome]


def conclusion(week: QualityWeek | None) -> str:
    """What the newest week's checks came to."""
    if week is None:
        return SOUND
    judged = week.checks - week.unknown
    if week.faults:
        return f"{count_of(week.faults, 'fault')} in its data in the newest week"
    if not judged:
        return SOUND
    watch = f", {count_of(week.watch, 'check')} stand{'s' if week.watch == 1 else ''} out" if week.watch else ""
    return f"No fault in {count_of(judged, 'check')} of its data in the newest week{watch}"


def history(weeks: Sequence[QualityWeek]) -> str:
    """In how many weeks there was a fault."""
    faulty = [week for week in weeks if week.faults]
    if not faulty:
        return f"No fault in {count_of(len(weeks), 'checked week')} of this period."
    named = ", ".join(f"{week.start.day} {week.start:%B}" for week in faulty[-3:])
    return f"Faults in {len(faulty)} of {count_of(len(weeks), 'checked week')} of this period, last from {named}."


def _quality(model: Model, viewer: Actor, period: Period) -> Context | None:
    rows = selectors.weeks(viewer=viewer).filter(version__model=model, start__gte=period.start, start__lt=period.end)
    # One version a week: the one that served, or the newest of those that no week is known to have been served by.
    weeks = list({row.start: row for row in rows.order_by("start", served(), "version__number")}.values())
    newest = weeks[-1] if weeks else None
    found = [Shown(row) for row in newest.findings.exclude(outcome=OK)[: SHOWN + 1]] if newest else []
    return {
        "title": conclusion(newest),
        "week": newest,
        "findings": found[:SHOWN],
        "more": len(found) > SHOWN,
        "history": history(weeks),
    }


@dataclass(frozen=True, slots=True)
class Changes:
    """What the detectors found in a week (its Monday) of a version: how often each, and the largest of the changes."""

    week: str
    version: int
    counts: str
    largest: str


def by_week(signs: Sequence[ConceptSign], model: Model) -> list[Changes]:
    """The changes by week and version, newest first."""
    found: dict[tuple[datetime, int], list[ConceptSign]] = {}
    for sign in signs:
        found.setdefault((week_of(sign.at), sign.version.number), []).append(sign)
    return [
        Changes(f"{monday.day} {monday:%B %Y}", number, _counts(found[monday, number]), _largest(own, model))
        for (monday, number), own in sorted(found.items(), reverse=True)
    ]


def _counts(signs: Sequence[ConceptSign]) -> str:
    often = Counter(METHODS[sign.method] for sign in signs)
    return ", ".join(f"{method} {often[method]}" for method in METHODS.values() if often[method])


def _largest(signs: Sequence[ConceptSign], model: Model) -> str:
    """The largest step of the mean error, where a detector tells both sides of one; empty where none does."""
    steps = [
        (abs(sign.mean - sign.before), sign) for sign in signs if sign.mean is not None and sign.before is not None
    ]
    if not steps:
        return ""
    _, sign = max(steps, key=itemgetter(0))
    return f"{error_words(sign.before, model)} to {error_words(sign.mean, model)}"


def followed(states: Sequence[ConceptState]) -> list[str]:
    """How far each version's errors are followed, and how many labels came too late to count."""
    said = []
    for number in dict.fromkeys(state.version.number for state in states):
        one = next(state for state in states if state.version.number == number)
        late = f"; {one.late:,} labels came later for days already followed, and change nothing" if one.late else ""
        answers = f"{one.state['seen']:,} answers" if one.state["seen"] != 1 else "1 answer"
        said.append(f"v{number}: followed up to {one.upto.day} {one.upto:%B %Y}, {answers}{late}.")
    return said


def changed(signs: Sequence[ConceptSign]) -> str:
    """The newest change, as the section's title."""
    if not signs:
        return "No change of its errors was found in this period"
    monday = week_of(signs[-1].at)
    return f"Its errors changed in the week of {monday.day} {monday:%B %Y}"


def _concept(model: Model, viewer: Actor, period: Period) -> Context | None:
    states = list(selectors.states(viewer=viewer, model=model))
    if not states:
        return {"title": ERRORS, "states": []}
    signs = list(selectors.signs(viewer=viewer, model=model).filter(at__gte=period.first_day, at__lte=period.last_day))
    return {"title": changed(signs), "states": followed(states), "changes": by_week(signs, model)[:WEEKS_SHOWN]}


def register_own() -> None:
    """Adds both sections."""
    register(Panel(24, "quality", "Data", "monitoring/panels/quality.html", _quality, parts=(MONITORING,)))
    register(Panel(26, "concept", "Errors", "monitoring/panels/concept.html", _concept, parts=(MONITORING,)))
