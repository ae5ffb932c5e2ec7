"""What the ledger says about itself."""

from audit.ledger.registry import Action, register

REFUSED = register(Action("ledger.refused", "was refused: {subject}"))
