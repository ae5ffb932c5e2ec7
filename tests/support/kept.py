"""What a fixture wrote is made once by the services, and put back as rows for each further test of the process."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection

from audit.ledger.models import Entry

T = TypeVar("T")
Rows = dict[Any, tuple[Any, ...]]
LEFT = {"contenttypes", "auth", "sessions", "axes"}
"""Apps whose rows are not the fixtures'."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows that came (or changed) in each table, and what the fixture gave."""

    new: dict[str, list[tuple[Any, ...]]]
    changed: dict[str, Rows]
    value: bytes


Last = tuple[Any, ...] | None
_kept: dict[tuple[str, Last], Kept] = {}
_ends: set[Last] = {None}
"""The entries behind which something may be kept: those that end what is kept already."""


def kept(request: pytest.FixtureRequest, make: Callable[[], T]) -> T:
    """What ``make`` gives, with its rows. Where rows are committed, or other entries came before, it is made anew."""
    name = str(request.fixturename)
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        return make()
    after = _last()
    found = _kept.get((name, after))
    if found is not None:
        _put(found)
        value: T = pickle.loads(found.value)
        return value
    before = _dump() if after in _ends else {}
    value = make()
    if before:
        _kept[name, after] = _difference(before, _dump(), value)
        _ends.add(_last())
    return value


def _last() -> Last:
    return Entry.objects.order_by("-pk").values_list("pk", "at", "subject_id").first()


@cache
def _tables() -> list[tuple[str, tuple[str, ...], int]]:
    """Each table, its columns but those that the database computes, and which of them is the key; -1: more than one."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in LEFT:
            continue
        columns = tuple(str(field.column) for field in model._meta.concrete_fields if not field.generated)
        key = getattr(model._meta.pk, "column", None)
        found.append((model._meta.db_table, columns, columns.index(key) if key in columns else -1))
    return found


def _dump() -> dict[str, Rows]:
    dumped = {}
    for table, columns, at in _tables():
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {_quoted(columns)} FROM "{table}"')
            rows = [tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row) for row in cursor]
        dumped[table] = {row[at] if at >= 0 else row: row for row in rows}
    return dumped


def _quoted(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _difference(before: dict[str, Rows], now: dict[str, Rows], value: Any) -> Kept:
    new = {table: [row for key, row in rows.items() if key not in before[table]] for table, rows in now.items()}
    changed = {
        table: {key: row for key, row in rows.items() if before[table].get(key, row) != row}
        for table, rows in now.items()
    }
    return Kept(new, changed, pickle.dumps(value))


def _put(found: Kept) -> None:
    with connection.cursor() as cursor:
        for table, columns, at in _tables():
            if new := found.new[table]:
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(f'INSERT INTO "{table}" ({_quoted(columns)}) VALUES ({marks})', new)
            if changed := found.changed[table]:
                marks = ", ".join(f'"{name}" = %s' for name in columns)
                rows = [(*row, key) for key, row in changed.items()]
                cursor.executemany(f'UPDATE "{table}" SET {marks} WHERE "{columns[at]}" = %s', rows)
        for statement in connection.ops.sequence_reset_sql(no_style(), [Entry]):
            cursor.execute(statement)
