"""Which records about streams the ledger answers for: what people set, not how far a delivery is."""

from audit.ledger.audited import audited
from audit.streaming.models import Stream

audited(Stream, fields=("created_at", "kind", "name", "settings", "secret", "reveal", "enabled"), secret=("secret",))
