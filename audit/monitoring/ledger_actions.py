"""What the ledger says about prediction logs, labels and metrics."""

from audit.ledger.registry import Action, register

RECEIVED = register(Action("monitoring.received", "sent the file {subject}"))
IMPORTED = register(Action("monitoring.imported", "imported the file {subject}"))
REFUSED = register(Action("monitoring.refused", "could not import the file {subject}"))
MEASURED = register(Action("monitoring.measured", "measured {subject}"))
METRIC_SENT = register(Action("monitoring.metric_sent", "sent a metric of {subject}", touches=False))
