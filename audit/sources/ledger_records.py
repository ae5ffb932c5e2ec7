"""Which records of sources the ledger answers for: what people set, and what follows from what a source told."""

from audit.ledger.audited import audited, every, not_audited
from audit.sources.models import Delivery, Guard, Happening, Identity, Incident, Source

audited(
    Source,
    fields=("created_at", "kind", "name", "team_id", "settings", "secret", "every_seconds", "enabled"),
    secret=("secret",),
)
audited(
    Happening,
    fields=every(Happening),
    personal=("actor",),
    within=lambda row: (row.model_id, row.model.use_case_id if row.model else None),
)
audited(Guard, fields=every(Guard), within=lambda row: (row.model_id, row.model.use_case_id))
audited(
    Incident,
    fields=every(Incident),
    within=lambda row: (row.model_id, row.model.use_case_id if row.model else None),
)
not_audited(Identity, why="What follows from it is: the records of the catalogue, and separations, are entries.")
not_audited(Delivery, why="Each is an entry when it comes; it is kept for a time, to be tried again.")
