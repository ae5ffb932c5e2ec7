"""Reads entries as the viewer may see them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet

from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.base.scoping import visible
from audit.ledger import domain
from audit.ledger.models import Entry, Head, Verification
from audit.ledger.search import COLUMNS, Query, Term

CHUNK = 2000


def entries(*, viewer: Actor, query: Query | None = None) -> QuerySet[Entry]:
    """Entries of the viewer's teams that fit ``query``, newest first."""
    rows = visible(Entry.objects.all(), viewer=viewer, team="team", right="ledger.read")
    for term in query.terms if query else ():
        rows = rows.exclude(_fits(term)) if term.without else rows.filter(_fits(term))
    return rows


def _fits(term: Term) -> Q:
    value = term.value
    if isinstance(value, datetime):
        return Q(at__gte=value) if term.field == "after" else Q(at__lt=value)
    if term.field == "action":
        return Q(action__startswith=value.lower())
    found = Q(pk__in=())
    for column in COLUMNS[term.field]:
        found |= Q(**{f"{column}__icontains": value})
    return found


def entry(*, viewer: Actor, number: int) -> Entry:
    """One entry.

    Raises:
        NotFound: there is none with this number that the viewer may see.
    """
    found = entries(viewer=viewer).filter(number=number).first()
    if found is None:
        raise NotFound(f"There is no entry {number}, or it belongs to a team whose ledger you may not read.")
    return found


def holds(entry: Entry) -> tuple[bool, bool]:
    """Whether the entry's content fits its digest, and whether it follows from the entry before it."""
    before = Entry.objects.filter(number=entry.number - 1).values_list("digest", flat=True).first()
    follows = entry.previous == (before or (domain.GENESIS if entry.number == 1 else ""))
    return domain.digest(entry.sealed_fields(), entry.previous) == entry.digest, follows


def last_verification() -> Verification | None:
    """The newest walk over the chain."""
    return Verification.objects.first()


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


def first_break(*, upto: Head | None = None, progress: Callable[[int, int], None] | None = None) -> int | None:
    """The number of the first entry that breaks the chain; None when each follows from the one before.

    The walk ends at ``upto``, the head when left out: what is written meanwhile is the next walk's.
    """
    head = upto or Head.objects.get(pk=1)
    reached = (0, domain.GENESIS)

    def stored() -> Iterator[tuple[int, dict[str, Any], str]]:
        nonlocal reached
        rows = Entry.objects.filter(number__lte=head.number).order_by("number")
        for entry in rows.iterator(chunk_size=CHUNK):
            yield entry.number, entry.sealed_fields(), entry.digest
            reached = entry.number, entry.digest
            if progress and entry.number % CHUNK == 0:
                progress(entry.number, head.number)

    broken = domain.first_break(stored())
    if broken is not None:
        return broken
    return None if reached == (head.number, head.digest) else reached[0] + 1
