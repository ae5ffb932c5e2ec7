"""What an entry costs: the chained, triggered ledger against a bare insert of the same row."""

import time
from collections.abc import Iterator

from bench import inside
from bench.harness import Figure, bench

ENTRIES = 1000


@bench("audit.ledger.record")
def entries() -> Iterator[Figure]:
    """Entries a second, one transaction each, against the same rows inserted bare into a table without triggers."""
    inside.begin()
    from django.db import connection, transaction

    from audit.base.actors import Actor
    from audit.ledger.models import Entry
    from audit.ledger.services import record
    from audit.people.ledger_actions import SIGNED_IN

    actor = Actor.service("bench")
    start = time.perf_counter()
    for _ in range(ENTRIES):
        with transaction.atomic():
            record(actor=actor, action=SIGNED_IN, subject_name="someone", changes={"state": ("a", "b")})
    ours = ENTRIES / (time.perf_counter() - start)
    rows = list(Entry.objects.order_by("number").values_list()[:ENTRIES])
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare AS SELECT * FROM ledger_entry WHERE 0")
        marks = ", ".join(["%s"] * len(rows[0]))
        start = time.perf_counter()
        for row in rows:
            with transaction.atomic():
                cursor.execute(f"INSERT INTO bare VALUES ({marks})", [str(value) for value in row])
        bare = ENTRIES / (time.perf_counter() - start)
        cursor.execute("DROP TABLE bare")
    yield Figure("audit.ledger.record", ours, "1/s", "bare inserts of the same rows", bare, ">= 0.05")
