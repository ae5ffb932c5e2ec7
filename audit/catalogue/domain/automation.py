"""How far a step runs by itself is counted, never guessed: without a count it is unknown, which is not "by hand"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Degree(StrEnum):
    """How a step ran in the days that are counted."""

    ALONE = "alone"
    PARTLY = "partly"
    HAND = "hand"
    IDLE = "idle"
    UNKNOWN = "unknown"


WORDS: Final[Mapping[Degree, str]] = {
    Degree.ALONE: "By itself",
    Degree.PARTLY: "In part by hand",
    Degree.HAND: "By hand",
    Degree.IDLE: "Did not run",
    Degree.UNKNOWN: "Unknown",
}
BY_HAND: Final = frozenset({"person", "manual", "on_demand"})


@dataclass(frozen=True, slots=True)
class Doings:
    """How often something was done by a machine and by a person; what nobody can tell is in neither."""

    automatic: int = 0
    by_hand: int = 0

    @property
    def share(self) -> float | None:
        """The part that a machine did, 0 to 1; None when neither is known."""
        total = self.automatic + self.by_hand
        return self.automatic / total if total else None


def by_trigger(triggers: Sequence[str]) -> Doings:
    """Runs by what started them; an empty trigger tells nothing."""
    hand = sum(trigger in BY_HAND for trigger in triggers)
    return Doings(sum(bool(trigger) for trigger in triggers) - hand, hand)


def degree(doings: Doings, *, known: bool, ran: bool) -> Degree:
    """How a step ran: ``known`` says that something reports on it, ``ran`` that it ran in the days that are counted."""
    if doings.automatic or doings.by_hand:
        if not doings.by_hand:
            return Degree.ALONE
        return Degree.PARTLY if doings.automatic else Degree.HAND
    return Degree.IDLE if known and not ran else Degree.UNKNOWN


def summary(degrees: Sequence[Degree], days: int) -> str:
    """The steps in a sentence: "7 of 12 steps ran by themselves in the last 90 days; 3 are done by hand; …"."""
    counts = {one: sum(found is one for found in degrees) for one in Degree}
    total, alone = len(degrees), counts[Degree.ALONE]
    said = [f"{alone} of {total} steps ran by {'itself' if alone == 1 else 'themselves'} in the last {days} days"]
    for one, words in (
        (Degree.PARTLY, "done in part by hand"),
        (Degree.HAND, "done by hand"),
        (Degree.UNKNOWN, "unknown"),
    ):
        if counts[one]:
            said.append(f"{counts[one]} {'is' if counts[one] == 1 else 'are'} {words}")
    if counts[Degree.IDLE]:
        said.append(f"{counts[Degree.IDLE]} did not run")
    return "; ".join(said) + "."
