"""What the search's benchmark runs, in a process and on a database of its own: a ledger of millions, then questions."""

import fcntl
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from functools import partial
from pathlib import Path
from typing import Any

from bench import entries, searches

PATIENCE = 1800
PAGE = 51
PEER = "SELECT * FROM ledger_entry WHERE id < %s ORDER BY id DESC LIMIT 51"


def search(size: int, meeting: str) -> dict[str, Any]:
    """Milliseconds of each kind of search over ``size`` entries, and of the bare query; how fast they were indexed.

    ``meeting`` is a folder in which the processes for both databases wait for one another, so that none builds while
    the other measures, and they measure one after the other.
    """
    from audit.ledger import indexing

    world = entries.load(size)
    start = time.perf_counter()
    indexed = indexing.catch_up()
    rate = indexed / (time.perf_counter() - start)
    with _turn(Path(meeting)):
        kinds, bare = _measure(world, size)
    every = sorted(value for values in kinds.values() for value in values)
    return {
        "index": rate,
        "p50": statistics.median(every),
        "p95": _p95(every),
        "kinds": {kind: [statistics.median(values), _p95(values)] for kind, values in kinds.items()},
        "bare": [statistics.median(bare), _p95(bare)],
        "megabytes": _megabytes(),
    }


@contextmanager
def _turn(meeting: Path) -> Iterator[None]:
    from django.db import connection

    (meeting / f"{connection.vendor}.built").touch()
    until = time.monotonic() + PATIENCE
    while len(list(meeting.glob("*.built"))) < len(list(meeting.glob("*.comes"))) and time.monotonic() < until:
        time.sleep(0.2)
    with (meeting / "turn").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _measure(world: entries.World, size: int) -> tuple[dict[str, list[float]], list[float]]:
    from django.db import connection

    from audit.ledger import finding, search, selectors
    from audit.ledger.models import Entry

    some = Entry.objects.filter(pk__in=range(7, size, max(1, size // 60))).values_list("subject_id", "origin")
    ids = {"subject": [s for s, _ in some if s], "origin": [origin.split()[1] for _, origin in some]}
    viewers = searches.viewers(world)

    def ask(asked: searches.Asked) -> None:
        viewer, before = viewers[asked.viewer], int(size * (1 - asked.depth)) if asked.depth else None
        found = finding.find(viewer=viewer, query=search.parse(asked.text, zone=UTC), before=before)
        shown = selectors.told(selectors.by_ids(viewer=viewer, ids=found.ids))
        if found.problems or len(shown) != len(found.ids):
            raise ValueError(f"{asked}: {found.problems}")

    def bare(before: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PEER, [before])
            cursor.fetchall()

    all_of = list(searches.all_of(world, ids))
    for asked in all_of[:60]:
        ask(asked)  # what is read once for a process is read now
    kinds: dict[str, list[float]] = defaultdict(list)
    peer = []
    for number, asked in enumerate(all_of):
        kinds[asked.kind].append(_milliseconds(partial(ask, asked)))
        if number % 5 == 0:
            before = size - number * (size // (2 * len(all_of)))
            peer.append(_milliseconds(partial(bare, before)))
    return kinds, peer


def _milliseconds(call: Callable[[], None]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def _megabytes() -> float:
    """What the index takes on disk."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sum(pgsize) FROM dbstat WHERE name IN ('ledger_posting', 'ledger_block')")
        else:
            cursor.execute("SELECT pg_total_relation_size('ledger_posting') + pg_total_relation_size('ledger_block')")
        return float(cursor.fetchone()[0]) / 1e6
