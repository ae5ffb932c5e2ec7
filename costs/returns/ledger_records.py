"""Which records of returns the ledger answers for: a statement stands in the life of its use case."""

from audit.ledger.audited import audited, every
from costs.returns.models import ValueStatement

audited(
    ValueStatement,
    fields=every(ValueStatement),
    within=lambda row: (None, row.use_case_id),
    personal=("stated_by", "stated_by_id"),
)
