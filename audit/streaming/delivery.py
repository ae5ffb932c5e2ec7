"""Batches go in order, one after the other; one that was not taken comes again, later each time, and none is skipped.

The number of the last entry that was taken is kept in the transaction that keeps the outcome. A batch whose receipt got
lost comes again with the same entries: at least once.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction

from audit.assurance.domain.standing import may_try, next_try
from audit.base import clock
from audit.base.errors import TollgateError
from audit.ledger.models import Head
from audit.streaming.destinations.contract import Batch, Destination, Undelivered
from audit.streaming.models import Stream
from audit.streaming.reading import MOST_LINES, lines

MOST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many entries were taken, the number of the last, and what stopped it ("" when nothing did)."""

    count: int
    number: int
    error: str = ""


class Overtaken(Exception):
    """Another process has moved the stream on, or someone has paused it."""


def is_due(stream: Stream, size: int) -> bool:
    """Whether something waits for the stream, and it is time."""
    return size > stream.cursor and may_try(stream.next_try_at, clock.now())


def deliver(*, stream: Stream, progress: Callable[[int, int], None] | None = None) -> Delivered:
    """Sends what waits, for two minutes at most. Nothing is raised: what stops it stands on the stream."""
    head, until, count = Head.objects.get(pk=1), time.monotonic() + MOST_SECONDS, 0
    total = head.size - stream.cursor
    try:
        destination = stream.destination()
    except TollgateError as error:
        note_failure(stream=stream, sentence=error.sentence)
        return Delivered(0, stream.cursor, error.sentence)
    try:
        while stream.cursor < head.size and time.monotonic() < until:
            sent = _send(destination, stream, head)
            count += sent
            if progress:
                progress(count, total)
    except Undelivered as error:
        note_failure(stream=stream, sentence=error.sentence, wait=error.wait)
        return Delivered(count, stream.cursor, error.sentence)
    except Overtaken:
        return Delivered(count, stream.cursor)
    finally:
        destination.close()
    return Delivered(count, stream.cursor)


def _send(destination: Destination, stream: Stream, head: Head) -> int:
    """Sends the next batch, which is the one before when that was not confirmed; the number of its entries."""
    most = MOST_LINES
    upto = stream.pending if stream.pending > stream.cursor else head.size
    while True:
        found = lines(log=head.origin, after=stream.cursor, upto=upto, reveal=stream.reveal, most=most)
        if not found:
            raise Undelivered(f"Entry {stream.cursor + 1:,} is missing from the log; nothing behind it goes out.")
        batch = Batch(str(stream.pk), head.origin, found)
        _announce(stream, batch)
        try:
            destination.deliver(batch)
        except Undelivered as error:
            if not error.smaller:
                raise
            most = len(found) // 2
        else:
            _keep(stream, batch)
            return len(found)


def _announce(stream: Stream, batch: Batch) -> None:
    """Remembers what is about to be sent, so that it comes again just so.

    Raises:
        Overtaken: the stream is not where we thought, or is paused.
    """
    rows = Stream.objects.filter(pk=stream.pk, enabled=True, cursor=batch.first - 1)
    if not rows.update(pending=batch.last):
        raise Overtaken
    stream.pending = batch.last


@transaction.atomic
def _keep(stream: Stream, batch: Batch) -> None:
    """Notes that the batch was taken.

    Raises:
        Overtaken: another process noted it first.
    """
    locked = Stream.objects.select_for_update().get(pk=stream.pk)
    if locked.cursor != batch.first - 1:
        raise Overtaken
    locked.cursor, locked.pending, locked.delivered = batch.last, 0, locked.delivered + len(batch.lines)
    locked.last_success_at, locked.last_error, locked.failures, locked.next_try_at = clock.now(), "", 0, None
    locked.save(
        update_fields=("cursor", "pending", "delivered", "last_success_at", "last_error", "failures", "next_try_at")
    )
    stream.cursor, stream.pending = locked.cursor, 0


@transaction.atomic
def note_failure(*, stream: Stream, sentence: str, wait: timedelta | None = None) -> None:
    """Keeps why, and when to try again: later each time, and not before the receiver wants it."""
    locked = Stream.objects.select_for_update().get(pk=stream.pk)
    locked.failures += 1
    locked.last_error = sentence[:2000]
    at = clock.now()
    locked.next_try_at = max(next_try(locked.failures, at), at + (wait or timedelta()))
    locked.save(update_fields=("failures", "last_error", "next_try_at"))
