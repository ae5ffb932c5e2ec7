"""Which records of approvals the ledger answers for, and in whose life each stands."""

from audit.catalogue.ledger_records import of_model
from audit.ledger.audited import audited, every
from governance.approvals.models import PromotionRequest, Vote

audited(
    PromotionRequest,
    fields=every(PromotionRequest),
    within=lambda row: of_model(row.model),
    personal=("requester_id", "requester_name"),
)
audited(Vote, fields=every(Vote), within=lambda row: of_model(row.request.model), person=lambda row: row.user_id)
