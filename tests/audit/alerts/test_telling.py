"""Owner and followers are told once when something begins to stand out, and never of the past."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from audit.alerts import services as alerts
from audit.alerts.models import Alert
from audit.alerts.telling import GROWN, OPENED
from audit.base import clock
from audit.catalogue.models import Model, ModelVersion, Pipeline
from audit.notifications.models import Message, Notification
from governance.retraining import services as retraining
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
WEEK = timedelta(weeks=1)
CASES = 420


def week_of_cases(back: int, *, shift: float = 0.0, right: bool = True) -> tuple[dict[str, Any], bytes]:
    """The week that began ``back`` weeks ago: its predictions, and labels that fit them or do not."""
    random = np.random.default_rng(back)
    start = clock.week_of(clock.now()) - back * WEEK
    score = random.random(CASES)
    told = {
        "prediction_id": [f"{back}-{number}" for number in range(CASES)],
        "at": [start + timedelta(minutes=20 * number) for number in range(CASES)],
        "version": [1] * CASES,
        "score": score,
        "hour": random.normal(12 + shift, 3, CASES),
        "carrier": random.choice(["UA", "DL"], CASES),
    }
    truth = (score >= 0.5) == right
    lines = [f"{back}-{number},{int(yes)}" for number, yes in enumerate(truth)]
    return told, logs.csv(*lines, header="prediction_id,label")


def send(model: Model, back: int, **how: Any) -> None:
    """Sends the week and its labels, and runs all that follows."""
    told, labels = week_of_cases(back, **how)
    logs.send(model, "predictions", logs.parquet(told), f"{back}.parquet")
    logs.send(model, "labels", labels, f"{back}.csv")


def test_owner_and_followers_are_told_once_that_inputs_drifted(cast: Cast, model: Model, version: ModelVersion) -> None:
    alerts.follow(actor=cast.actor("validator"), model=model, wanted=True)
    # Who follows and may not see the model any more hears nothing.
    alerts.follow(actor=cast.actor("outsider"), model=model, wanted=True)
    for back in (7, 6, 5, 4):
        send(model, back)
    send(model, 3)
    assert not Message.objects.exists()
    send(model, 2, shift=6)
    send(model, 1, shift=6)
    message = Message.objects.get(kind=OPENED)
    assert message.title == "Covariate shift at late-arrival"
    assert "The feature hour moved: psi/credit " in message.text
    told = Notification.objects.filter(message=message)
    assert {row.user for row in told} == {model.owner, cast.validator}
    page = cast.client("owner").get("/notifications/").content.decode()
    assert message.title in page
    assert cast.client("validator").get(message.link).status_code == 200


def test_history_opens_alerts_and_is_no_news(model: Model, version: ModelVersion) -> None:
    for back in (60, 59, 58, 57):
        send(model, back)
    send(model, 56, shift=6)
    assert Alert.objects.count() == 1
    assert not Message.objects.exists()


def test_fall_outside_the_threshold_is_told_once(model: Model, version: ModelVersion) -> None:
    pipeline = Pipeline.objects.create(model=model, name="p", engine="sklearn")
    retraining.create_rule(
        actor=SYSTEM, model=model, pipeline=pipeline, metric="roc_auc", comparison="below", threshold=0.7, windows=1
    )
    send(model, 3)
    assert not Message.objects.exists()
    send(model, 2, right=False)
    send(model, 1, right=False)
    message = Message.objects.get(kind=OPENED)
    assert "ROC AUC 0.000 of 420 labelled predictions, and ROC AUC 0.700 was agreed." in message.text
    assert not Message.objects.filter(kind=GROWN).exists(), "the same sign a week later is no news"
