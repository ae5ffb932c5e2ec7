"""Which records of allocation the ledger answers for."""

from audit.ledger.audited import audited, every, not_audited
from costs.allocation.models import Allocation, DayCost, Split

audited(Split, fields=every(Split))
SPLIT = "Part of a split, which is audited with the digest of all its parts; allocating again gives the same."
not_audited(Allocation, why=SPLIT)
not_audited(DayCost, why=SPLIT)
