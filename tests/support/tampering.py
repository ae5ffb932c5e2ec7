"""What someone with the whole database and the key could do to the log: rewrite it so that it is sound in itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.db import connection, transaction

from audit.ledger import sealing, services
from audit.ledger.models import Chain, Checkpoint, Entry, Head, IndexNode, Leaf, Node, State
from audit.ledger.services import Event
from tests.support.cast import SYSTEM
from tests.support.flush import triggers_lifted

REFUSED = "ledger.refused"
SEALED = (Leaf, Node, Chain, IndexNode, State, Checkpoint)


def write(count: int, words: str = "attempt") -> None:
    """So many entries."""
    with transaction.atomic():
        services.record_many(actor=SYSTEM, events=[Event(REFUSED, subject_name=f"{words} {n}") for n in range(count)])


def grow(*steps: int, words: str = "attempt") -> int:
    """Writes and seals so many entries at a time; the log's size then."""
    for count in steps:
        write(count, words)
        sealing.seal()
    return Head.objects.get().size


def asking_nobody() -> AbstractContextManager[Any]:
    """Sealing as where no witness can be reached: whoever forges a log does not ask first."""
    return patch.object(sealing, "BEFORE_FIRST_SEAL", [])


def seal_anew(*, sizes: list[int]) -> None:
    """Computes and signs everything again from the entries that are there, with checkpoints of these sizes."""
    with triggers_lifted():
        for model in SEALED:
            model._default_manager.all().delete()
    Head.objects.update(size=0, last=0, gaps=[])
    with asking_nobody():
        for size in sizes:
            sealing.seal_some(limit=size - Head.objects.get().size)


def rewrite(number: int) -> None:
    """Entry ``number`` says something else, and leaves, tree, index and checkpoints say that it was always so."""
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    with triggers_lifted():
        Entry.objects.filter(leaf__number=number).update(reason="it was always so")
    seal_anew(sizes=sizes)


def truncate(count: int) -> None:
    """The newest ``count`` entries were never there: no leaf, no node, no checkpoint, and the head is put back."""
    end = Head.objects.get().size - count
    sizes = [size for size in Checkpoint.objects.order_by("size").values_list("size", flat=True) if size < end]
    with triggers_lifted():
        last = Leaf.objects.filter(number__gt=end).values_list("entry", flat=True)
        Entry.objects.filter(pk__in=list(last)).delete()
    seal_anew(sizes=[*sizes, end])


@contextmanager
def restored_afterwards(*labels: str) -> Iterator[None]:
    """Puts every table of these apps back to what it was before the block, as restoring a dump does."""
    tables = [model._meta.db_table for label in labels for model in apps.get_app_config(label).get_models()]
    kept: dict[str, tuple[list[str], list[Any]]] = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT * FROM {table}")
            kept[table] = ([column[0] for column in cursor.description], cursor.fetchall())
    yield
    with triggers_lifted(), connection.cursor() as cursor:
        for table in reversed(tables):
            cursor.execute(f"DELETE FROM {table}")
        for table in tables:
            columns, rows = kept[table]
            marks = ", ".join(["%s"] * len(columns))
            if rows:
                cursor.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
