"""What a record said at a moment: its fields of today, with every change that was recorded later taken back."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Model

from audit.base.actors import Actor
from audit.ledger import selectors as ledger


def as_known(
    records: Iterable[Model], *, fields: Sequence[str], viewer: Actor, as_of: datetime
) -> dict[Any, dict[str, Any]]:
    """The values of ``fields`` by the records' ids, as they were ``as_of``; one query.

    Fields are those that entries tell of: simple values, under the name that they have in the record.
    """
    rows = list(records)
    known: dict[str, dict[str, Any]] = {str(row.pk): {name: getattr(row, name) for name in fields} for row in rows}
    later = ledger.of_subjects(viewer=viewer, subjects=rows).filter(at__gt=as_of) if rows else []
    changes: dict[str, list[dict[str, list[Any]]]] = defaultdict(list)
    entry: Any  # its changes are a mapping, which the field does not tell
    for entry in sorted(later, key=lambda one: -one.pk):
        changes[entry.subject_id].append(entry.changes)
    for ident, found in changes.items():
        for change in found:
            for name in change.keys() & set(fields):
                known[ident][name] = _like(known[ident][name], change[name][0])
    return {row.pk: known[str(row.pk)] for row in rows}


def _like(now: Any, before: Any) -> Any:
    """``before`` as the kind of value that the field has: entries keep fractions as text."""
    if isinstance(now, float) and isinstance(before, int | str) and not isinstance(before, bool):
        return float(before)
    return before
