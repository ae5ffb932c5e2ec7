"""What the ledger says about itself."""

from audit.ledger.registry import Action, register

REFUSED = register(Action("ledger.refused", "was refused: {subject}", weighty=True))
VERIFIED = register(Action("ledger.verified", "verified the log: {subject}"))
EXPORTED = register(Action("ledger.exported", "downloaded entries: {subject}", weighty=True))
KEY_CHANGED = register(Action("ledger.key_changed", "changed the signing key to {subject}", weighty=True))
INCIDENT_OPENED = register(Action("ledger.incident_opened", "found that {subject}", weighty=True))
INCIDENT_CLOSED = register(Action("ledger.incident_closed", "closed the incident: {subject}", weighty=True))
