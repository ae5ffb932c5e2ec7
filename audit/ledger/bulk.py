"""Many small rows at once, past the ORM: the sealer handles thousands a second, on SQLite and on PostgreSQL."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, models

AT_ONCE = 10_000
Row = Sequence[Any]


def _pieces(values: Sequence[Any], size: int = AT_ONCE) -> Iterator[Sequence[Any]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _columns(model: type[models.Model], names: Sequence[str]) -> tuple[str, list[str]]:
    """The table and the columns, quoted: names come from models and never from outside."""
    return connection.ops.quote_name(model._meta.db_table), [column(model, name) for name in names]


def column(model: type[models.Model], name: str) -> str:
    """The column of a field, quoted."""
    return connection.ops.quote_name(str(model._meta.get_field(name).get_attname_column()[1]))  # type: ignore[union-attr]


def insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Adds ``rows``, whose values stand in the order of ``names``."""
    if not rows:
        return
    table, columns = _columns(model, names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


def upsert(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Row], *, key: Sequence[str], rising: str = ""
) -> None:
    """Adds ``rows``, or overwrites those with the same ``key``; a key stands in ``rows`` once.

    A row whose ``rising`` is higher already is left as it is.
    """
    if not rows:
        return
    table, columns = _columns(model, names)
    _, keys = _columns(model, key)
    overwritten = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in keys)
    behind = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {overwritten}"
    if rising:
        _, (risen,) = _columns(model, (rising,))
        behind += f" WHERE {table}.{risen} <= excluded.{risen}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            kinds = [model._meta.get_field(name).db_type(connection) for name in names]
            arrays = ", ".join(f"%s::{_base(str(kind))}[]" for kind in kinds)
            for piece in _pieces(rows):
                cursor.execute(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT * FROM unnest({arrays}) {behind}",
                    [list(column) for column in zip(*piece, strict=True)],
                )
        else:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) {behind}", rows)


def _base(kind: str) -> str:
    return kind.split("(", maxsplit=1)[0]


def select(model: type[models.Model], names: Sequence[str], where: str, values: Sequence[Any] = ()) -> list[Any]:
    """Rows as tuples in the order of ``names``; ``where`` is SQL of ours, to its end."""
    table, columns = _columns(model, names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE {where}", values)
        return cursor.fetchall()


def select_in(model: type[models.Model], names: Sequence[str], field: str, values: Sequence[Any]) -> Iterator[Any]:
    """Rows whose ``field`` is one of ``values``."""
    _, (column,) = _columns(model, (field,))
    for piece in _pieces(values):
        yield from select(model, names, *among(column, piece))


def among(column: str, values: Sequence[Any]) -> tuple[str, list[Any]]:
    """The condition that ``column``, quoted, is one of ``values``, with its parameters."""
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", [list(values)]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)
