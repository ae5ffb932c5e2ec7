"""Takes bills in and reads them: what a file says of an account and period replaces what an earlier file said."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import groupby

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import InvalidInput
from audit.lake import store as lake
from audit.ledger.audited import changed, created, values
from audit.ledger.services import record
from audit.people.models import Team
from costs.billing import domain, focus, ledger_actions
from costs.billing.amounts import plain
from costs.billing.models import BillFile, Charge, Statement

RIGHT = "billing.import"
IMPORT = "billing.import"
PREFIX = "bills"
BATCH = 500


def receive_bill(
    *,
    actor: Actor,
    source: str,
    filename: str,
    chunks: Iterable[bytes],
    simulated: bool = False,
    team: Team | None = None,
) -> BillFile:
    """Keeps the file unchanged in the lake; the same content from the same source again gives the first BillFile.

    ``source`` is a short name for where bills of this kind come from ("aws-main"). The edge that calls this starts
    the job ``IMPORT`` with args {"file": id} and the id as key.

    Raises:
        NotPermitted: the actor may not import bills for the team (without a team: for the organisation).
        InvalidInput: the source is not a short name.
    """
    actor.check(RIGHT, team.pk if team else None)
    if not source or len(source) > 60 or not source.replace("-", "").replace("_", "").isalnum() or not source.isascii():
        raise InvalidInput(f"“{source}” is not a short name.", where="source", mend="Use letters, digits and hyphens.")
    stored = lake.put_chunks(PREFIX, chunks)
    with transaction.atomic():
        bill_file, new = BillFile.objects.get_or_create(
            source=source,
            digest=stored.digest,
            defaults={
                "filename": filename[:255] or "bill",
                "path": stored.path,
                "size": stored.size,
                "simulated": simulated,
                "team": team,
                "received_from": actor.on_behalf_of or actor.id,
            },
        )
        if new:
            record(
                actor=actor,
                action=ledger_actions.RECEIVED,
                subject=bill_file,
                team=bill_file.team_id,
                changes=created(bill_file),
            )
    return bill_file


def read_bill(*, actor: Actor, bill_file: BillFile, progress: Callable[[int, int], None] | None = None) -> BillFile:
    """Reads the file into statements and charges, all of it or nothing; a file that was read changes nothing.

    Raises:
        InvalidInput: the file cannot be used; row and column are named.
    """
    with focus.opened(lake.local(bill_file.path)) as bill:
        rows, totals = bill.rows(), bill.totals()
        with transaction.atomic():
            locked = BillFile.objects.select_for_update().get(pk=bill_file.pk)
            if locked.imported_at is not None:
                return locked
            written, touched = 0, list[Statement]()
            days = (day for batch in bill.days() for day in batch)
            for key, group in groupby(days, key=lambda day: (day.account, day.period_start)):
                statements = _write_statement(locked, key[0], key[1], list(group))
                written += statements[0].rows
                touched += statements
                if progress:
                    progress(written, rows)
            if written != rows:
                raise RuntimeError(f"{written} of {rows} rows were written.")
            _finish(actor, locked, rows, totals, touched)
    return locked


def _write_statement(
    bill_file: BillFile, account: str, period_start: datetime, days: list[focus.Day]
) -> list[Statement]:
    """Writes one account's period; it, and those that it supersedes. A file that came in later keeps its place."""
    at, start, superseded = clock.now(), period_start.replace(tzinfo=UTC), list[Statement]()
    standing = Statement.objects.select_for_update().filter(
        source=bill_file.source, account=account, period_start=start, superseded_at=None
    )
    later = standing.filter(bill_file__created_at__gt=bill_file.created_at).select_related("bill_file").first()
    if later is None:
        superseded = list(standing)
        standing.update(superseded_at=at, superseded_by=bill_file)
        for old in superseded:
            old.superseded_at, old.superseded_by = at, bill_file
    statement = Statement.objects.create(
        bill_file=bill_file,
        source=bill_file.source,
        account=account,
        account_name=next((day.account_name for day in days if day.account_name), ""),
        period_start=start,
        period_end=max(day.period_end for day in days).replace(tzinfo=UTC),
        rows=sum(day.rows for day in days),
        superseded_at=at if later else None,
        superseded_by=later.bill_file if later else None,
    )
    Charge.objects.bulk_create((_charge(statement, day) for day in days), batch_size=BATCH)
    return [statement, *superseded]


def _charge(statement: Statement, day: focus.Day) -> Charge:
    tags = domain.tags_of(day.tags)
    return Charge(
        statement=statement,
        day=day.day,
        provider=day.provider[:200],
        sub_account=day.sub_account[:300],
        service=day.service[:300],
        service_category=day.service_category[:100],
        region=day.region[:100],
        resource_id=day.resource_id,
        resource_name=day.resource_name,
        resource_type=day.resource_type[:200],
        charge_category=day.charge_category[:40],
        charge_class=day.charge_class[:40],
        sku=day.sku[:300],
        usage=day.usage,
        tags=tags,
        tags_key=domain.tags_key(tags),
        currency=day.currency[:40],
        billed=day.billed,
        effective=day.effective,
        contracted=day.contracted,
        list=day.list,
        quantity=day.quantity,
        unit=day.unit[:100],
        rows=day.rows,
        first_row=day.first_row,
    )


def _finish(
    actor: Actor, bill_file: BillFile, rows: int, totals: dict[str, tuple], statements: list[Statement]
) -> None:
    before = values(bill_file)
    bill_file.imported_at, bill_file.rows = clock.now(), rows
    bill_file.totals = {
        currency: {"billed": plain(billed), "effective": plain(effective)}
        for currency, (billed, effective) in totals.items()
    }
    bill_file.save(update_fields=("imported_at", "rows", "totals"))
    record(
        actor=actor,
        action=ledger_actions.IMPORTED,
        subject=bill_file,
        team=bill_file.team_id,
        changes=changed(before, bill_file),
        also=statements,
    )
