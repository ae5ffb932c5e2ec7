"""Which records of budgets the ledger answers for, and in whose life each stands."""

from uuid import UUID

from audit.catalogue.ledger_records import of_model
from audit.ledger.audited import audited, every, not_audited
from costs.budgets.models import Budget, BudgetState, Crossing, Override


def _of(row: Budget) -> tuple[UUID | None, UUID | None]:
    return of_model(row.model) if row.model else (None, row.use_case_id)


audited(Budget, fields=every(Budget), within=_of)
audited(Crossing, fields=every(Crossing), within=lambda row: _of(row.budget))
audited(Override, fields=every(Override), within=lambda row: _of(row.budget))
not_audited(
    BudgetState, why="Computed from allocated costs and runs, which are audited; computing again gives the same."
)
