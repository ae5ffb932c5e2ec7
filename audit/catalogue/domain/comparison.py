"""Two versions are compared part by part; what one of them does not say is unknown, never the same and never new."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a part of one version stands to the same part of the other."""

    CHANGED = "changed"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs; None is absent on that side. ``difference`` is after minus before, of two numbers."""

    name: str
    before: Any
    after: Any
    difference: float | None = None

    @property
    def kind(self) -> str:
        """Added, removed or changed."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of two versions: its name within a sentence, how it compares, and what differs or why nobody knows."""

    key: str
    name: str
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    why: str = ""

    @property
    def title(self) -> str:
        """The name as a heading: "Training data"."""
        return self.name.removeprefix("the ").capitalize()


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The members that were added, removed or changed, by name."""
    return tuple(
        Change(name, before.get(name), after.get(name), _difference(before.get(name), after.get(name)))
        for name in sorted({*before, *after})
        if not _same(before.get(name), after.get(name))
    )


def _same(before: Any, after: Any) -> bool:
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)


def _difference(before: Any, after: Any) -> float | None:
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in (before, after)):
        return None
    try:
        difference = float(after) - float(before)
    except OverflowError:
        return None
    return difference if math.isfinite(difference) else None


def compare(key: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any], numbers: tuple[int, int]) -> Part:
    """The part ``name`` of the versions with these ``numbers``; an empty mapping says nothing of the part."""
    silent = [f"v{number}" for number, said in zip(numbers, (before, after), strict=True) if not said]
    if silent:
        who = " and ".join(dict.fromkeys(silent))
        return Part(key, name, Outcome.UNKNOWN, why=f"{who} {'say' if ' and ' in who else 'says'} nothing of {name}.")
    found = changes_of(before, after)
    return Part(key, name, Outcome.CHANGED if found else Outcome.SAME, found)


def summary(parts: Sequence[Part], numbers: tuple[int, int]) -> str:
    """What changed, in one to three sentences."""
    first, second = numbers
    if first == second:
        return f"Both are v{first}, so nothing differs."
    changed, same, unknown = (
        [part.name for part in parts if part.outcome is outcome]
        for outcome in (Outcome.CHANGED, Outcome.SAME, Outcome.UNKNOWN)
    )
    said = [
        f"v{second} differs from v{first} in {_listed(changed)}."
        if changed
        else f"Nothing is known to differ between v{first} and v{second}."
    ]
    if same:
        said.append(f"The same in both: {_listed(same)}.")
    if unknown:
        said.append(f"Nobody can say about {_listed(unknown)}: the records of at least one of them are silent.")
    return " ".join(said)


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
