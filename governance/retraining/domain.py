"""When a rule fires, and what a comparison leads to. Unknown never passes: it fires nothing and promotes nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import rfc8785

from audit.base.transitions import Transitions
from audit.catalogue.words import metric_name, metric_value

LABELLED_SHARE: Final = 0.8
"""A week counts once this share of its predictions has labels."""

QUEUED, RUNNING, WAITING, FINISHED, FAILED = "queued", "running", "waiting", "finished", "failed"
RETRAINING: Final = Transitions(
    noun="retraining",
    table={
        (QUEUED, "start"): RUNNING,
        (RUNNING, "start"): RUNNING,
        (FAILED, "start"): RUNNING,
        (RUNNING, "wait"): WAITING,
        (FAILED, "compare"): WAITING,
        (WAITING, "compare"): WAITING,
        (WAITING, "finish"): FINISHED,
        (QUEUED, "fail"): FAILED,
        (RUNNING, "fail"): FAILED,
        (WAITING, "fail"): FAILED,
        (FAILED, "fail"): FAILED,
    },
    refusals={FINISHED: "This retraining is finished; its result stands."},
)
OPEN, CLOSED = "open", "closed"
REVIEW: Final = Transitions(
    noun="review",
    table={(OPEN, "close"): CLOSED},
    refusals={CLOSED: "This review has been closed."},
)

BETTER, NOT_BETTER, WORSE, UNDECIDED = "better", "not_better", "worse", "undecided"
REQUEST_OPENS, REVIEW_OPENS, NOTHING = "request", "review", "nothing"
OUTCOMES: Final[Mapping[str, tuple[str, str]]] = {
    # Where the interval of the main measure's difference lies -> the outcome, and what follows from it.
    "better": (BETTER, REQUEST_OPENS),
    "none": (NOT_BETTER, REVIEW_OPENS),
    "worse": (WORSE, REVIEW_OPENS),
    "unknown": (UNDECIDED, NOTHING),
}


@dataclass(frozen=True, slots=True)
class Week:
    """What is known of a week (from ``start``, a Monday) of the version in production. ``value`` None: undefined."""

    start: date
    value: float | None
    n: int
    predictions: int

    @property
    def share(self) -> float:
        """The labelled share, 0 to 1."""
        return self.n / self.predictions if self.predictions else 0.0

    def complete(self, min_n: int) -> bool:
        """Whether enough labels are there for the week to count."""
        return self.value is not None and self.n >= min_n and self.share >= LABELLED_SHARE


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule asks: ``metric`` on one side of ``threshold`` (``comparison``: below or above), ``windows`` times."""

    metric: str
    comparison: str
    threshold: float
    windows: int
    min_n: int
    unit: str = ""

    def broken_by(self, value: float) -> bool:
        """Whether ``value`` lies strictly on the wrong side."""
        return value < self.threshold if self.comparison == "below" else value > self.threshold

    def words(self) -> str:
        """As in "AUC below 0.640 for 3 weeks in a row"."""
        times = "in one week" if self.windows == 1 else f"in {self.windows} weeks in a row"
        return f"{metric_name(self.metric)} {self.comparison} {self.say(self.threshold)} {times}"

    def say(self, value: float) -> str:
        """A value of the metric with its unit."""
        return metric_value(self.metric, value, self.unit)


@dataclass(frozen=True, slots=True)
class Standing:
    """What else stands in the way of a start. ``since_last`` counts weeks since the data of the last retraining.

    ``data_fault`` is the sentence of the alert that says that the data are at fault; empty without one. ``quota`` is
    that of an exceeded quota.
    """

    request_open: str = ""
    review_open: bool = False
    data_fault: str = ""
    quota: str = ""
    running: bool = False
    since_last: int | None = None
    cooldown: int = 0
    history: int = 0
    needed: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule fires, with a code and a sentence for people."""

    fired: bool
    code: str
    sentence: str

    @property
    def conclusive(self) -> bool:
        """Whether the week was known well enough to be judged."""
        return self.code not in {"no_version", "too_few_labels"}


def judge(condition: Condition, weeks: Sequence[Week], standing: Standing) -> Verdict:
    """The verdict on the last weeks (oldest first, as many as the condition asks for, without gaps).

    A week that is missing or has too few labels is unknown: the rule then does not fire, and it has not passed.
    """
    name = metric_name(condition.metric)
    if len(weeks) < condition.windows:
        return Verdict(
            False,
            "too_few_labels",
            f"Not judged: {len(weeks)} of {condition.windows} weeks in a row have predictions and labels.",
        )
    for week in weeks:
        if not week.complete(condition.min_n):
            return Verdict(
                False,
                "too_few_labels",
                f"Not judged: {week.n:,} of {week.predictions:,} predictions of the week of {say_day(week.start)} have "
                f"labels. {LABELLED_SHARE:.0%} and at least {condition.min_n:,} are needed; unknown is not a pass.",
            )
    values = [week.value for week in weeks if week.value is not None]
    said = f"{name} was {listed([condition.say(value) for value in values])}"
    when = (
        f"week of {say_day(weeks[-1].start)}" if len(weeks) == 1 else f"weeks until that of {say_day(weeks[-1].start)}"
    )
    broken = sum(condition.broken_by(value) for value in values)
    limit = f"{condition.comparison} {condition.say(condition.threshold)}"
    if broken < condition.windows:
        return Verdict(False, "not_broken", f"{said} in the {when}: {limit} in {broken} of {condition.windows}.")
    grounds = f"{said} in the {when}: {limit} in {broken} of {condition.windows}."
    bar = _bar(standing)
    if bar:
        return Verdict(False, bar[0], f"{grounds} Not started: {bar[1]}")
    return Verdict(True, "fired", f"{grounds} Retraining starts.")


def _bar(standing: Standing) -> tuple[str, str] | None:
    if standing.data_fault:
        return "data_fault", f"{standing.data_fault} Data at fault start no retraining."
    if standing.review_open:
        return "review_open", "a review of this model is open, and a validator has to close it first."
    if standing.request_open:
        return "request_open", f"a request to promote {standing.request_open} waits for its decision."
    if standing.running:
        return "running", "a retraining is under way."
    if standing.quota:
        return "quota", f"{standing.quota[:1].lower()}{standing.quota[1:]}"
    if standing.since_last is not None and standing.since_last < standing.cooldown:
        weeks = "week" if standing.since_last == 1 else "weeks"
        return (
            "cooldown",
            f"the last retraining was {standing.since_last} {weeks} ago, and the rule waits {standing.cooldown}.",
        )
    if standing.history < standing.needed:
        return (
            "too_little_history",
            f"{standing.history} labelled weeks are there; {standing.needed} are needed to train.",
        )
    return None


def say_day(day: date) -> str:
    """As in "17 June 2013"."""
    return f"{day.day} {day:%B %Y}"


def listed(parts: Sequence[str]) -> str:
    """As in "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def digest_of(inputs: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) over the canonical JSON of what an evaluation saw."""
    return hashlib.sha256(rfc8785.dumps(dict(inputs))).hexdigest()
