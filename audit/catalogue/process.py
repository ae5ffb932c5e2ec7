"""A model's way from data to production and back, step by step; a step that no slice reports on is unknown."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.domain.automation import WORDS, Degree, Doings, degree, summary
from audit.catalogue.models import Model

DAYS: Final = 90
NOBODY: Final = "unknown"
HEADINGS: Final = (
    "step", "question", "state", "answers_for_it", "last", "degree", "automatic", "by_hand", "share_automatic",
    "sentence", "evidence",
)  # fmt: skip


class StepState(StrEnum):
    """How a step stands. Never: what reports on it says that it has not happened; unknown: nothing reports on it."""

    DONE = "done"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NEVER = "never"


TAGS: Final[Mapping[StepState, tuple[str, str]]] = {
    StepState.DONE: ("ok", "Done"),
    StepState.RUNNING: ("waiting", "Running"),
    StepState.WAITING: ("waiting", "Waiting"),
    StepState.FAILED: ("bad", "Failed"),
    StepState.UNKNOWN: ("unknown", "Unknown"),
    StepState.NEVER: ("off", "Not yet"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the standard process. ``without`` says what would tell of it, for when nothing does."""

    key: str
    label: str
    question: str
    without: str


@dataclass(frozen=True, slots=True)
class StepFacts:
    """What is known of a step of one model.

    ``by`` is who answers for it, by name or role ("unknown" when nobody is known); ``last`` when it last happened
    (aware). ``automatic`` and ``by_hand`` count the last ``DAYS`` days. ``evidence`` are labels with addresses.
    """

    state: StepState
    sentence: str
    by: str = NOBODY
    last: datetime | None = None
    automatic: int = 0
    by_hand: int = 0
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """A step of a model with its facts, and how far it ran by itself since ``since``."""

    number: int
    step: Step
    facts: StepFacts
    since: datetime

    @property
    def degree(self) -> Degree:
        """How it ran in the days that are counted."""
        last = self.facts.last
        known = self.facts.state is not StepState.UNKNOWN
        return degree(self.doings, known=known, ran=last is not None and last >= self.since)

    @property
    def doings(self) -> Doings:
        """The counts."""
        return Doings(self.facts.automatic, self.facts.by_hand)

    @property
    def counts(self) -> tuple[int | None, int | None]:
        """How often by a machine and how often by a person; None for both when that is unknown."""
        if self.degree is Degree.UNKNOWN:
            return None, None
        return self.facts.automatic, self.facts.by_hand

    @property
    def words(self) -> str:
        """The degree with its counts: "By itself, 12 of 12"."""
        total = self.facts.automatic + self.facts.by_hand
        said = WORDS[self.degree]
        if self.degree is Degree.UNKNOWN:
            return "Who or what runs it is unknown"
        if self.degree is Degree.IDLE:
            return f"{said} in {DAYS} days" if self.facts.last else said
        return f"{said}, {self.facts.automatic:,} of {total:,} without a person"

    @property
    def tag(self) -> tuple[str, str]:
        """The state as shape and word."""
        return TAGS[self.facts.state]


@dataclass(frozen=True, slots=True)
class Process:
    """All steps of a model in their order; the counts are of [since, until)."""

    model: Model
    since: datetime
    until: datetime
    steps: tuple[Shown, ...]

    @property
    def sentence(self) -> str:
        """How many steps run by themselves, in words."""
        return summary([one.degree for one in self.steps], DAYS)

    @property
    def alone(self) -> int:
        """How many steps ran by themselves alone."""
        return sum(one.degree is Degree.ALONE for one in self.steps)


STEPS: Final = (
    Step("data", "Data", "Which data does it learn from?", "Send data with a version’s registration."),
    Step(
        "build",
        "Build",
        "Was its code built and tested?",
        "No source tells of builds: connect continuous integration.",
    ),
    Step("train", "Train", "How is a version made?", "No source tells of training: send the runs of its pipelines."),
    Step(
        "validate",
        "Validate",
        "Was a version tested before it was asked for?",
        "No source tells of validation: connect continuous integration.",
    ),
    Step("register", "Register", "Which versions are there?", "No source tells of versions: register them."),
    Step("approve", "Approve", "Who allowed it?", "No source tells of approvals."),
    Step(
        "release",
        "Release",
        "Was the allowed version released?",
        "No source tells of releases: connect continuous integration.",
    ),
    Step("deploy", "Deploy", "What runs now?", "No source tells of deployments: register them."),
    Step("infer", "Infer", "What does it answer?", "No source tells of predictions: send its prediction log."),
    Step("monitor", "Monitor", "How well does it do?", "No source tells of measurements: send its prediction log."),
    Step("feedback", "Feed back", "What was true in the end?", "No source tells of labels: send them when known."),
    Step("retrain", "Retrain", "When does it learn anew?", "No source tells of retraining: set a rule for it."),
)
KEYS: Final = frozenset(step.key for step in STEPS)
Told = Mapping[str, StepFacts | None]
PROVIDERS: Final[dict[str, Callable[[Actor, Model], Told]]] = {}


def register(step_key: str, provider: Callable[[Actor, Model], StepFacts | None]) -> None:
    """Adds who tells of a step, from ``AppConfig.ready``: ``provider(viewer, model)``; None says that it cannot tell.

    Raises:
        ValueError: there is no such step, or another provider tells of it.
    """
    register_together((step_key,), lambda viewer, model: {step_key: provider(viewer, model)})


def register_together(step_keys: Iterable[str], provider: Callable[[Actor, Model], Told]) -> None:
    """Adds who tells of several steps with one look at the records.

    Raises:
        ValueError: there is no such step, or another provider tells of it.
    """
    for step_key in step_keys:
        if step_key not in KEYS:
            raise ValueError(f"{step_key!r} is not a step of the process.")
        if PROVIDERS.setdefault(step_key, provider) is not provider:
            raise ValueError(f"Two providers tell of the step {step_key}.")


def owner_of(model: Model) -> str:
    """Who answers for the model, as ``StepFacts.by``."""
    return model.owner_name or NOBODY


def counted_since() -> datetime:
    """The moment (UTC) from which a step's doings count."""
    return clock.now() - timedelta(days=DAYS)


def process_of(*, viewer: Actor, model: Model) -> Process:
    """The steps of the model as far as the viewer may see; the queries do not depend on how much happened."""
    since, until = counted_since(), clock.now()
    told = {provider: provider(viewer, model) for provider in dict.fromkeys(PROVIDERS.values())}
    facts = {step.key: told[PROVIDERS[step.key]].get(step.key) for step in STEPS if step.key in PROVIDERS}
    steps = [
        Shown(number, step, facts.get(step.key) or StepFacts(StepState.UNKNOWN, step.without), since)
        for number, step in enumerate(STEPS, 1)
    ]
    return Process(model, since, until, tuple(steps))


def cells(process: Process) -> Iterator[list[object]]:
    """The rows of the downloaded table, under ``HEADINGS``."""
    for one in process.steps:
        share = one.doings.share
        yield [
            one.step.key,
            one.step.question,
            one.facts.state,
            one.facts.by,
            one.facts.last,
            one.degree,
            one.counts[0],
            one.counts[1],
            None if share is None else round(share, 4),
            one.facts.sentence,
            " ".join(url for _, url in one.facts.evidence),
        ]
