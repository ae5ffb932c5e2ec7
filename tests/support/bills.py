"""Bills in FOCUS 1.2 that tests write row by row, and the way they are read."""

import csv
import io
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from audit.base.actors import Actor
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.run import execute
from audit.lake import engine
from audit.lake import store as lake
from audit.people.models import Team
from costs.billing import services
from costs.billing.focus import Bill
from costs.billing.models import BillFile, Statement

SYSTEM = Actor.service("test")
ROW = {
    "BilledCost": "1.00",
    "EffectiveCost": "1.00",
    "ListCost": "1.00",
    "ContractedCost": "1.00",
    "BillingPeriodStart": "2013-06-01T00:00:00Z",
    "BillingPeriodEnd": "2013-07-01T00:00:00Z",
    "ChargePeriodStart": "2013-06-03T10:00:00Z",
    "ChargePeriodEnd": "2013-06-03T11:00:00Z",
    "BillingAccountId": "000123456789",
    "BillingAccountName": "Main",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ServiceName": "Amazon SageMaker",
    "ServiceCategory": "AI and Machine Learning",
    "ProviderName": "AWS",
    "ResourceId": "NULL",
    "ResourceName": "NULL",
    "ResourceType": "NULL",
    "Tags": "NULL",
}


def bill(rows: Iterable[Mapping[str, str]], *, without: tuple[str, ...] = ()) -> bytes:
    """A CSV bill: each row is ``ROW`` with these values instead; columns named in ``without`` are left out."""
    listed = [{**ROW, **row} for row in rows]
    columns = [name for name in dict.fromkeys(name for row in listed for name in row) if name not in without]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns or list(ROW), extrasaction="ignore")
    writer.writeheader()
    writer.writerows(listed)
    return out.getvalue().encode()


def receive(*contents: bytes, source: str = "test", team: Team | None = None, simulated: bool = False) -> BillFile:
    """Hands the bill in, as so many files."""
    names = ["bill.csv"] if len(contents) == 1 else [f"bill-{at}.csv" for at in range(len(contents))]
    parts = [services.Part(name, [content]) for name, content in zip(names, contents, strict=True)]
    return services.receive_bill(actor=SYSTEM, source=source, parts=parts, team=team, simulated=simulated)


def charges(**where: Any) -> list[dict[str, Any]]:
    """The charges of the statements that count and meet ``where``, in their order."""
    with engine.database() as db:
        rows: list[dict[str, Any]] = []
        for statement in Statement.objects.filter(superseded_at=None, **where).order_by("source", "account"):
            found = db.execute(f"SELECT * FROM {engine.parquet(lake.local(statement.path))}")
            names = [column[0] for column in found.description]
            rows += [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return rows


def read(bill_file: BillFile) -> Job:
    """Runs the job that reads the bill, and those that follow it."""
    job = jobs.start(
        services.IMPORT,
        actor=SYSTEM,
        trigger="person",
        args={"file": str(bill_file.pk)},
        key=str(bill_file.pk),
        team=bill_file.team,
    )
    _run(job)
    job.refresh_from_db()
    return job


def _run(job: Job) -> None:
    execute(job.pk, worker="test")
    for child in job.children.filter(state=State.QUEUED):
        _run(child)


def typed(opened: Bill) -> list[SimpleNamespace]:
    """The rows of an opened file, in its order, each value under the name that the rest of the program knows."""
    found = opened.connection.execute("SELECT * FROM typed ORDER BY nr")
    names = [column[0] for column in found.description]
    return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in found.fetchall()]
