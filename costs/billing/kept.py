"""Bills are documents: retention says how long their files are kept; what was read of them stays."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import QuerySet

from audit.retention.documents import Document, Provider, register
from costs.billing.models import BillFile


def _documents(rows: "QuerySet[BillFile]") -> Iterator[Document]:
    for row in rows.iterator(chunk_size=2000):
        who = (row.received_from,)
        yield Document("bill", row.pk, str(row), row.path, row.digest, row.created_at, team=row.team_id, people=who)


def _before(at: datetime) -> Iterable[Document]:
    return _documents(BillFile.objects.filter(created_at__lt=at))


def _at_paths(paths: Sequence[str]) -> Iterable[Document]:
    return _documents(BillFile.objects.filter(path__in=paths))


def register_own() -> None:
    """Adds them."""
    register(Provider("bill", "Bills", _before, _at_paths))
