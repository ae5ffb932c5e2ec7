"""Ties charges to models, versions and stages; what was found before stays readable when something else is found."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import CharField, IntegerField, TextField
from django.db.models import Model as Table

from audit.base import clock
from audit.base.actors import Actor
from audit.catalogue.models import Model, ModelVersion
from audit.lake import store as lake
from audit.lake.store import Stored
from audit.ledger import bulk
from audit.ledger.services import record
from costs.allocation import domain, ledger_actions, rulebook
from costs.allocation.models import DayCost, Split, UntiedCost
from costs.allocation.tying import Left, Sum, tied
from costs.billing.amounts import plain
from costs.billing.models import Statement

ALLOCATE = "allocation.allocate"
RIGHT = "billing.import"
PREFIX = "allocations"
AS_THEY_ARE = (CharField, IntegerField, TextField)
"""Fields whose values no database wants otherwise."""


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
    names = domain.Names(models)

    def attribute(traits: domain.Traits) -> domain.Target:
        found = domain.attribute(traits, names, rules)
        known = found.version is None or (found.model, found.version) in versions
        return found if known else replace(found, version=None)

    rows = Statement.objects.filter(source=source, superseded_at=None).select_related("bill_file")
    if period:
        first = clock.start_of(period)  # a day of UTC, whatever zone the person of this thread looks from
        rows = rows.filter(period_start__gte=first, period_start__lt=first + timedelta(days=1))
    changed, charges = 0, 0
    statements = list(rows)
    for at, statement in enumerate(statements):
        actor.check(RIGHT, statement.bill_file.team_id)
        changed += _allocate(actor, statement, attribute, rules_digest, models, versions)
        charges += statement.charges
        if progress:
            progress(at + 1, len(statements))
    return {"statements": len(statements), "changed": changed, "charges": charges}


def _allocate(
    actor: Actor,
    statement: Statement,
    attribute: Callable[[domain.Traits], domain.Target],
    rules: str,
    models: dict[str, UUID],
    versions: dict[tuple[str, int], UUID],
) -> bool:
    """Finds where the charges of the statement go. Whether that is something new."""
    with tied(lake.local(statement.path), attribute) as found:
        file = lake.put_table(PREFIX, found.ways())
        if Split.objects.filter(statement=statement, superseded_at=None, digest=file.digest).exists():
            return False
        sums, left = found.sums(), found.left()
    return _keep(actor, statement, file, sums, left, rules, models, versions)


@transaction.atomic
def _keep(
    actor: Actor,
    statement: Statement,
    file: Stored,
    sums: list[Sum],
    left: list[Left],
    rules: str,
    models: dict[str, UUID],
    versions: dict[tuple[str, int], UUID],
) -> bool:
    """Writes the sums as the statement's split, unless that is what stands there. Whether something changed.

    Raises:
        RuntimeError: the sums are not the statement's totals, which would be an error of this program.
    """
    Statement.objects.select_for_update().get(pk=statement.pk)
    current = Split.objects.filter(statement=statement, superseded_at=None).first()
    if current and current.digest == file.digest:
        return False
    _check(statement, sums)
    if current:
        current.superseded_at = clock.now()
        current.save(update_fields=("superseded_at",))
    split = Split.objects.create(statement=statement, rules=rules, path=file.path, digest=file.digest)
    _insert(
        DayCost,
        ("split", "model", "version", *(name for name in Sum._fields if name not in {"model", "version"})),
        (
            (split.pk, models.get(model or ""), versions.get((model or "", version or 0)), day, provider, *others)
            for day, provider, model, version, *others in sums
        ),
    )
    _insert(UntiedCost, ("split", *Left._fields), ((split.pk, *row) for row in left))
    record(
        actor=actor,
        action=ledger_actions.ALLOCATED,
        subject=statement,
        team=statement.bill_file.team_id,
        changes={
            "effective": (None, _summary(sums)),
            "rules": (current.rules if current else None, rules),
            "digest": (current.digest if current else None, file.digest),
        },
        also=[split, *([current] if current else [])],
    )
    return True


def _insert(kind: type[Table], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A large bill has tens of thousands of rows, for which the ORM takes longer than for all else."""
    database = connections[DEFAULT_DB_ALIAS]
    fields = [kind._meta.get_field(name) for name in names]
    prepare = [None if isinstance(field, AS_THEY_ARE) else field.get_db_prep_save for field in fields]  # type: ignore[union-attr]
    told = [
        [value if to is None else to(value, database) for to, value in zip(prepare, row, strict=True)] for row in rows
    ]
    bulk.insert(kind, names, told)


def _check(statement: Statement, sums: Iterable[Sum]) -> None:
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for row in sums:
        found[row.currency][0] += row.billed
        found[row.currency][1] += row.effective
    told = {currency: [Decimal(one["billed"]), Decimal(one["effective"])] for currency, one in statement.totals.items()}
    if found != told:
        raise RuntimeError(f"The split of {statement} comes to {dict(found)} and not to {told}.")


def _summary(sums: Iterable[Sum]) -> dict[str, dict[str, str]]:
    """Effective cost by currency and kind of evidence, for the ledger."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in sums:
        found[row.currency][row.evidence] += row.effective
    return {currency: {kind: plain(amount) for kind, amount in kinds.items()} for currency, kinds in found.items()}
