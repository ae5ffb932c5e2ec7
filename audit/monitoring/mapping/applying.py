"""A file under its model's mapping: its columns by the names that the product uses, and what is left out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from audit.monitoring import checking
from audit.monitoring.formats import Source
from audit.monitoring.mapping_models import LogMapping
from audit.monitoring.models import Kind

ONLY_OF_LABELS: Final = frozenset({"label", "predicted_at"})


def applied(source: Source, mapping: LogMapping, *, kind: str, own: Collection[str], others: Collection[str]) -> Source:
    """The ``source`` with the columns of ``own`` that it has; as it is where no mapping was stated.

    ``own`` are the names of the columns of its ``kind``, ``others`` those of the other kind, which are left out: so a
    file that holds predictions and labels can be sent as either. In such a file of labels the time is that of the
    prediction. A column goes by the product's name too, where the file has none that the mapping names for it.

    Raises:
        InvalidInput: a column is none of these, nor left out on purpose.
    """
    if mapping.unstated:
        return source
    found: dict[str, str] = {}
    for name in (*own, *(name for name in others if name not in own)):
        theirs = mapping.columns.get(name, name)
        if theirs not in source.columns and name not in mapping.columns.values():
            theirs = name
        if theirs in source.columns and theirs not in mapping.ignored:
            found[name] = theirs
    for name in source.columns:
        if name not in found.values() and name not in mapping.ignored:
            raise checking.no_such(source, name, [mapping.columns.get(known, known) for known in own], kind=kind)
    chosen = {name: theirs for name, theirs in found.items() if name in own}
    at = chosen.get("at")
    joined = any(name not in own for name in found)
    if kind == Kind.LABELS and at and (joined or at == chosen.get("predicted_at")):
        chosen = {"predicted_at": at} | {name: theirs for name, theirs in chosen.items() if name != "at"}
    return source.only(chosen)
