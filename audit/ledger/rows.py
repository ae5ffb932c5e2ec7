"""Rows of entries, read past the ORM, as the bodies that are sealed: thousands a second, in pieces."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from django.db import connection

from audit.ledger.domain import leaves
from audit.ledger.domain.canonical import moment
from audit.ledger.models import BODY, Entry, Leaf

PLACES = (leaves.SUBJECT, leaves.MODEL, leaves.USE_CASE, leaves.TEAM)


class Bodies:
    """Turns rows (id, then the fields of ``BODY``) into bodies; remembers the text of ids, which come again."""

    def __init__(self) -> None:
        self._ids: dict[Any, str] = {}

    def __call__(self, row: tuple[Any, ...]) -> dict[str, Any]:
        body = dict(zip(BODY, row[1:], strict=True))
        at = body["at"]
        body["at"] = moment(at if at.tzinfo else at.replace(tzinfo=UTC))
        for name in ("model", "use_case", "team"):
            if body[name] is not None:
                body[name] = self._id(body[name])
        for name in ("changes", "states"):
            body[name] = {} if body[name] == "{}" else json.loads(body[name])
        return body

    def _id(self, value: Any) -> str:
        found = self._ids.get(value)
        if found is None:
            found = self._ids[value] = str(value if isinstance(value, UUID) else UUID(value))
        return found


@dataclass(frozen=True, slots=True)
class Sealed:
    """A leaf with its entry's row (id, then ``BODY``; id None where the entry is gone)."""

    number: int
    hash: bytes
    places: Sequence[int | None]
    pruned: bool
    entry: tuple[Any, ...]

    def positions(self, body: Mapping[str, Any]) -> dict[str, int] | None:
        """The entry's place in each chain that its body names; None when it has no place in one of them."""
        found = {}
        for kind, key in leaves.chains_of(body).items():
            place = self.places[PLACES.index(kind)]
            if place is None:
                return None
            found[key] = place
        return found


def read(where: str, values: Sequence[Any]) -> list[Sealed]:
    """Leaves (``l``) with their entries (``e``) in order of number; ``where`` is SQL of ours."""
    quote = connection.ops.quote_name
    entry = ", ".join(f"e.{quote(Entry._meta.get_field(name).column)}" for name in ("id", *BODY))
    places = ", ".join(f"l.{kind}_at" for kind in PLACES)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.number, l.hash, e.pruned, {places}, {entry} FROM {Leaf._meta.db_table} l "
            f"LEFT JOIN {Entry._meta.db_table} e ON e.id = l.entry_id WHERE {where} ORDER BY l.number",
            values,
        )
        return [Sealed(row[0], bytes(row[1]), row[3:7], bool(row[2]), row[7:]) for row in cursor.fetchall()]
