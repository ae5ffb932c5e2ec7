"""Which records of returns the ledger answers for: statements and promises stand in the life of its use case."""

from audit.ledger.audited import audited, every
from costs.returns.models import Promise, ValueStatement

audited(
    ValueStatement,
    fields=every(ValueStatement),
    within=lambda row: (None, row.use_case_id),
    personal=("stated_by", "stated_by_id", "owner"),
)
audited(
    Promise,
    fields=every(Promise),
    within=lambda row: (None, row.use_case_id),
    personal=("promised_by", "promised_by_id"),
)
