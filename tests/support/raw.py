"""Looks through every column of every table of the database, past the models."""

from django.db import connection


def tables() -> list[str]:
    """The names of all tables."""
    with connection.cursor() as cursor:
        return [info.name for info in connection.introspection.get_table_list(cursor) if info.type == "t"]


def places(needle: str) -> dict[str, list[str]]:
    """Where ``needle`` stands, whatever its case: "table.column" with the values that hold it."""
    found: dict[str, list[str]] = {}
    for table in tables():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(names, row, strict=True):
                    if needle.casefold() in _text(value).casefold():
                        found.setdefault(f"{table}.{name}", []).append(_text(value))
    return found


def _text(value: object) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode("latin-1")
    return str(value)
