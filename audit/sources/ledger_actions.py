"""What the ledger says about sources."""

from audit.ledger.registry import Action, register

ADDED = register(Action("sources.added", "connected the source {subject}", link="sources:source"))
CHANGED = register(Action("sources.changed", "changed the source {subject}", link="sources:source"))
SWITCHED = register(Action("sources.switched", "switched the source {subject}", link="sources:source"))
ASKED = register(Action("sources.asked", "asked for a pull of {subject}", link="sources:source"))
