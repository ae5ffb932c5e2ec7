"""Which records of feeds the ledger answers for."""

from audit.ledger.audited import not_audited
from costs.feeds.models import Paid

not_audited(Paid, why="It counts requests towards a cap; what was paid for them stands in AWS's own bill.")
