"""The life of an alert, and the names of its causes."""

from __future__ import annotations

from typing import Final

from audit.base.transitions import Transitions
from audit.monitoring.domain import causes

OPEN, ACKNOWLEDGED, EXPLAINED, CLOSED = "open", "acknowledged", "explained", "closed"
SERVICE, FAIRNESS = "service", "fairness"
CAUSES: Final = {
    **causes.CAUSES,
    SERVICE: "It answers too slowly, or with errors",
    FAIRNESS: "Groups of people are treated too differently",
}
SHORT: Final = {
    causes.DATA_FAULT: "Data fault",
    causes.COVARIATE: "Covariate shift",
    causes.PRIOR: "Prior shift",
    causes.CONCEPT: "Concept shift",
    causes.UNKNOWN: "Cause unknown",
    SERVICE: "Service",
    FAIRNESS: "Fairness",
}
WORST: Final = (
    causes.DATA_FAULT, causes.CONCEPT, FAIRNESS, causes.PRIOR, causes.COVARIATE, SERVICE, causes.UNKNOWN,
)  # fmt: skip
"""The order in which people should look: wrong data first, then what makes answers wrong."""
LIFE: Final = Transitions(
    noun="alert",
    table={
        (OPEN, "acknowledge"): ACKNOWLEDGED,
        (OPEN, "explain"): EXPLAINED,
        (ACKNOWLEDGED, "explain"): EXPLAINED,
        (OPEN, "close"): CLOSED,
        (ACKNOWLEDGED, "close"): CLOSED,
        (EXPLAINED, "close"): CLOSED,
        (CLOSED, "reopen"): OPEN,
    },
    refusals={
        ACKNOWLEDGED: "Somebody has this alert already.",
        EXPLAINED: "This alert has been explained; it can be closed.",
        CLOSED: "This alert is closed; a further sign opens a new one.",
    },
)


def starts_retraining(cause: str) -> bool:
    """Whether a rule may start a retraining while such an alert is active: never on data that are at fault."""
    return causes.Cause(cause, "", ()).starts_retraining
