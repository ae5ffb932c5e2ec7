"""What the ledger says about bills."""

from audit.ledger.registry import Action, register

RECEIVED = register(Action("billing.bill_received", "handed in the bill {subject}", weighty=True))
IMPORTED = register(Action("billing.bill_imported", "read the bill {subject}"))
