"""Empties the database between transactional tests although the ledger refuses every deletion.

Only tests may do this: the triggers are lifted for the moment of the flush and stand again before the next test.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def triggers_lifted() -> Iterator[None]:
    """Every trigger of the database is out of force inside this block."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            try:
                yield
            finally:
                for _, statement in triggers:
                    cursor.execute(statement)
            return
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            yield
        finally:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def let_tests_flush() -> None:
    """Make Django's flush lift the triggers, and put back the rows that migrations made."""
    # On the class: where an event loop runs in the thread (Playwright keeps one), Django opens another connection.
    kind = type(connection.ops)
    plain_flush = kind.execute_sql_flush

    def flush(self: Any, statements: Any) -> None:
        if not statements:
            return
        with triggers_lifted():
            plain_flush(self, statements)
        begin_ledger()

    kind.execute_sql_flush = flush  # type: ignore[method-assign, assignment]


def begin_ledger() -> None:
    """The head of an empty log, as the ledger's first migration leaves it; nothing remembered, no key."""
    from audit.ledger import personal, signing
    from audit.ledger.models import Head

    personal.forget()
    signing.path().unlink(missing_ok=True)
    signing.coming_path().unlink(missing_ok=True)
    Head.objects.create(id=1, origin="tollgate/test")
