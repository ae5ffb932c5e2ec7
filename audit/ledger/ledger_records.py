"""Which of its own records the ledger answers for, and by what the others are held."""

from audit.ledger import models
from audit.ledger.audited import audited, every, not_audited

SEALED = "It is what is sealed: the tree, the signed checkpoints and their witnesses hold it."
REBUILT = "It follows from the sealed entries; verifying the log computes it anew."
audited(models.Incident, fields=every(models.Incident, but=("closed_by", "reason")))
for kind in (models.Entry, models.Leaf, models.Checkpoint):
    not_audited(kind, why=SEALED)
for kind in (models.Node, models.Chain, models.IndexNode, models.Head):
    not_audited(kind, why=REBUILT)
not_audited(models.State, why="The digests that records are compared with; each stands in a sealed entry as well.")
not_audited(models.Personal, why="Values behind commitments: one that was changed no longer fits what was sealed.")
not_audited(models.Key, why="Each change of the key is an entry, signed by the old key and by the new one.")
not_audited(models.Verification, why="The result of computing the log once; who asked for it is an entry.")
