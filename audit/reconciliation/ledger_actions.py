"""What the ledger says about changes that were made past Tollgate."""

from audit.ledger.registry import Action, register

UNATTRIBUTED = register(
    Action("reconciliation.unattributed", "found a change that was made past Tollgate: {subject}", weighty=True)
)
PUT_BACK = register(Action("reconciliation.put_back", "gave entries back to the sealer: {subject}", weighty=True))
