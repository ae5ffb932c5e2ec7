"""Which documents the ledger answers for, and in whose life each stands: all of them, wherever their content lies."""

from audit.documents.models import Document
from audit.ledger.audited import audited, every

audited(
    Document,
    fields=every(Document, but=("path",)),
    within=lambda row: row.within,
    personal=("signed_by", "actor_id", "actor_name", "withdrawn_by"),
)
