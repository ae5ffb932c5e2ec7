"""A feed that the administrator connects, the way it is pulled, and what its bills came to."""

import csv
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from audit.jobs import services as jobs
from audit.jobs.models import Job
from audit.lake import store as lake
from audit.sources import services as sources
from audit.sources.models import Source
from costs.billing.models import BillFile
from tests.support import bills
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker


def connect(cast: Cast, kind: str, settings: dict[str, Any], **also: Any) -> Source:
    """The feed, as a source of the team with the organisation's bills."""
    settings = {"bills_as": "aws-main", "organisation": True, **settings}
    actor = cast.actor("administrator")
    return sources.add_source(actor=actor, kind=kind, name="Bills", team=cast.team, settings=settings, **also)


def pull(worker: Worker, source: Source, *, trigger: str = "person", anew: bool = False) -> Job:
    """One pull, and the imports that it starts."""
    args = {"source": str(source.pk), **({"anew": True} if anew else {})}
    job = jobs.start("sources.pull", actor=SYSTEM, trigger=trigger, args=args, subject=source, team=source.team)
    worker.run(job)
    worker.run_all()
    job.refresh_from_db()
    source.refresh_from_db()
    return job


def charges() -> list[Any]:
    """The charges that count now; ``tags`` of each as a mapping."""
    return [SimpleNamespace(**{**row, "tags": json.loads(row["tags"] or "{}")}) for row in bills.charges()]


def billed() -> Decimal:
    """What all of them come to, billed, in whatever currency."""
    return sum((charge.billed for charge in charges()), Decimal(0))


def handed_in() -> list[dict[str, str]]:
    """The rows of all files that were handed in, as they lie in the lake."""
    rows: list[dict[str, str]] = []
    for part in (part for bill in BillFile.objects.order_by("filename") for part in bill.parts.all()):
        with lake.local(part.path).open(newline="") as file:
            rows += csv.DictReader(file)
    return rows
