"""Why no assessment is audited: it is computed from records that are."""

from audit.ledger.audited import not_audited
from governance.maturity.models import Assessment, CriterionResult

COMPUTED = "Computed from audited records, on a schedule and again at will; a change of level is an entry."
not_audited(Assessment, why=COMPUTED)
not_audited(CriterionResult, why=COMPUTED)
