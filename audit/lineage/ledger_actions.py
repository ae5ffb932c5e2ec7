"""What the ledger says about lineage."""

from audit.ledger.registry import Action, register

RECEIVED = register(Action("lineage.received", "sent {subject}"))
