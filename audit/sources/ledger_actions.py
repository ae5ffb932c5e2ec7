"""What the ledger says about sources."""

from audit.ledger.registry import Action, register

PAGE = "sources:source"
ADDED = register(Action("sources.added", "connected the source {subject}", link=PAGE, weighty=True))
CHANGED = register(Action("sources.changed", "changed the source {subject}", link=PAGE, weighty=True))
SWITCHED = register(Action("sources.switched", "switched the source {subject}", link=PAGE, weighty=True))
ASKED = register(Action("sources.asked", "asked for a pull of {subject}", link=PAGE, touches=False))
COVERED = register(Action("sources.covered", "read {subject} for a time", link=PAGE, touches=False))
