"""A digest reads entries once, one after another, and keeps what a report says of them in bounded memory.

Counts are exact. Lists keep the newest of each kind, and numbers the first and the last, with the count of all.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

NEWEST: Final = 200
ENDS: Final = 20
MOST_ACTORS: Final = 10_000
OTHERS: Final = ("", "")
"""The key under which actors beyond MOST_ACTORS are counted together."""
FEW: Final = 4
UNSAID: Final = frozenset({"created_at", "salt"})
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
LONGEST: Final = 240
"""Texts in lists are cut here: the entry itself is in the bundle."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of happening that a report lists one by one; ``actions`` are patterns, see ``matches``."""

    key: str
    title: str
    actions: tuple[str, ...]


KINDS: Final = (
    Kind("decisions", "Decisions", ("approvals.*",)),
    Kind("aliases", "Names that moved", ("catalogue.alias_moved",)),
    Kind("deployments", "Deployments", ("catalogue.deployed", "catalogue.retired")),
    Kind("registered", "What was registered", ("catalogue.use_case_registered", "catalogue.model_registered",
         "catalogue.version_registered")),
    Kind("failures", "Work that failed", ("jobs.*", "monitoring.refused", "retraining.failed")),
    Kind("retraining", "Retraining and reviews", ("retraining.fired", "retraining.finished", "retraining.rule_created",
         "retraining.rule_changed", "retraining.review_opened", "retraining.review_closed")),
    Kind("documents", "Documents", ("documents.*",)),
    Kind("roles", "People, roles and tokens", ("people.role_granted", "people.role_revoked", "people.user_created",
         "people.team_created", "people.token_issued", "people.token_revoked", "people.password_changed")),
    Kind("refusals", "Refused attempts", ("ledger.refused", "people.sign_in_failed", "retention.erasure_refused",
         "retention.pruning_refused")),
    Kind("holds", "Holds", ("retention.hold_placed", "retention.hold_released")),
    Kind("erasures", "What was erased and removed", ("retention.*",)),
    Kind("sources", "Sources", ("sources.added", "sources.changed", "sources.switched")),
    Kind("log", "Incidents, keys and witnesses of the log", ("ledger.incident_opened", "ledger.incident_closed",
         "ledger.key_changed", "assurance.*")),
    Kind("exports", "What was taken out", ("ledger.exported", "exports.*")),
)  # fmt: skip
OTHER: Final = Kind("other", "Other things of weight", ())


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which entries: how many, and the numbers of the first and of the last twenty, ascending."""

    count: int
    first: tuple[int, ...]
    last: tuple[int, ...]

    @property
    def words(self) -> str:
        """For people: "4, 9, 12", or "4, 9, 12 … 88, 90 (31 in all)" with the ends shortened to three."""
        if self.count <= 6:
            return ", ".join(f"{one:,}" for one in self.first)
        ends = [", ".join(f"{one:,}" for one in part) for part in (self.first[:3], self.last[-2:])]
        return f"{ends[0]} … {ends[1]} ({self.count:,} in all)"


NONE: Final = Numbers(0, (), ())


@dataclass(slots=True)
class Tally:
    """Entries of one action."""

    count: int = 0
    first_at: str = ""
    last_at: str = ""
    first: list[int] = field(default_factory=list)
    last: deque[int] = field(default_factory=lambda: deque(maxlen=ENDS))


@dataclass(slots=True)
class Acted:
    """Entries of one actor; ``name`` is the one that the newest of them bears."""

    kind: str
    name: str
    count: int = 0
    first_at: str = ""
    last_at: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of weight. ``changes`` are words; ``at`` is ISO 8601, UTC."""

    number: int
    at: str
    action: str
    actor_kind: str
    actor: str
    on_behalf_of: str
    subject: str
    reason: str
    changes: str


def matches(pattern: str, action: str) -> bool:
    """Whether ``action`` is meant: a pattern is an action's code, or "slice.*" for all of a slice's."""
    return action.startswith(pattern[:-1]) if pattern.endswith(".*") else action == pattern


class Digest:
    """Feed it entries in ascending order with ``add``; it is finished at any time.

    ``weighty`` are codes of actions that are listed one by one beside those of KINDS.
    """

    def __init__(self, *, weighty: Iterable[str] = (), kinds: Sequence[Kind] = KINDS, newest: int = NEWEST) -> None:
        self.count = 0
        self.first: tuple[int, str] | None = None
        self.last: tuple[int, str] | None = None
        self.actions: dict[str, Tally] = {}
        self.actors: dict[tuple[str, str], Acted] = {}
        self.kinds = (*kinds, OTHER)
        self.listed: dict[str, deque[Happening]] = {kind.key: deque(maxlen=newest) for kind in self.kinds}
        self.erased = 0
        self._weighty = frozenset(weighty)
        self._kind_of: dict[str, str] = {}

    def add(self, entry: Mapping[str, Any]) -> None:
        """Takes one entry: the fields of the leaf's body, and its ``number``; erased values read "erased".

        Raises:
            ValueError: its number is not above that of the entry before.
        """
        number, at, action = entry["number"], entry["at"], entry["action"]
        if self.last is not None and number <= self.last[0]:
            raise ValueError(f"Entry {number} came after entry {self.last[0]}.")
        self.count += 1
        self.last = (number, at)
        if self.first is None:
            self.first = self.last
        tally = self.actions.get(action)
        if tally is None:
            tally = self._meet(action, at)
        tally.count += 1
        tally.last_at = at
        tally.last.append(number)
        if len(tally.first) < ENDS:
            tally.first.append(number)
        self._acted(entry, at)
        kind = self._kind_of[action]
        if kind:
            self.listed[kind].append(_happening(entry))

    def _meet(self, action: str, at: str) -> Tally:
        found = next((kind.key for kind in self.kinds if any(matches(one, action) for one in kind.actions)), "")
        self._kind_of[action] = found or (OTHER.key if action in self._weighty else "")
        return self.actions.setdefault(action, Tally(first_at=at))

    def _acted(self, entry: Mapping[str, Any], at: str) -> None:
        key = (entry["actor_kind"], entry["actor_id"])
        acted = self.actors.get(key)
        if acted is None:
            if len(self.actors) >= MOST_ACTORS:
                key = OTHERS
            acted = self.actors.setdefault(key, Acted(key[0], "", first_at=at))
        acted.count += 1
        acted.last_at = at
        acted.name = entry["actor_name"] if key is not OTHERS else "others"

    def numbers(self, patterns: Iterable[str]) -> Numbers:
        """The entries whose action one of ``patterns`` means."""
        wanted = tuple(patterns)
        found = [tally for code, tally in self.actions.items() if any(matches(one, code) for one in wanted)]
        if not found:
            return NONE
        first = sorted(chain.from_iterable(tally.first for tally in found))[:ENDS]
        last = sorted(chain.from_iterable(tally.last for tally in found))[-ENDS:]
        return Numbers(sum(tally.count for tally in found), tuple(first), tuple(last))

    def of_kind(self, key: str) -> int:
        """How many entries of a kind there were, listed or not."""
        return sum(self.actions[code].count for code, kind in self._kind_of.items() if kind == key)


def _happening(entry: Mapping[str, Any]) -> Happening:
    return Happening(
        number=entry["number"],
        at=entry["at"],
        action=entry["action"],
        actor_kind=entry["actor_kind"],
        actor=entry["actor_name"],
        on_behalf_of=entry.get("on_behalf_of", ""),
        subject=_cut(entry["subject_name"]),
        reason=_cut(entry.get("reason", "")),
        changes=_cut(changes_in_words(_read(entry.get("changes")))),
    )


def _read(changes: Any) -> Mapping[str, Any]:
    """The changes, which most entries bring as text that nobody needs to read."""
    return json.loads(changes) if isinstance(changes, str) else changes or {}


def changes_in_words(changes: Mapping[str, Any]) -> str:
    """What an entry changed: "state: open, now approved"; long values are only named.

    What had no value before is said where it is little ("vote: approve"): an entry that registers something lists all
    of its fields, which nobody reads in a line. Ids and times of recording are left out.
    """
    few = len(changes) <= FEW
    words = []
    for name, pair in sorted(changes.items()):
        if name in UNSAID or name.endswith("_id"):
            continue
        before, after = (_short(value) for value in pair)
        label = name.replace("_", " ")
        if before == "":
            if few and after:
                words.append(f"{label}: {after}")
        elif before is None or after is None:
            words.append(f"{label} changed")
        else:
            words.append(f"{label}: {before}, now {after or 'empty'}")
    return "; ".join(words)


def _short(value: Any) -> str | None:
    """The value for people, empty for nothing; None when it is too long to say."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return None
    text = str(value)
    if MOMENT.match(text):
        return f"{text[:10]} {text[11:16]}"
    return text if len(text) <= 40 else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
