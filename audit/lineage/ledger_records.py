"""Recalls are audited. Of the graph nothing is by itself: events are what others said, and the rest follows."""

from audit.catalogue.ledger_records import of_version
from audit.ledger.audited import audited, every, not_audited
from audit.lineage.models import Edge, Event, Facet, Node, Placed, Recall, RecallTask, Rejected, Sighting

not_audited(
    Event, why="What a sender said, kept under its SHA-256: one entry for each delivery holds the digest of its events."
)
not_audited(Rejected, why="A delivery that changed nothing; when it is sent again and kept, that is an entry.")
not_audited(Placed, why="Follows from the catalogue's records, whose entries say who made them.")
for derived in (Node, Sighting, Edge, Facet):
    not_audited(derived, why="Follows from the events: folding them again, in any order, gives it again.")
audited(Recall, fields=every(Recall))
audited(RecallTask, fields=every(RecallTask), within=lambda row: of_version(row.deployment.version))
