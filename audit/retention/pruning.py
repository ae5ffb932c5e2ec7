"""What a clock lets go goes, unless a hold is on it: content of sealed entries here; each batch is an entry of its own.

An entry's hash, number and places in its chains stay, so every root and proof still holds. Nothing is removed by a
policy that no earlier run has seen: a file that someone edited must not delete at once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from audit.base.actors import Actor
from audit.ledger import indexing, personal, pruning
from audit.ledger.domain.commitments import PATTERN, PREFIX
from audit.ledger.models import CONTENT, PRUNED, Entry, Personal
from audit.ledger.services import record, take_turn
from audit.retention import ledger_actions
from audit.retention.domain.clocks import Policy, Rule
from audit.retention.domain.ranges import ranges_of
from audit.retention.holding import TEXTS, WHOLE, Held

AT_ONCE = 10_000
MOST_RANGES = 3_000
"""Of one entry: so its leaf stays below 64 KiB, which other logs and tools take as the most."""
EMPTY: dict[str, Any] = {name: {} if name in {"changes", "states"} else "" for name in CONTENT}
Progress = Callable[[int], None]


@dataclass
class Gone:
    """What went by one rule: how many entries, how many a hold kept, and the commitments that stood in them."""

    rule: Rule
    entries: int = 0
    kept: int = 0
    signs: set[str] = field(default_factory=set)


def actions() -> list[str]:
    """The actions of all entries, in order: one look into the index for each."""
    found: list[str] = []
    last = ""
    while True:
        rows = Entry.objects.filter(action__gt=last).order_by("action")
        nearest = rows.values_list("action", flat=True).first()
        if nearest is None:
            return found
        found.append(nearest)
        last = nearest


def by_rule(policy: Policy) -> Iterator[tuple[Rule, list[str]]]:
    """Each rule with the actions that it is for; what says what was pruned is for none."""
    known = [one for one in actions() if one != pruning.ACTION]
    for rule in policy.log:
        yield rule, [one for one in known if policy.of_action(one) == rule]


def due(rule: Rule, of: Sequence[str], at: datetime) -> "QuerySet[Entry]":
    """Sealed entries of the actions ``of`` whose content the rule lets go at ``at``, oldest first."""
    rows = Entry.objects.filter(action__in=of, at__lt=rule.keep.before(at), pruned=False, leaf__isnull=False)
    return rows.order_by("pk")


def kept_of(rows: "QuerySet[Entry]", held: Held) -> int:
    """How many of ``rows`` a hold is on."""
    if not held.holds:
        return 0
    count = rows.filter(held.scope).order_by().count()
    if held.persons:
        others = rows.exclude(held.scope).values("id", "subject_type", "subject_id", *TEXTS)
        count += sum(held.has(row) for row in others.iterator(chunk_size=2000))
    return count


def prune(*, actor: Actor, policy: Policy, digest: str, at: datetime, progress: Progress) -> list[Gone]:
    """Empties the content of every entry that is due at ``at`` (UTC), in batches, each a transaction of its own."""
    found = []
    held = Held.now()
    for rule, of in by_rule(policy):
        gone = Gone(rule, kept=kept_of(due(rule, of, at), held))
        last = 0
        # Entries are looked for outside of the transaction: the look is long, and others want to write.
        while rows := _batch(due(rule, of, at).filter(pk__gt=last), held):
            with transaction.atomic():
                take_turn()  # holds are placed in turn as well: none can come between this look and the removal
                now = held.renewed()
                if now is not held:
                    held = now
                    continue
                last, rows = rows[-1]["id"], _still(rows)
                for some in pieces(rows):
                    words = f"{len(some):,} entries, by the rule for {rule.name}"
                    empty(actor=actor, rows=some, subject_name=words, reason=rule.why, rule=rule.name, policy=digest)
            gone.entries += len(rows)
            gone.signs |= personal.signs_in([row[name] for row in rows for name in TEXTS])
            progress(len(rows))
        found.append(gone)
    return found


def _batch(rows: "QuerySet[Entry]", held: Held) -> list[dict[str, Any]]:
    """The next entries that no hold is on, in the order of their ids."""
    free = rows.exclude(held.scope).values("id", "leaf__number", "subject_type", "subject_id", *TEXTS)
    found: list[dict[str, Any]] = []
    for row in free.iterator(chunk_size=2000):
        if not held.has(row):
            found.append(row)
            if len(found) == AT_ONCE:
                break
    return found


def _still(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the rows that nobody else has emptied meanwhile."""
    there = set(Entry.objects.filter(pk__in=[row["id"] for row in rows], pruned=False).values_list("pk", flat=True))
    return [row for row in rows if row["id"] in there]


def pieces(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """The rows in as many lists as entries are needed to name their numbers."""
    begin = count = 0
    before = None
    for at, row in enumerate(rows):
        number = row["leaf__number"]
        if number - 1 != before:
            count += 1
            if count > MOST_RANGES:
                yield rows[begin:at]
                begin, count = at, 1
        before = number
    if rows:
        yield rows[begin:]


def empty(
    *, actor: Actor, rows: Sequence[dict[str, Any]], subject_name: str, reason: str, rule: str, policy: str = ""
) -> Entry:
    """Empties the content of these sealed entries (values with id and leaf__number), and says so in one entry."""
    ids = [row["id"] for row in rows]
    for at in range(0, len(ids), AT_ONCE):
        Entry.objects.filter(pk__in=ids[at : at + AT_ONCE]).update(**EMPTY, **{PRUNED: True})
    indexing.forget(ids)
    numbers = ranges_of(sorted(row["leaf__number"] for row in rows))
    return record(
        actor=actor,
        action=ledger_actions.PRUNED,
        subject_name=subject_name,
        reason=reason,
        changes={
            pruning.NUMBERS: (None, numbers),
            "entries": (None, len(ids)),
            "rule": (None, rule),
            **({"policy": (None, policy)} if policy else {}),
        },
    )


def forget_unused(signs: set[str]) -> int:
    """Destroys those personal values behind ``signs`` that no entry has any more; returns how many.

    One pass over all entries that have content.
    """
    left = set(Personal.objects.filter(erased_at=None).values_list("commitment", flat=True)) & signs
    rows = Entry.objects.filter(pruned=False).order_by().annotate(text=Cast("changes", TextField()))
    columns = (*WHOLE, "on_behalf_of", "text")
    for row in rows.values_list(*columns).iterator(chunk_size=5000) if left else ():
        left.difference_update(row[: len(WHOLE)])
        for value in row[len(WHOLE) :]:
            if PREFIX in value:
                left.difference_update(PATTERN.findall(value))
        if not left:
            break
    return personal.erase(sorted(left), person="")
