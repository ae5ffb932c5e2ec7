"""Takes bills in and reads them: what a file says of an account and period replaces what an earlier file said."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.lake import store as lake
from audit.lake.store import Stored
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.people.models import Team
from costs.billing import ledger_actions
from costs.billing.amounts import plain
from costs.billing.domain import Totals, added_up, difference
from costs.billing.models import BillFile, BillPart, Statement
from costs.billing.rollup import Told, rolled_up

RIGHT = "billing.import"
IMPORT = "billing.import"
PREFIX = "bills"
CHARGES = "charges"


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a bill: its name, and what it holds."""

    filename: str
    chunks: Iterable[bytes]


def receive_bill(
    *, actor: Actor, source: str, parts: Iterable[Part], simulated: bool = False, team: Team | None = None
) -> BillFile:
    """Keeps the files of a bill unchanged in the lake; the same content of a source again gives the first BillFile.

    ``source`` is a short name for where bills of this kind come from ("aws-main"). The edge that calls this starts
    the job ``IMPORT`` with args {"file": id} and the id as key.

    Raises:
        NotPermitted: the actor may not import bills for the team (without a team: for the organisation).
        InvalidInput: the source is not a short name, there is no file, or one stands there twice.
    """
    actor.check(RIGHT, team.pk if team else None)
    if not source or len(source) > 60 or not source.replace("-", "").replace("_", "").isalnum() or not source.isascii():
        raise InvalidInput(f"“{source}” is not a short name.", where="source", mend="Use letters, digits and hyphens.")
    found: list[BillPart] = []
    for part in parts:
        stored = lake.put_chunks(PREFIX, part.chunks)
        if any(one.digest == stored.digest for one in found):
            raise InvalidInput(f"{part.filename} is the same as a file before it.", where="file", mend="Send it once.")
        name = part.filename[:255] or "bill"
        found.append(
            BillPart(position=len(found), filename=name, path=stored.path, digest=stored.digest, size=stored.size)
        )
    if not found:
        raise InvalidInput("There is no file.", where="file", mend="Choose at least one.")
    whole = found[0].digest if len(found) == 1 else _digest_of(found)
    with transaction.atomic():
        bill_file, new = BillFile.objects.get_or_create(
            source=source,
            digest=whole,
            defaults={
                "filename": found[0].filename if len(found) == 1 else _name_of(found),
                "size": sum(one.size for one in found),
                "simulated": simulated,
                "team": team,
                "received_from": actor.on_behalf_of or actor.id,
            },
        )
        if new:
            for one in found:
                one.bill_file = bill_file
            BillPart.objects.bulk_create(found)
            record(
                actor=actor,
                action=ledger_actions.RECEIVED,
                subject=bill_file,
                team=bill_file.team_id,
                changes=created(bill_file) | {"parts": (None, [f"{one.filename} {one.digest}" for one in found])},
            )
    return bill_file


def _digest_of(parts: Iterable[BillPart]) -> str:
    return hashlib.sha256("".join(f"{part.digest}\n" for part in parts).encode()).hexdigest()


def _name_of(parts: list[BillPart]) -> str:
    return f"{parts[0].filename[:200]} and {len(parts) - 1} more"


def read_bill(*, actor: Actor, bill_file: BillFile, progress: Callable[[int, int], None] | None = None) -> BillFile:
    """Reads the bill into statements, all of it or nothing; a bill that was read changes nothing.

    A statement whose charges are those of the one that counts is not written again.

    Raises:
        InvalidInput: a file cannot be used; row and column are named.
    """
    if bill_file.imported_at is not None:
        return bill_file
    paths = [lake.local(part.path) for part in bill_file.parts.all()]
    with rolled_up(paths) as bill:
        told = bill.told()
        stored = []
        for at, one in enumerate(told):
            stored.append(lake.put_table(CHARGES, bill.charges(one)))
            if progress:
                progress(at + 1, len(told))
        recognised = {"format": bill.format[:40], "findings": [asdict(one) for one in bill.findings]}
    with transaction.atomic():
        locked = BillFile.objects.select_for_update().get(pk=bill_file.pk)
        if locked.imported_at is None:
            touched = [
                row for one, file in zip(told, stored, strict=True) for row in _write_statement(locked, one, file)
            ]
            _finish(actor, locked, told, touched, recognised)
    return locked


def _write_statement(bill_file: BillFile, told: Told, file: Stored) -> list[Statement]:
    """Writes one account's period; it, and the one that it supersedes. A bill that came in later keeps its place."""
    at = clock.now()
    standing = (
        Statement.objects.select_for_update(of=("self",))
        .select_related("bill_file")
        .filter(source=bill_file.source, account=told.account, period_start=told.period_start, superseded_at=None)
        .first()
    )
    if standing and standing.digest == file.digest:
        return []
    later = standing if standing and standing.bill_file.created_at > bill_file.created_at else None
    superseded = []
    if standing and not later:
        standing.superseded_at, standing.superseded_by = at, bill_file
        standing.save(update_fields=("superseded_at", "superseded_by"))
        superseded.append(standing)
    statement = Statement.objects.create(
        bill_file=bill_file,
        source=bill_file.source,
        account=told.account,
        account_name=told.account_name[:300],
        period_start=told.period_start,
        period_end=told.period_end,
        rows=told.rows,
        charges=told.charges,
        path=file.path,
        digest=file.digest,
        totals=_text(told.totals),
        difference=_text(difference(told.totals, _amounts(superseded[0].totals))) if superseded else {},
        superseded_at=at if later else None,
        superseded_by=later.bill_file if later else None,
    )
    return [statement, *superseded]


def _text(totals: Totals) -> dict[str, dict[str, str]]:
    return {currency: {cost: plain(amount) for cost, amount in costs.items()} for currency, costs in totals.items()}


def _amounts(totals: dict[str, dict[str, str]]) -> Totals:
    return {currency: {cost: Decimal(amount) for cost, amount in costs.items()} for currency, costs in totals.items()}


def _finish(
    actor: Actor, bill_file: BillFile, told: list[Told], statements: list[Statement], recognised: dict[str, Any]
) -> None:
    before = values(bill_file)
    bill_file.imported_at, bill_file.rows = clock.now(), sum(one.rows for one in told)
    whole = added_up(one.totals for one in told)
    bill_file.totals = {
        currency: {cost: plain(costs[cost]) for cost in ("billed", "effective")} for currency, costs in whole.items()
    }
    bill_file.format, bill_file.findings = recognised["format"], recognised["findings"]
    bill_file.save(update_fields=("imported_at", "rows", "totals", "format", "findings"))
    record(
        actor=actor,
        action=ledger_actions.IMPORTED,
        subject=bill_file,
        team=bill_file.team_id,
        changes=changed(before, bill_file),
        also=statements,
    )
