"""From real files to alerts: each cause is told apart, one cause is one alert, and calm weeks end it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from audit.alerts import services
from audit.alerts.models import Alert, AlertSign, Weighing
from audit.catalogue.models import Model, ModelVersion
from audit.jobs.models import Job, State
from audit.ledger.models import Entry
from audit.monitoring.domain.columns import Numbers
from audit.monitoring.domain.drift import of_columns
from audit.monitoring.domain.thresholds import Bound
from audit.monitoring.input_models import ColumnWeek, InputWeek, Reference
from audit.monitoring.inputs import referencing
from tests.audit.alerts import streams
from tests.audit.alerts.streams import FIRST, WEEK, send
from tests.support.cast import SYSTEM

pytestmark = pytest.mark.django_db


def usual_weeks(model: Model, count: int = 5, *, seed: int = 0) -> None:
    """Four weeks of reference and more that are like it."""
    for week in range(count):
        send(model, week, seed=seed)


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (streams.unit_change, "data_fault"),
        (streams.null_burst, "data_fault"),
        (streams.covariate, "covariate_shift"),
        (streams.prior, "prior_shift"),
        (streams.concept, "concept_shift"),
    ],
)
def test_each_fault_that_comes_in_a_file_is_told_by_its_cause(
    model: Model, version: ModelVersion, change: streams.Change, cause: str
) -> None:
    usual_weeks(model)
    assert not Alert.objects.exists()
    send(model, 5, change=change)
    alert = Alert.objects.exclude(state="closed").get()
    assert alert.cause == cause, (alert.sentence, alert.evidence)
    assert alert.starts_retraining == (cause != "data_fault")
    assert (alert.first_week, alert.last_week) == (FIRST + 5 * WEEK, FIRST + 5 * WEEK)
    sign = alert.signs.first()
    assert sign is not None
    assert sign.n > 0
    assert sign.variant
    assert alert.evidence
    assert not Job.objects.filter(state=State.FAILED).exists()


def compared(version: ModelVersion, week: datetime, base: dict[str, Numbers], random: np.random.Generator) -> InputWeek:
    """A week of 1,200 rows that are like the reference's, kept as a comparison keeps it."""
    reference = Reference.objects.get(version=version, replaced_at=None)
    row = InputWeek.objects.create(
        reference=reference, version=version, start=week, end=week + WEEK, rows=1200, columns=len(base), watch=0, bad=0,
        evidence=f"{week:%Y%m%d}".rjust(64, "0"), digest="d" * 64,
    )  # fmt: skip
    for name, column in base.items():
        found = of_columns(column, Numbers.of(random.normal(size=1200), column.edges))
        told = {key: {"value": one.value, "p": one.p, "n": 1200, "error": one.error} for key, one in found.items()}
        ColumnWeek.objects.create(
            week=row, column=name, role="feature", kind="number", n=1200, nulls=0, infinite=0, n_reference=4000,
            variant="psi/credit", value=told["psi/credit"]["value"], state="ok", statistics=told,
        )  # fmt: skip
    return row


def test_twenty_streams_without_drift_stay_within_the_budget(model: Model, version: ModelVersion) -> None:
    # With no least effect and no bound, the budget alone holds false alarms back.
    policy = {"alarms": 1.0, "months": 1, "least_effect": 0.0, "drift": Bound("fixed", "above", 0.0).to_dict()}
    services.set_policy(actor=SYSTEM, model=model, changes=policy, reason="To see the budget alone.")
    raised, months, week = 0, set(), FIRST
    for seed in range(20):
        random = np.random.default_rng(seed)
        base = {name: Numbers.of(random.normal(size=4000)) for name in ("hour", "delay", "fare")}
        referencing.send_reference(actor=SYSTEM, version=version, columns=base)
        for _ in range(9):
            compared(version, week, base, random)
            row = services.weigh(actor=SYSTEM, version=version, week=week)
            assert row is not None
            raised += row.signs > 0
            months.add((week.year, week.month))
            week += WEEK
    for year, month in months:
        spent = sum(Weighing.objects.filter(start__year=year, start__month=month).values_list("spent", flat=True))
        assert spent <= 1.0, "a month's budget is never overdrawn"
    # One look of two a week was made, so half of the budget was spent: at most one alarm in two months.
    assert raised <= len(months) / 2
    assert AlertSign.objects.count() >= raised


def test_one_cause_is_one_alert_that_grows_and_two_calm_weeks_close_it(model: Model, version: ModelVersion) -> None:
    usual_weeks(model)
    for week in (5, 6):
        send(model, week, change=streams.covariate, labels=False)
    alert = Alert.objects.get()
    assert (alert.first_week, alert.last_week) == (FIRST + 5 * WEEK, FIRST + 6 * WEEK)
    assert set(alert.signs.values_list("start", flat=True)) == {FIRST + 5 * WEEK, FIRST + 6 * WEEK}
    hour = ColumnWeek.objects.get(column="hour", week__start=FIRST + 6 * WEEK)
    assert (hour.state, hour.week.bad > 0) == ("bad", True)
    entries, jobs = Entry.objects.count(), Job.objects.count()
    again = services.weigh(actor=SYSTEM, version=version, week=FIRST + 6 * WEEK)
    assert again == Weighing.objects.get(start=FIRST + 6 * WEEK)
    assert (Entry.objects.count(), Job.objects.count()) == (entries, jobs), "the same rows are weighed once"
    for week in (7, 8):
        assert Alert.objects.get().is_active
        send(model, week, labels=False)
    alert.refresh_from_db()
    assert (alert.state, alert.by_calm, alert.reason) == ("closed", True, "2 weeks were calm.")
    assert Entry.objects.filter(action="alerts.closed").count() == 1


def test_week_whose_cause_is_seen_better_keeps_its_one_alert(model: Model, version: ModelVersion) -> None:
    usual_weeks(model)
    send(model, 5, change=streams.prior, labels=False)
    alert = Alert.objects.get()
    assert alert.cause == "covariate_shift", "without labels, inputs are all that is known"
    send(model, 5, change=streams.prior)
    alert.refresh_from_db()
    assert Alert.objects.get() == alert
    assert alert.cause == "prior_shift"


def test_small_columns_and_versions_that_do_not_serve_raise_nothing(model: Model, version: ModelVersion) -> None:
    services.set_policy(actor=SYSTEM, model=model, changes={"least_rows": 100_000}, reason="None is that large.")
    usual_weeks(model)
    send(model, 5, change=streams.covariate, labels=False)
    assert not Alert.objects.exists()
    row = Weighing.objects.get(start=FIRST + 5 * WEEK)
    assert {one["outcome"] for one in row.looks["inputs"]["tests"].values()} == {"untested"}
    assert row.spent == 0
    assert services.weigh(actor=SYSTEM, version=version, week=FIRST + 50 * WEEK) is None
