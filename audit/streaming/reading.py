"""Sealed entries in the order of their numbers, as a stream sends them; a number that is missing stops it."""

import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from audit.ledger.domain.merkle import leaf_hash
from audit.ledger.models import Entry, Leaf
from audit.ledger.proofs import leaf_bytes
from audit.ledger.registry import ACTIONS
from audit.ledger.selectors import Told, told
from audit.streaming.destinations.contract import Line, Undelivered
from audit.streaming.domain import ocsf

MOST_LINES, MOST_BYTES = 500, 2_000_000


def lines(*, log: str, after: int, upto: int, reveal: bool, most: int = MOST_LINES) -> list[Line]:
    """The events of the entries from ``after`` + 1 to ``upto``, as far as one batch goes: 500, or two megabytes.

    Raises:
        Undelivered: an entry is missing, or is not what was sealed; nothing behind it goes out.
    """
    rows = Leaf.objects.select_related("entry").filter(number__gt=after, number__lte=upto).order_by("number")[:most]
    leaves = list(rows)
    for place, leaf in enumerate(leaves, after + 1):
        if leaf.number != place:
            raise Undelivered(f"Entry {place:,} is missing from the log; nothing behind it goes out.")
    entries = [_entry(leaf) for leaf in leaves]
    said: Sequence[Any] = told(entries) if reveal else entries
    found: list[Line] = []
    size = 0
    for leaf, entry, one in zip(leaves, entries, said, strict=True):
        event = ocsf.event(_said(log, leaf, entry, one))
        content = json.dumps(event, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        size += len(content)
        if found and size > MOST_BYTES:
            break
        day = entry.at.astimezone(UTC).date().isoformat()
        found.append(Line(leaf.number, bytes(leaf.hash).hex(), day, content))
    return found


def _entry(leaf: Leaf) -> Entry:
    """The leaf's entry.

    Raises:
        Undelivered: it was deleted past us.
    """
    try:
        entry = leaf.entry
    except Entry.DoesNotExist:
        raise Undelivered(f"Entry {leaf.number:,} was deleted from the log; nothing behind it goes out.") from None
    entry.leaf = leaf  # read already: who asks for its number makes no query
    return entry


def _said(log: str, leaf: Leaf, entry: Entry, one: Entry | Told) -> ocsf.Said:
    text = "" if entry.pruned else leaf_bytes(entry, leaf).decode()
    if text and leaf_hash(text.encode()) != bytes(leaf.hash):
        raise Undelivered(f"Entry {leaf.number:,} is not what was sealed; nothing behind it goes out.")
    action = ACTIONS.get(entry.action)
    words = (action.sentence if action else f"{entry.action} {{subject}}").replace("{subject}", one.subject_name)
    return ocsf.Said(
        log=log,
        number=leaf.number,
        leaf_hash=bytes(leaf.hash).hex(),
        leaf=text,
        at=entry.at.astimezone(UTC),
        actor_kind=one.actor_kind,
        actor_id=one.actor_id,
        actor_name=one.actor_name,
        on_behalf_of=one.on_behalf_of,
        action=one.action,
        words=words.strip(),
        subject_type=one.subject_type,
        subject_id=one.subject_id,
        subject_name=one.subject_name,
        model=str(one.model or ""),
        use_case=str(one.use_case or ""),
        team=str(one.team or ""),
        reason=one.reason,
        changes=_plain(one.changes),
        states=_plain(one.states),
        address=one.address,
        origin=one.origin,
    )


def _plain(value: Any) -> dict[str, Any]:
    """The object; empty where retention removed it."""
    return value if isinstance(value, dict) else {}
