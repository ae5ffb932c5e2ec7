"""Which records of allocation the ledger answers for."""

from audit.ledger.audited import audited, every, not_audited
from costs.allocation.models import DayCost, Split, UntiedCost

audited(Split, fields=every(Split))
SPLIT = (
    "A sum over a split, which is audited with the digest of where each charge went; allocating again gives the same."
)
not_audited(DayCost, why=SPLIT)
not_audited(UntiedCost, why=SPLIT)
