"""A level is a range: from what records confirm to what is possible as long as the unknown stays unknown."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """What the facts say of a criterion. Symptoms (level 0) are present or absent instead of met or not."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    PRESENT = "present"
    ABSENT = "absent"


OPERATORS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that records say. ``value`` is None, and ``known`` false, where nothing stands behind it.

    ``unit`` is share (0 to 1), count, days or per_year. ``n`` records stand behind it, the newest of them from
    ``as_of``. ``sentence`` says it for people; ``evidence`` names the page with the records, ``source`` what to
    connect.
    """

    name: str
    value: float | None
    unit: str
    n: int
    as_of: datetime | None
    sentence: str
    evidence: str = ""
    source: str = ""

    @property
    def known(self) -> bool:
        """Whether records say anything."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Proof:
    """A line of a rule of evidence: the fact ``fact`` compared with ``bound``."""

    fact: str
    sign: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> "Proof":
        """From "auto_runs >= 0.80".

        Raises:
            ValueError: it is not a name, a sign and a number.
        """
        name, sign, bound = text.split()
        if sign not in OPERATORS:
            raise ValueError(f"{sign} in “{text}” is not one of {', '.join(OPERATORS)}.")
        return cls(name, sign, float(bound))

    def holds(self, fact: Fact | None) -> bool | None:
        """Whether the fact satisfies the line; None when it is not known."""
        if fact is None or fact.value is None:
            return None
        return OPERATORS[self.sign](round(fact.value, 9), self.bound)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A row of a framework, with the proofs that all must hold."""

    id: str
    level: int
    group: str
    name: str
    asks: str
    rule: str
    proofs: tuple[Proof, ...]
    next_action: str
    optional: bool = False

    @property
    def symptom(self) -> bool:
        """Whether it explains level 0 instead of asking for something."""
        return self.level == 0


@dataclass(frozen=True, slots=True)
class Source:
    """What would feed facts that nothing feeds."""

    id: str
    name: str
    facts: tuple[str, ...]
    missing: str


@dataclass(frozen=True, slots=True)
class Framework:
    """Criteria in levels."""

    id: str
    title: str
    sub: str
    source: str
    note: str
    levels: tuple[int, ...]
    sources: tuple[Source, ...]
    criteria: tuple[Criterion, ...]

    def source_of(self, fact: str) -> Source | None:
        """What would feed ``fact``."""
        return next((source for source in self.sources if fact in source.facts), None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A criterion's state with the facts that decided it."""

    criterion: Criterion
    state: State
    facts: tuple[Fact, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Range:
    """The highest level that is confirmed, and the highest that the unknown leaves possible."""

    confirmed: int
    possible: int


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next, with the criteria that it settles."""

    title: str
    text: str
    criteria: tuple[str, ...]
    settles: bool


def judge(criterion: Criterion, facts: Mapping[str, Fact]) -> Judgement:
    """One false line decides against a criterion; without one, an unknown line leaves it unknown."""
    found = tuple(facts[proof.fact] for proof in criterion.proofs if proof.fact in facts)
    results = [proof.holds(facts.get(proof.fact)) for proof in criterion.proofs]
    if False in results:
        state = State.ABSENT if criterion.symptom else State.NOT_MET
    elif None in results:
        state = State.UNKNOWN
    else:
        state = State.PRESENT if criterion.symptom else State.MET
    deciding = {
        fact.name: fact
        for proof, result in zip(criterion.proofs, results, strict=True)
        if (fact := facts.get(proof.fact)) is not None and _decides(state, result)
    }
    return Judgement(criterion, state, found, " ".join(fact.sentence for fact in deciding.values()))


def _decides(state: State, result: bool | None) -> bool:
    if state in {State.NOT_MET, State.ABSENT}:
        return result is False
    return result is None if state is State.UNKNOWN else True


def level(judgements: Iterable[Judgement], levels: Sequence[int]) -> Range:
    """The highest level up to which every row that is not optional is met; and the same with the unknown as met."""
    rows = [one for one in judgements if not one.criterion.symptom and not one.criterion.optional]
    return Range(
        confirmed=_highest(rows, levels, {State.MET}),
        possible=_highest(rows, levels, {State.MET, State.UNKNOWN}),
    )


def _highest(rows: list[Judgement], levels: Sequence[int], good: set[State]) -> int:
    reached = levels[0]
    for rung in levels[1:]:
        wanted = [one for one in rows if one.criterion.level == rung]
        if not wanted or any(one.state not in good for one in wanted):
            break
        reached = rung
    return reached


def steps(framework: Framework, judgements: Sequence[Judgement], reached: int) -> list[Step]:
    """What to do next: first what settles the most unknown rows, then what meets the rows of the next level."""
    result = []
    unknown = [one for one in judgements if one.state is State.UNKNOWN]
    for source in framework.sources:
        settled = [
            one.criterion.id
            for one in unknown
            if any(fact.name in source.facts and not fact.known for fact in one.facts)
        ]
        if settled:
            result.append(Step(f"Connect {source.name}", source.missing, tuple(settled), settles=True))
    result.sort(key=lambda step: -len(step.criteria))
    wanted: dict[str, list[Judgement]] = {}
    for one in judgements:
        if one.state is State.NOT_MET and one.criterion.level == reached + 1 and not one.criterion.optional:
            wanted.setdefault(one.criterion.next_action, []).append(one)
    for action, rows in wanted.items():
        sentence = rows[0].sentence
        result.append(Step(action.rstrip("."), sentence, tuple(one.criterion.id for one in rows), settles=False))
    return result
