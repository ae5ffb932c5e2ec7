"""Rows of entries, read past the ORM, as the bodies that are sealed: thousands a second, in pieces.

The database gives every field as the text that is sealed, so that nothing is parsed only to be written again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from audit.ledger import bulk
from audit.ledger.domain import leaves
from audit.ledger.models import BODY, Entry, Leaf

PLACES = (leaves.SUBJECT, leaves.MODEL, leaves.USE_CASE, leaves.TEAM)
IDS = ("model", "use_case", "team")
AT = {
    "sqlite": "replace(e.at, ' ', 'T') || CASE length(e.at) WHEN 19 THEN '.000000' ELSE '' END || '+00:00'",
    "postgresql": """to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')""",
}
UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
ID = {
    "sqlite": "||'-'||".join(f"substr({{0}}, {first}, {length})" for first, length in UUID_PARTS),
    "postgresql": "{0}::text",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that has no place yet."""

    id: int
    body: leaves.Body


@dataclass(frozen=True, slots=True)
class Sealed:
    """A leaf with its entry; ``body`` is None where the entry is gone."""

    number: int
    hash: bytes
    places: Sequence[int | None]
    pruned: bool
    body: leaves.Body | None

    def positions(self) -> dict[str, int] | None:
        """The entry's place in each chain that its body names; None when it has no place in one of them."""
        found = {}
        for kind, key in leaves.chains_of(self.body or {}).items():
            place = self.places[PLACES.index(kind)]
            if place is None:
                return None
            found[key] = place
        return found


def _texts() -> str:
    """The columns of ``BODY`` as SQL, each as the text that is sealed."""
    vendor = connection.vendor
    columns = []
    for name in BODY:
        column = f"e.{bulk.column(Entry, name)}"
        columns.append(AT[vendor] if name == "at" else ID[vendor].format(column) if name in IDS else column)
    return ", ".join(columns)


def waiting(where: str, values: Sequence[Any]) -> list[Waiting]:
    """Entries (``e``); ``where`` is SQL of ours, to its end."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT e.id, {_texts()} FROM {Entry._meta.db_table} e WHERE {where}", values)
        return [Waiting(row[0], dict(zip(BODY, row[1:], strict=True))) for row in cursor.fetchall()]


def read(where: str, values: Sequence[Any]) -> list[Sealed]:
    """Leaves (``l``) with their entries (``e``) in order of number; ``where`` is SQL of ours."""
    places = ", ".join(f"l.{kind}_at" for kind in PLACES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.number, l.hash, {places}, e.pruned, e.id, {_texts()} FROM {Leaf._meta.db_table} l "
            f"LEFT JOIN {Entry._meta.db_table} e ON e.id = l.entry_id WHERE {where} ORDER BY l.number",
            values,
        )
        return [
            Sealed(
                number=row[0],
                hash=bytes(row[1]),
                places=row[2:6],
                pruned=bool(row[6]),
                body=dict(zip(BODY, row[8:], strict=True)) if row[7] is not None else None,
            )
            for row in cursor.fetchall()
        ]
