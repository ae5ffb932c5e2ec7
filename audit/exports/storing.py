"""Bundles that lie in the lake are documents with a clock; those that tell of an erased person go with them.

They can be built again from what is left. Bundles that somebody took out are outside of our reach.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from audit.base import clock
from audit.base.actors import Actor
from audit.exports.domain.scope import ALL, MODEL, TEAM, USE_CASE
from audit.exports.models import Export
from audit.ledger.services import record
from audit.people.models import User
from audit.retention import clearing, erasers, holding
from audit.retention.documents import Document, Provider, register
from audit.retention.ledger_actions import DOCUMENTS_REMOVED
from audit.retention.models import Removed
from audit.retention.persons import Person

KIND = "bundle"
COLUMNS = {MODEL: "model", USE_CASE: "use_case", TEAM: "team"}


def _documents(rows: "QuerySet[Export]") -> Iterator[Document]:
    for row in rows.exclude(path="").iterator(chunk_size=2000):
        model, use_case = (row.scope if row.kind == kind else None for kind in (MODEL, USE_CASE))
        people = (row.asked_by, row.asked_name)
        own = {"model": model, "use_case": use_case, "team": row.team_id}
        yield Document(KIND, row.pk, str(row), row.path, row.digest, row.built_at, **own, people=people)


def _before(at: datetime) -> Iterable[Document]:
    return _documents(Export.objects.filter(built_at__lt=at))


def _at_paths(paths: Sequence[str]) -> Iterable[Document]:
    return _documents(Export.objects.filter(path__in=paths))


def _telling(person: Person) -> list[Export]:
    """Bundles in the lake with an entry in which the person is; each scope is looked at once."""
    gone = dict(Removed.objects.filter(kind=KIND).values_list("path", "at"))
    found, known = [], dict[tuple[object, ...], bool]()
    for row in Export.objects.exclude(path="").exclude(built_at=None):
        if row.path in gone and row.built_at is not None and row.built_at <= gone[row.path]:
            continue
        scope = (row.kind, row.scope, row.size)
        if scope not in known:
            covered = Q() if row.kind == ALL else Q(**{COLUMNS[row.kind]: row.scope})
            known[scope] = holding.is_in(person, covered & Q(leaf__number__lte=row.size))
        if known[scope]:
            found.append(row)
    return found


def _erase(actor: Actor, user: User, person: Person) -> int:
    at, bundles = clock.now(), {row.path: row for row in _telling(person)}
    removed = [clearing.gone(path, kind=KIND, digest=row.digest, at=at) for path, row in sorted(bundles.items())]
    if removed:
        count = f"{len(removed):,} evidence bundle{'' if len(removed) == 1 else 's'}"
        record(
            actor=actor,
            action=DOCUMENTS_REMOVED,
            subject_name=f"{count} that told of a person who is erased",
            changes={"digests": ([row.digest for row in removed], None), "kinds": ([KIND], None)},
            also=removed,
        )
    return len(removed)


def register_own() -> None:
    """Tells retention of both."""
    register(Provider(KIND, "Evidence bundles", _before, _at_paths))
    erasers.own("evidence bundles in the lake", count=lambda _, person: len(_telling(person)), erase=_erase)
