"""What the ledger says about witnesses, and about a log that begins again."""

from audit.ledger.registry import Action, register

ADDED = register(Action("assurance.added", "added the witness {subject}", link="assurance:witness", weighty=True))
CHANGED = register(Action("assurance.changed", "changed the witness {subject}", link="assurance:witness", weighty=True))
SWITCHED = register(
    Action("assurance.switched", "switched the witness {subject}", link="assurance:witness", weighty=True)
)
BEGUN_AGAIN = register(Action("assurance.begun_again", "let the log begin again as {subject}", weighty=True))
