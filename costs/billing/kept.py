"""Bills are documents: retention says how long their files are kept; what was read of them stays."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import QuerySet

from audit.retention.documents import Document, Provider, register
from costs.billing.models import BillPart


def _documents(rows: "QuerySet[BillPart]") -> Iterator[Document]:
    for row in rows.select_related("bill_file").iterator(chunk_size=2000):
        bill = row.bill_file
        who = (bill.received_from,)
        yield Document("bill", bill.pk, str(row), row.path, row.digest, bill.created_at, team=bill.team_id, people=who)


def _before(at: datetime) -> Iterable[Document]:
    return _documents(BillPart.objects.filter(bill_file__created_at__lt=at))


def _at_paths(paths: Sequence[str]) -> Iterable[Document]:
    return _documents(BillPart.objects.filter(path__in=paths))


def register_own() -> None:
    """Adds them."""
    register(Provider("bill", "Bills", _before, _at_paths))
