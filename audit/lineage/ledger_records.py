"""Why no record of lineage is audited by itself: events are what others said, and the rest follows from them."""

from audit.ledger.audited import not_audited
from audit.lineage.models import Edge, Event, Facet, Node, Rejected, Sighting

not_audited(
    Event, why="What a sender said, kept under its SHA-256: one entry for each delivery holds the digest of its events."
)
not_audited(Rejected, why="A delivery that changed nothing; when it is sent again and kept, that is an entry.")
for derived in (Node, Sighting, Edge, Facet):
    not_audited(derived, why="Follows from the events: folding them again, in any order, gives it again.")
