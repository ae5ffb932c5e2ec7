"""What the ledger says about streams. That events were delivered is no entry: each would be an event again."""

from audit.ledger.registry import Action, register

ADDED = register(Action("streaming.added", "added the stream {subject}", link="streaming:stream", weighty=True))
CHANGED = register(Action("streaming.changed", "changed the stream {subject}", link="streaming:stream", weighty=True))
SWITCHED = register(
    Action("streaming.switched", "paused or resumed the stream {subject}", link="streaming:stream", weighty=True)
)
