"""A model with a rule."""

import pytest

from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from governance.retraining import services
from governance.retraining.models import Rule
from tests.governance.retraining.support import serve
from tests.support.cast import SYSTEM


@pytest.fixture
def rule(model: Model, version: ModelVersion) -> Rule:
    """AUC below 0.64 in three weeks in a row, with version 1 in production since March."""
    serve(version)
    pipeline = catalogue.register_pipeline(actor=SYSTEM, model=model, name="trees", engine="local", parameters={})
    return services.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.64, windows=3,
        train_weeks=4, compare_weeks=2,
    )  # fmt: skip
