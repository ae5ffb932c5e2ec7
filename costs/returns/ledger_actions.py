"""What the ledger says about values."""

from audit.ledger.registry import Action, register

STATED = register(Action("returns.value_stated", "stated what outcomes are worth: {subject}", weighty=True))
PROMISED = register(Action("returns.value_promised", "promised a value: {subject}", weighty=True))
