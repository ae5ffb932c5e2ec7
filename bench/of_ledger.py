"""What the ledger's benchmarks run, each in a process and on a database of its own."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

TEAM, MODEL = UUID(int=1), UUID(int=2)


def _rate(count: int, act: Callable[[int], Any]) -> float:
    """Calls a second."""
    start = time.perf_counter()
    for at in range(count):
        act(at)
    return count / (time.perf_counter() - start)


def change(rounds: int, count: int) -> dict[str, float]:
    """Milliseconds of changing a source's settings, audited and with ``record`` taken out; the best of some rounds."""
    from audit.base.actors import Actor
    from audit.people.services import create_team
    from audit.sources import services

    actor = Actor.service("bench")
    team = create_team(actor=actor, slug="bench", name="Bench")
    source = services.add_source(actor=actor, kind="folder", name="bench", team=team, settings={"path": "a"})

    def act(at: int) -> None:
        services.change_source(
            actor=actor, source=source, name="bench", settings={"path": f"folder {at % 7}"}, every_seconds=60 + at % 2
        )

    audited, bare = [], []
    for _ in range(rounds):
        audited.append(1000 / _rate(count, act))
        with patch.object(services, "record", lambda **_: None):
            bare.append(1000 / _rate(count, act))
    return {"audited": min(audited), "bare": min(bare)}


def _events(count: int) -> Any:
    from audit.ledger.services import Event

    return (
        Event(
            "ledger.refused",
            subject_name=f"row {at}",
            reason="measured",
            changes={"score": (at % 7, at % 11), "state": ("queued", "done")},
            team=TEAM,
            within=(MODEL, None),
        )
        for at in range(count)
    )


def bulk(count: int) -> dict[str, float]:
    """Rows a second of writing many entries, and of Django's bulk insert of the same rows into a table without ours."""
    from django.db import connection, transaction

    from audit.base.actors import Actor
    from audit.ledger.models import Entry
    from audit.ledger.services import record_many

    actor = Actor.service("bench")
    ours, plain = [], []
    for _ in range(3):
        start = time.perf_counter()
        with transaction.atomic():
            written = record_many(actor=actor, events=_events(count))
        ours.append(count / (time.perf_counter() - start))
        with _without_triggers(Entry._meta.db_table):
            for entry in written:
                entry.pk = None
            start = time.perf_counter()
            with transaction.atomic():
                Entry.objects.bulk_create(written, batch_size=500)
            plain.append(count / (time.perf_counter() - start))
    connection.close()
    return {"ours": max(ours), "plain": max(plain)}


@contextmanager
def _without_triggers(table: str) -> Any:
    """The table as any other: its triggers out of force."""
    from tests.support.flush import triggers_lifted

    with triggers_lifted():
        yield table


def sealing(count: int) -> dict[str, float]:
    """Entries a second that are sealed, when ``count`` of them about a thousand subjects wait."""
    from django.db import transaction

    from audit.ledger import sealing
    from audit.ledger.models import Entry

    with transaction.atomic():
        for first in range(0, count, 10_000):
            Entry.objects.bulk_create(record_entries(first, min(10_000, count - first)), batch_size=500)
    start = time.perf_counter()
    done = sealing.seal()
    return {"rate": done.count / (time.perf_counter() - start), "count": done.count}


def record_entries(first: int, count: int) -> list[Any]:
    """Entries about a thousand subjects of one model and team, as the services leave them."""
    from audit.base import clock
    from audit.ledger.models import Entry

    at = clock.now()
    return [
        Entry(
            at=at,
            actor_kind="service",
            actor_id="bench",
            actor_name="bench",
            action="monitoring.measured",
            subject_type="catalogue.modelversion",
            subject_id=f"0190aaaa-0000-7000-8000-{number % 1000:012d}",
            subject_name=f"late-arrival v{number % 1000}",
            model=MODEL,
            team=TEAM,
            reason="measured for the benchmark of sealing and export, in words of some length",
            changes={"score": [number % 7, number % 11], "state": ["queued", "done"]},
            states={f"catalogue.modelversion:0190aaaa-0000-7000-8000-{number % 1000:012d}": f"{number:064x}"},
            origin="job 0190aaaa-0000-7000-8000-000000000001",
        )
        for number in range(first, first + count)
    ]


def export(count: int) -> dict[str, float]:
    """Seconds, megabytes of memory (peak of this process) and of the file, for evidence on ``count`` entries."""
    import resource

    from django.db import transaction

    from audit.base.actors import Actor
    from audit.exports import selectors, services
    from audit.ledger import sealing
    from audit.ledger.models import Entry

    for first in range(0, count, 10_000):
        with transaction.atomic():
            Entry.objects.bulk_create(record_entries(first, min(10_000, count - first)), batch_size=500)
    sealing.seal()
    actor = Actor.service("bench")
    start = time.perf_counter()
    scope = selectors.scope_of(viewer=actor, kind="all")
    asked = services.ask_export(actor=actor, scope=scope)
    built = services.build_export(actor=actor, export=asked, progress=lambda *_: None)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return {"seconds": seconds, "memory": peak, "megabytes": (built.bytes or 0) / 1e6}
