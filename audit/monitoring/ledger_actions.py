"""What the ledger says about prediction logs, labels and metrics."""

from audit.ledger.registry import Action, register

RECEIVED = register(Action("monitoring.received", "sent the file {subject}"))
IMPORTED = register(Action("monitoring.imported", "imported the file {subject}"))
REFUSED = register(Action("monitoring.refused", "could not import the file {subject}"))
MEASURED = register(Action("monitoring.measured", "measured {subject}"))
METRIC_SENT = register(Action("monitoring.metric_sent", "sent a metric of {subject}", touches=False))
REFERENCE_CHOSEN = register(
    Action("monitoring.reference_chosen", "chose what the inputs of {subject} are compared with")
)
REFERENCE_READ = register(Action("monitoring.reference_read", "read what the inputs of {subject} are compared with"))
COMPARED = register(Action("monitoring.compared", "compared {subject} with their reference"))
PROFILE_SENT = register(Action("monitoring.profile_sent", "sent the profile of a day of {subject}", touches=False))
SERVICE_TOLD = register(Action("monitoring.service_told", "took in {subject}"))
CHECKED = register(Action("monitoring.checked", "checked {subject}"))
ERRORS_CHANGED = register(Action("monitoring.errors_changed", "found that {subject}"))
IMPORTANCE_SENT = register(Action("monitoring.importance_sent", "said what the answers of {subject} rest on"))
SHIFT_MEASURED = register(Action("monitoring.shift_measured", "compared {subject} as a whole with the reference"))
MAPPING_STATED = register(Action("monitoring.mapping_stated", "stated what the columns of {subject} are"))
ESTIMATOR_FITTED = register(Action("monitoring.estimator_fitted", "learned to estimate {subject} before labels come"))
