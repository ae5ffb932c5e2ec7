"""Which records about witnesses the ledger answers for: what people set, not how far a delivery is."""

from audit.assurance.models import Receipt, Witness
from audit.ledger.audited import audited, not_audited

audited(Witness, fields=("created_at", "kind", "name", "settings", "secret", "enabled"), secret=("secret",))
not_audited(Receipt, why="What a witness took of the ledger, and said to it: the witness has the other half.")
