"""Why comparisons are not audited."""

from audit.ledger.audited import not_audited
from audit.reconciliation.models import Comparison

not_audited(Comparison, why="The result of comparing once; each change that it found is an entry.")
