"""Reads entries as the viewer may see them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from audit.base.actors import Actor
from audit.base.scoping import visible
from audit.ledger import domain
from audit.ledger.models import Entry, Head


def entries(
    *,
    viewer: Actor,
    words: str = "",
    action: str = "",
    actor: str = "",
    after: datetime | None = None,
    before: datetime | None = None,
) -> QuerySet[Entry]:
    """Entries of the viewer's teams, newest first. ``words`` are looked for in names and reasons."""
    rows = visible(Entry.objects.all(), viewer=viewer, team="team", right="ledger.read")
    for word in words.split():
        rows = rows.filter(
            Q(actor_name__icontains=word)
            | Q(subject_name__icontains=word)
            | Q(reason__icontains=word)
            | Q(action__icontains=word)
        )
    if action:
        rows = rows.filter(action=action)
    if actor:
        rows = rows.filter(actor_id=actor)
    if after:
        rows = rows.filter(at__gte=after)
    if before:
        rows = rows.filter(at__lt=before)
    return rows


def of_subjects(*, viewer: Actor, subjects: list[Model]) -> QuerySet[Entry]:
    """Entries about any of ``subjects``, newest first."""
    ids: dict[str, list[str]] = defaultdict(list)
    for subject in subjects:
        ids[subject._meta.label_lower].append(str(subject.pk))
    about = Q(pk__in=())
    for kind, keys in ids.items():
        about |= Q(subject_type=kind, subject_id__in=keys)
    return visible(Entry.objects.filter(about), viewer=viewer, team="team", right="ledger.read")


def head() -> Head:
    """The newest entry's number and digest."""
    return Head.objects.get(pk=1)


def first_break() -> int | None:
    """The number of the first entry that breaks the chain; None when every entry follows from the one before."""

    def stored() -> Iterator[tuple[int, dict[str, Any], str]]:
        for entry in Entry.objects.order_by("number").iterator(chunk_size=2000):
            yield entry.number, entry.sealed_fields(), entry.digest

    broken = domain.first_break(stored())
    if broken is not None:
        return broken
    end, last = head(), Entry.objects.order_by("-number").first()
    stated = (last.number, last.digest) if last else (0, domain.GENESIS)
    return None if (end.number, end.digest) == stated else stated[0] + 1
