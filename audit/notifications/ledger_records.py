"""Which records about messages the ledger answers for: channels, and what people chose; not what was sent."""

from audit.ledger.audited import audited, every, not_audited
from audit.notifications.models import Channel, Delivery, Message, Notification, Preferences

audited(Channel, fields=every(Channel), secret=("secret",))
audited(Preferences, fields=every(Preferences), person=lambda row: row.user_id)
not_audited(Message, why="It tells of something that is an entry itself.")
not_audited(
    Delivery,
    why="How far a message is; an entry for each would be an event to tell of again. The rows are on a page.",
)
not_audited(Notification, why="That a person was told of an entry, and has read it.")
