"""What the ledger says about allocation."""

from audit.ledger.registry import Action, register

ALLOCATED = register(Action("allocation.allocated", "tied the charges of {subject} to models", touches=False))
