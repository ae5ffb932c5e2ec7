"""Which of its own records the ledger answers for, and by what the others are held."""

from audit.ledger import models
from audit.ledger.audited import audited, every, not_audited

SEALED = "It is what is sealed: the tree, the signed checkpoints and their witnesses hold it."
REBUILT = "It follows from the sealed entries; verifying the log computes it anew."
SEARCH = "The index of the search; it is made from the entries, and may be made anew at any time."
audited(models.Incident, fields=every(models.Incident, but=("closed_by", "reason")))
not_audited(models.Entry, why=SEALED)
not_audited(models.Leaf, why=SEALED)
not_audited(models.Checkpoint, why=SEALED)
not_audited(models.Node, why=REBUILT)
not_audited(models.Chain, why=REBUILT)
not_audited(models.IndexNode, why=REBUILT)
not_audited(models.Head, why=REBUILT)
not_audited(models.State, why="The digests that records are compared with; each stands in a sealed entry as well.")
not_audited(models.Personal, why="Values behind commitments: one that was changed no longer fits what was sealed.")
not_audited(models.Key, why="Each change of the key is an entry, signed by the old key and by the new one.")
not_audited(models.Verification, why="The result of computing the log once; who asked for it is an entry.")
not_audited(models.Posting, why=SEARCH)
not_audited(models.Block, why=SEARCH)
not_audited(models.Indexed, why=SEARCH)
not_audited(models.SavedView, why="A search that someone keeps under a name; it changes nothing that entries tell of.")
