"""The service, gaps between groups, and estimates count only where a policy or a record gives them a say."""

from __future__ import annotations

from uuid import UUID

import pytest

from audit.alerts import services
from audit.alerts.models import Alert, Weighing
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.monitoring.domain.service import HOUR, Hour
from audit.monitoring.estimate_models import EstimateFit, EstimateWeek
from audit.monitoring.models import Window
from audit.monitoring.outcome_models import FairnessWeek
from audit.monitoring.service.keeping import Served, Teller, keep_hours
from tests.audit.alerts.streams import FIRST, WEEK
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.fixture
def serving(model: Model, version: ModelVersion) -> ModelVersion:
    """Version 1, in production all the time."""
    catalogue.move_alias(actor=SYSTEM, version=version, alias="production", since=FIRST)
    return version


def weigh(version: ModelVersion) -> Weighing:
    row = services.weigh(actor=SYSTEM, version=version, week=FIRST)
    assert row is not None
    return row


def hour(model: Model, *, requests: float, errors: float, p99: float) -> None:
    told = Hour(start=FIRST + HOUR, requests=requests, errors=errors, n=requests, p99=p99)
    keep_hours(actor=SYSTEM, model=model, teller=Teller(UUID(int=1), "Paris"), rows=[Served("late", "v1", None, told)])


def test_service_counts_only_beyond_the_bounds_that_people_set(model: Model, serving: ModelVersion) -> None:
    hour(model, requests=1000, errors=40, p99=0.9)
    assert weigh(serving).signs == 0
    changes = {"p99_seconds": 1.0, "error_share": 0.03}
    services.set_policy(actor=SYSTEM, model=model, changes=changes, reason="As agreed.")
    hour(model, requests=1000, errors=39, p99=0.95)
    assert weigh(serving).signs == 0, "39 of 1,000 is more than 3%, and its interval reaches below"
    hour(model, requests=1000, errors=60, p99=1.2)
    weigh(serving)
    alert = Alert.objects.get()
    assert (alert.cause, alert.starts_retraining) == ("service", True)
    assert {row.what: row.sentence for row in alert.signs.all()} == {
        "latency": "On 7 January 2013 99 of 100 requests to late, v1 took up to 1,200 ms in the worst hour; 1,000 ms "
        "are allowed.",
        "failures": "60 of 1,000 requests failed (6.00%); 3.00% are allowed, and the whole 95% interval lies beyond.",
    }


def gap(version: ModelVersion, column: str, *, low: float, high: float, n: int) -> None:
    window, _ = Window.objects.get_or_create(version=version, start=FIRST, end=FIRST + WEEK)
    FairnessWeek.objects.create(
        window=window, version=version, start=FIRST, column=column, metric="demographic_parity_difference",
        variant="fairlearn", value=(low + high) / 2, low=low, high=high, n=n, rate="selection_rate", highest="A",
        lowest="B", minimum=100,
    )  # fmt: skip


def test_gap_alerts_only_with_rows_enough_and_its_whole_interval_beyond(model: Model, serving: ModelVersion) -> None:
    services.set_policy(actor=SYSTEM, model=model, changes={"fairness_gap": 0.1}, reason="As agreed.")
    gap(serving, "small", low=0.25, high=0.31, n=5)
    gap(serving, "unsure", low=0.09, high=0.31, n=5000)
    assert weigh(serving).signs == 0
    gap(serving, "sure", low=0.15, high=0.25, n=5000)
    weigh(serving)
    assert [row.name for row in Alert.objects.get(cause="fairness").signs.all()] == [
        "demographic_parity_difference sure"
    ]


def test_estimate_raises_an_alert_only_where_its_record_gives_it_a_say(model: Model, serving: ModelVersion) -> None:
    fit = EstimateFit.objects.create(
        version=serving, variant="cbpe/isotonic", threshold=0.5, n=9000, bounds={"roc_auc": [0.7, 0.8, 10]},
        evidence="e" * 64, path="p", digest="d" * 64,
    )  # fmt: skip
    row = EstimateWeek.objects.create(
        fit=fit, version=serving, start=FIRST, end=FIRST + WEEK, metric="roc_auc", value=0.61, low=0.58, high=0.64,
        error=0.0, n=1400, outside=True, alarm=None, evidence="e" * 64,
    )  # fmt: skip
    assert weigh(serving).signs == 0
    EstimateWeek.objects.filter(pk=row.pk).update(alarm=True)
    weigh(serving)
    sign = Alert.objects.get().signs.get()
    assert sign.sentence == (
        "ROC AUC is estimated at 0.610 before the labels come, from 1,400 predictions; 0.700 was the least before."
    )
