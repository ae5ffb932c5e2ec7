"""What the ledger says about itself."""

from audit.ledger.registry import Action, register

REFUSED = register(Action("ledger.refused", "was refused: {subject}"))
VERIFIED = register(Action("ledger.verified", "verified the chain: {subject}"))
EXPORTED = register(Action("ledger.exported", "downloaded entries: {subject}"))
