"""Which records of sources the ledger answers for: what people set, not how far a source has been read."""

from audit.ledger.audited import audited
from audit.sources.models import Source

audited(Source, fields=("created_at", "kind", "name", "team_id", "settings", "every_seconds", "enabled"))
