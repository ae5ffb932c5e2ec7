"""A request that waits, and a retraining that was compared, for the pages of both slices."""

import pytest

from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from governance.approvals import services as approvals
from governance.approvals.models import PromotionRequest
from tests.support.cast import SYSTEM, Cast

MEASURES = [
    {"metric": "roc_auc", "name": "ROC AUC", "hint": "how well it ranks", "champion": 0.61, "candidate": 0.66,
     "difference": 0.05, "low": 0.03, "high": 0.07, "n": 12345, "method": "DeLong, paired", "higher_is_better": True},
    {"metric": "brier", "name": "Brier score", "hint": "less is better", "champion": 0.2, "candidate": 0.21,
     "difference": 0.01, "low": 0.005, "high": 0.015, "n": 12345, "method": "Bootstrap", "higher_is_better": False},
    {"metric": "precision", "name": "Precision", "hint": "", "champion": 0.5, "candidate": None,
     "difference": None, "low": None, "high": None, "n": 0, "method": "Bootstrap", "higher_is_better": True},
]  # fmt: skip
COMPARISON = {
    "champion": 1,
    "candidate": 2,
    "rows": 12345,
    "since": "2013-07-01T00:00:00+00:00",
    "until": "2013-07-15T00:00:00+00:00",
    "learned": "Neither version learned from them.",
    "measures": MEASURES,
    "outcomes": {
        "champion": {"labelled": 12345, "tp": 100, "fp": 50, "fn": 60, "tn": 12135},
        "candidate": {"labelled": 12345, "tp": 120, "fp": 40, "fn": 40, "tn": 12145},
    },
}


@pytest.fixture
def in_production(cast: Cast, version: ModelVersion) -> ModelVersion:
    """Version 1, in production."""
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production")
    catalogue.deploy(actor=SYSTEM, version=version, environment="production", mode="batch")
    return version


@pytest.fixture
def candidate(cast: Cast, model: Model, in_production: ModelVersion) -> ModelVersion:
    """Version 2, by the owner, while version 1 is in production."""
    return catalogue.register_version(
        actor=SYSTEM, model=model, artefact="artefacts/two", artefact_digest="2" * 64, author=cast.owner
    )


@pytest.fixture
def asked(cast: Cast, candidate: ModelVersion) -> PromotionRequest:
    """A request by a rule, on behalf of the owner, with a comparison."""
    return approvals.request_promotion(
        actor=SYSTEM,
        version=candidate,
        reason="AUC fell.",
        evidence=COMPARISON,
        on_behalf_of=cast.owner,
        requester="Rule",
    )
