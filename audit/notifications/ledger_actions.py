"""What the ledger says about channels, and about what people want to be told."""

from audit.ledger.registry import Action, register

LINK = "notifications:channel"
CHANNEL_ADDED = register(Action("notifications.channel_added", "added the channel {subject}", link=LINK, weighty=True))
CHANNEL_CHANGED = register(
    Action("notifications.channel_changed", "changed the channel {subject}", link=LINK, weighty=True)
)
CHANNEL_REMOVED = register(Action("notifications.channel_removed", "removed the channel {subject}", weighty=True))
TEST_SENT = register(
    Action("notifications.test_sent", "sent a test to the channel {subject}", link=LINK, touches=False)
)
CHOSEN = register(Action("notifications.chosen", "chose {subject}", personal=("subject_name",)))
