"""Ready means that every part answers; each part that does not says so in a sentence without secrets."""

import logging
import time
from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from kombu.exceptions import OperationalError

from audit.jobs import selectors

Check = Callable[[], str | None]
CHECKS: dict[str, Check] = {}
MIGRATED_FOR = 300.0
BROKER_SECONDS = 2
logger = logging.getLogger(__name__)
_migrated_until = 0.0


def register(name: str, check: Check) -> None:
    """Adds a part, from ``AppConfig.ready``: ``check`` returns what is not ready in a sentence, or None."""
    CHECKS[name] = check


def report() -> dict[str, str]:
    """Each part with "ok" or its sentence. After a database that does not answer, parts that need it are not asked."""
    found: dict[str, str] = {}
    for name, check in CHECKS.items():
        if name != "queue" and found.get("database", "ok") != "ok":
            found[name] = "Not known while the database does not answer."
            continue
        try:
            found[name] = check() or "ok"
        except Exception:
            logger.exception("The readiness of %s could not be found out.", name)
            found[name] = "This could not be found out; the log has the error."
    return found


def register_own() -> None:
    """The parts that every installation has, in the order in which they need each other."""
    register("database", _database)
    register("migrations", _migrations)
    register("queue", _queue)
    register("worker", lambda: _alive("worker"))
    register("beat", lambda: _alive("beat"))


def _database() -> str | None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("The database does not answer.", exc_info=True)
        return "The database does not answer."
    return None


def _migrations() -> str | None:
    """Looked up again every five minutes only: nothing unapplies a migration while a server runs."""
    global _migrated_until  # noqa: PLW0603
    if time.monotonic() < _migrated_until:
        return None
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        return f"{missing} migrations are not applied; run “python manage.py migrate”."
    _migrated_until = time.monotonic() + MIGRATED_FOR
    return None


def _queue() -> str | None:
    from audit.jobs.celery_tasks import queue

    try:
        with queue().connection_for_write(connect_timeout=BROKER_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_SECONDS)
    except (OperationalError, OSError):
        logger.warning("The queue does not answer.", exc_info=True)
        return "The queue does not answer; jobs wait until it does."
    return None


def _alive(role: str) -> str | None:
    seconds = int(selectors.ALIVE.total_seconds())
    return None if selectors.alive(role) else f"No {role} has been seen in the last {seconds} seconds."
