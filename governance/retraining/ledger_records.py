"""Which records of retraining the ledger answers for, and in whose life each stands."""

from audit.catalogue.ledger_records import of_model
from audit.ledger.audited import audited, every
from governance.retraining.models import Evaluation, Retraining, Review, Rule

audited(Rule, fields=every(Rule), within=lambda row: of_model(row.model))
audited(Evaluation, fields=every(Evaluation), within=lambda row: of_model(row.rule.model))
audited(
    Retraining,
    fields=every(Retraining, but=("job_id", "run_id")),
    within=lambda row: of_model(row.model),
    personal=("started_by",),
)
audited(Review, fields=every(Review), within=lambda row: of_model(row.model))
