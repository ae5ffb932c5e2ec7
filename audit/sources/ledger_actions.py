"""What the ledger says about sources."""

from audit.ledger.registry import Action, register

PAGE = "sources:source"
ADDED = register(Action("sources.added", "connected the source {subject}", link=PAGE, weighty=True))
CHANGED = register(Action("sources.changed", "changed the source {subject}", link=PAGE, weighty=True))
SWITCHED = register(Action("sources.switched", "switched the source {subject}", link=PAGE, weighty=True))
ASKED = register(Action("sources.asked", "asked for a pull of {subject}", link=PAGE, touches=False))
COVERED = register(Action("sources.covered", "read {subject} for a time", link=PAGE, touches=False))
DELIVERED = register(Action("sources.delivered", "sent to {subject}", link=PAGE, touches=False))
SEPARATED = register(Action("sources.separated", "separated {subject}", weighty=True))
JOINED = register(Action("sources.joined", "joined {subject}", weighty=True))
GONE = register(Action("sources.gone", "no longer has {subject}", touches=False))
HAPPENED = register(Action("sources.happened", "{subject}"))
GUARDED = register(Action("sources.guarded", "guards {subject}", weighty=True))
UNGUARDED = register(Action("sources.unguarded", "guards no longer {subject}", weighty=True))
INCIDENT_OPENED = register(
    Action("sources.incident_opened", "opened the incident: {subject}", link="sources:incident", weighty=True)
)
INCIDENT_CLOSED = register(
    Action("sources.incident_closed", "closed the incident: {subject}", link="sources:incident", weighty=True)
)
REMOVED = register(Action("sources.removed", "removed {subject}, of which nothing was left"))
