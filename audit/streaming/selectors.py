"""Reads streams: they carry the whole ledger, so they are for who reads the whole of it."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.jobs.models import Job
from audit.jobs.selectors import jobs
from audit.ledger.models import Head, Leaf
from audit.streaming.models import Stream

READ = "ledger.read"
DELIVER = "streaming.deliver"


def streams(*, viewer: Actor) -> QuerySet[Stream]:
    """All streams, by name.

    Raises:
        NotPermitted: the viewer does not read the whole ledger.
    """
    viewer.check(READ)
    return Stream.objects.select_related("added_by")


def stream(*, viewer: Actor, stream_id: str) -> Stream:
    """One stream.

    Raises:
        NotPermitted: the viewer does not read the whole ledger.
        NotFound: there is none with this id.
    """
    found = streams(viewer=viewer).filter(pk=stream_id).first()
    if found is None:
        raise NotFound("There is no such stream.")
    return found


def size() -> int:
    """How many entries are sealed."""
    return Head.objects.get(pk=1).size


def waiting_since(rows: Iterable[Stream]) -> dict[UUID, datetime]:
    """When the oldest entry was written that a stream lacks, by the stream's id; one query for all of them."""
    listed = list(rows)
    numbers = {one.cursor + 1 for one in listed}
    known = dict(Leaf.objects.filter(number__in=numbers).values_list("number", "entry__at"))
    return {one.pk: known[one.cursor + 1] for one in listed if known.get(one.cursor + 1)}


def deliveries(*, viewer: Actor, stream: Stream) -> QuerySet[Job]:
    """The jobs that delivered, newest first."""
    rows = jobs(viewer=viewer, kind=DELIVER)
    return rows.filter(subject_type=Stream._meta.label_lower, subject_id=str(stream.pk))
