"""Data at fault never start a retraining: the rule says so in a judgement that is kept, until a person settles it."""

import pytest

from audit.alerts import services as alerts
from audit.alerts.models import Alert
from audit.jobs import services as jobs
from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.monitoring.quality_models import QualityFinding, QualityWeek
from governance.retraining import services
from governance.retraining.models import Evaluation, Retraining
from tests.governance.retraining.support import FIRST, WEEK, measured, monday
from tests.support.cast import SYSTEM
from tests.support.jobs import Worker

SENTENCE = "400 of 1,000 rows (40.00%) are null; 5.00% are allowed."


def faulty(version, index: int) -> None:
    """A check of the week that says that its data are wrong."""
    start = FIRST + index * WEEK
    week = QualityWeek.objects.create(
        version=version, start=start, end=start + WEEK, rows=1000, checks=1, faults=1, watch=0, unknown=0,
        evidence="e" * 64, digest=f"{index}".rjust(64, "0"),
    )  # fmt: skip
    QualityFinding.objects.create(
        week=week, check_name="nulls", column="hour", outcome="broken", value=0.4, bound=0.05, n=1000,
        sentence=SENTENCE, is_fault=True,
    )  # fmt: skip


def evaluate(worker: Worker, model, index: int, key: str) -> Job:
    job = jobs.start(
        "retraining.evaluate", actor=SYSTEM, trigger="api", key=key, team=model.use_case.team,
        args={"model": str(model.pk), "week": monday(index).isoformat()},
    )  # fmt: skip
    return worker.run(job)


def test_broken_weeks_with_a_data_fault_start_no_retraining_until_it_is_settled(cast, model, rule, version, worker):
    for index in range(6):
        measured(version, index, 0.6)
    faulty(version, 5)
    assert evaluate(worker, model, 5, "first").counts["fired"] == 0
    alert = Alert.objects.get()
    assert (alert.cause, alert.starts_retraining, alert.state) == ("data_fault", False, "open")
    assert SENTENCE in alert.signs.get(what="quality").sentence
    judged = Evaluation.objects.latest("at")
    assert (judged.fired, judged.code, judged.conclusive) == (False, "data_fault", True)
    assert judged.sentence.endswith(
        "Not started: an alert says that the data of the week of 8 April 2013 are at fault. Data at fault start no "
        "retraining."
    )
    assert Entry.objects.filter(action="retraining.judged").latest("pk").reason == judged.sentence
    assert "at fault" in services.why_not_start(cast.actor("owner"), rule)
    assert not Retraining.objects.exists()
    alerts.close(actor=cast.actor("owner"), alert=alert, reason="The sensor was read again; the rows were replaced.")
    assert evaluate(worker, model, 5, "second").counts["fired"] == 1
    assert Retraining.objects.get().week == monday(5)


@pytest.mark.parametrize("state", ["acknowledged", "explained"])
def test_fault_that_somebody_has_or_explained_still_blocks(cast, model, rule, version, worker, state):
    for index in range(6):
        measured(version, index, 0.6)
    faulty(version, 4)
    alerts.weigh_of(actor=SYSTEM, model_id=model.pk, week=FIRST + 4 * WEEK)
    alert, owner = Alert.objects.get(), cast.actor("owner")
    if state == "acknowledged":
        alerts.acknowledge(actor=owner, alert=alert)
    else:
        alerts.explain(actor=owner, alert=alert, reason="A feed was late.")
    assert evaluate(worker, model, 5, state).counts["fired"] == 0
    assert Evaluation.objects.latest("at").code == "data_fault"
