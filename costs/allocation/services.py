"""Ties charges to models, versions and stages; what was found before stays readable when something else is found."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.services import record
from costs.allocation import domain, ledger_actions, rulebook
from costs.allocation.models import Allocation, DayCost, Split
from costs.billing.amounts import plain
from costs.billing.models import Charge, Statement

ALLOCATE = "allocation.allocate"
RIGHT = "billing.import"
BATCH = 500
FIELDS = (
    "pk", "day", "currency", "billed", "effective", "tags", "resource_id", "resource_name", "resource_type", "service",
    "usage", "charge_category",
)  # fmt: skip


def allocate(
    *, actor: Actor, source: str, period: date | None = None, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Allocates what counts of ``source`` now, in the billing period that starts on ``period`` or in all.

    A statement for which the same is found again is left alone. Returns the number of statements looked at, of those
    that changed, and of their charges.

    Raises:
        NotPermitted: the actor may not import bills for a bill's team.
        InvalidInput: the rules cannot be used.
    """
    rules, rules_digest = rulebook.in_force()
    models = dict(Model.objects.values_list("slug", "pk"))
    versions = {
        (slug, number): pk for pk, slug, number in ModelVersion.objects.values_list("pk", "model__slug", "number")
    }
    rows = Statement.objects.filter(source=source, superseded_at=None).select_related("bill_file")
    if period:
        first = clock.start_of(period)  # a day of UTC, whatever zone the person of this thread looks from
        rows = rows.filter(period_start__gte=first, period_start__lt=first + timedelta(days=1))
    names, changed, charges = domain.Names(models), 0, 0
    statements = list(rows)
    for at, statement in enumerate(statements):
        actor.check(RIGHT, statement.bill_file.team_id)
        shares = domain.allocate(_items(statement), names, rules)
        charges += len(shares)
        changed += _keep(actor, statement, shares, rules_digest, models, versions)
        if progress:
            progress(at + 1, len(statements))
    return {"statements": len(statements), "changed": changed, "charges": charges}


def _items(statement: Statement) -> Iterator[domain.Item]:
    for row in Charge.objects.filter(statement=statement).order_by("pk").values_list(*FIELDS).iterator(chunk_size=2000):
        yield domain.Item(*row)


@transaction.atomic
def _keep(
    actor: Actor,
    statement: Statement,
    shares: list[domain.Share],
    rules: str,
    models: dict[str, UUID],
    versions: dict[tuple[str, int], UUID],
) -> bool:
    """Writes the shares as the statement's split, unless that is what stands there. Whether something changed."""
    Statement.objects.select_for_update().get(pk=statement.pk)
    digest = _digest(shares, versions)
    current = Split.objects.filter(statement=statement, superseded_at=None).first()
    if current and current.digest == digest:
        return False
    if current:
        current.superseded_at = clock.now()
        current.save(update_fields=("superseded_at",))
    split = Split.objects.create(statement=statement, rules=rules, digest=digest)

    def target(share: domain.Share) -> dict[str, Any]:
        return {
            "day": share.day,
            "model_id": models[share.model] if share.model else None,
            "version_id": versions.get((share.model, share.version)) if share.model and share.version else None,
            "stage": share.stage,
            "residue": share.residue,
            "evidence": share.evidence,
            "currency": share.currency,
        }

    Allocation.objects.bulk_create(
        (
            Allocation(
                split=split, charge_id=share.key, billed=share.billed, effective=share.effective, **target(share)
            )
            for share in shares
        ),
        batch_size=BATCH,
    )
    DayCost.objects.bulk_create(_days(split, shares, target), batch_size=BATCH)
    record(
        actor=actor,
        action=ledger_actions.ALLOCATED,
        subject=statement,
        team=statement.bill_file.team_id,
        changes={
            "effective": (None, _summary(shares)),
            "rules": (current.rules if current else None, rules),
            "digest": (current.digest if current else None, digest),
        },
        also=[split, *([current] if current else [])],
    )
    return True


def _days(
    split: Split, shares: Iterable[domain.Share], target: Callable[[domain.Share], dict[str, Any]]
) -> Iterator[DayCost]:
    """The shares added up by day and target."""
    sums: dict[tuple[Any, ...], list[Any]] = {}
    for share in shares:
        where = target(share)
        found = sums.setdefault(tuple(where.values()), [where, Decimal(0), Decimal(0), 0])
        found[1] += share.billed
        found[2] += share.effective
        found[3] += 1
    for where, billed, effective, count in sums.values():
        yield DayCost(split=split, billed=billed, effective=effective, charges=count, **where)


def _digest(shares: Iterable[domain.Share], versions: dict[tuple[str, int], UUID]) -> str:
    hasher = hashlib.sha256()
    for share in shares:
        version = share.version if share.model and (share.model, share.version) in versions else None
        hasher.update(f"{share.key}|{share.model}|{version}|{share.stage}|{share.residue}|{share.evidence}\n".encode())
    return hasher.hexdigest()


def _summary(shares: Iterable[domain.Share]) -> dict[str, dict[str, str]]:
    """Effective cost by currency and kind of evidence, for the ledger."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for share in shares:
        sums[share.currency][share.evidence] += share.effective
    return {currency: {kind: plain(amount) for kind, amount in kinds.items()} for currency, kinds in sums.items()}
