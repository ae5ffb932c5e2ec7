"""What a version's answers rest on is sent with its training run, and orders what pages show of its inputs."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import Any

import pytest

from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue.models import Model, ModelVersion
from audit.ledger.models import Entry
from audit.monitoring.domain.importance import Importance
from audit.monitoring.quality import importances
from audit.monitoring.quality_models import FeatureImportance
from tests.audit.monitoring import logs
from tests.audit.monitoring.test_quality import A_DAY, labels_for, rows, send
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
ADDRESS = "/models/late-arrival/versions/1/importance"
SENT = {
    "metric": "roc_auc", "n": 500, "repeats": 5, "source": "MLflow run 7",
    "columns": {"hour": {"mean": 0.01, "sd": 0.001}, "carrier": {"mean": 0.09, "sd": 0.004}},
}  # fmt: skip


def text(cast: Cast, address: str) -> str:
    """The words of the page, tags taken away."""
    answer = cast.client("owner").get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_importance_that_is_sent_is_given_back_and_sent_again_changes_nothing(
    program: Callable[..., Program], version: ModelVersion
) -> None:
    owner = program("owner")
    assert owner.get(ADDRESS).status_code == 404
    assert owner.call("PUT", ADDRESS, SENT).status_code == 200
    told = owner.get(ADDRESS).json()
    assert {name: told[name] for name in SENT} == SENT
    entries = Entry.objects.filter(action="monitoring.importance_sent")
    owner.call("PUT", ADDRESS, SENT)
    assert entries.count() == 1
    owner.call("PUT", ADDRESS, {**SENT, "columns": {"hour": {"mean": 0.2}}})
    assert FeatureImportance.objects.get(version=version).columns == {"hour": {"mean": 0.2, "sd": None}}
    assert entries.count() == 2


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"columns": {}}, "Send 1 to"),
        ({"columns": {"nothing": Importance(0.1, None, 1)}}, "has no feature nothing"),
        ({"columns": {"hour": Importance(float("nan"), None, 1)}}, "finite number"),
        ({"columns": {"hour": Importance(0.1, -1.0, 2)}}, "0 or more"),
        ({"n": 0}, "one row at least"),
    ],
)
def test_importance_that_cannot_be_is_refused(version: ModelVersion, what: dict[str, Any], words: str) -> None:
    said: dict[str, Any] = {
        "columns": {"hour": Importance(0.1, None, 1)}, "metric": "roc_auc", "n": 5, "source": "test", **what
    }  # fmt: skip
    with pytest.raises(InvalidInput, match=words):
        importances.send_importance(actor=SYSTEM, version=version, **said)


def test_who_may_not_write_may_not_send_it(cast: Cast, version: ModelVersion) -> None:
    with pytest.raises(NotPermitted):
        importances.send_importance(
            actor=cast.actor("approver"), version=version, columns={"hour": Importance(0.1, None, 1)},
            metric="roc_auc", n=5, source="test",
        )  # fmt: skip


def test_column_that_matters_comes_before_one_that_drifted_more(
    cast: Cast, program: Callable[..., Program], model: Model, version: ModelVersion
) -> None:
    send(model, 0, 28)
    told = rows(28, 7)
    told["hour"] = [hour + 9 for hour in told["hour"]]
    told["carrier"] = ["UA" if at % 4 else "DL" for at in range(7 * A_DAY)]
    logs.send(model, "predictions", logs.parquet(told), "odd.parquet")
    address = "/models/late-arrival/versions/1/inputs/"
    page = text(cast, address)
    assert "unknown, since no training run told it" in page
    assert "hour, carrier drifted" in page
    program("owner").call("PUT", ADDRESS, {**SENT, "columns": {"hour": {"mean": 0.0001}, "carrier": {"mean": 0.09}}})
    page = text(cast, address)
    assert "drift times the column's share of importance" in page.replace("&#x27;", "'")
    assert "MLflow run 7" in page
    assert "carrier, hour drifted" in page
    assert "All 2 columns together: a classifier has told the week of 4 February 2013 apart" in page
    assert "All 2 columns together" in text(cast, "/models/late-arrival/monitoring/")


def test_pages_tell_faults_and_changes_in_words_and_csv(cast: Cast, model: Model, version: ModelVersion) -> None:
    page = text(cast, "/models/late-arrival/monitoring/")
    assert "Are its data sound?" in page
    assert "Did its errors change?" in page
    assert "Unknown: no day has its labels yet." in text(cast, "/models/late-arrival/errors/")
    assert "Nothing to check" in text(cast, "/models/late-arrival/versions/1/quality/")
    model.threshold = 0.5
    model.save()
    before, after = send(model, 0, 28), send(model, 28, 14, factor=60)
    logs.send(model, "labels", labels_for(before, wrong=0.05), "first.parquet")
    logs.send(model, "labels", labels_for(after, wrong=0.6), "second.parquet")
    page = text(cast, "/models/late-arrival/monitoring/")
    assert "1 fault in its data in the newest week" in page
    assert "hour is 60 times as large" in page
    assert "Faults in 2 of 6 checked weeks of this period, last from 4 February, 11 February." in page
    assert "Its errors changed in the week of" in page
    assert re.search(r"Version Changes found .* v1 ADWIN \d+, .*Page–Hinkley \d+.* \d+\.\d% to \d+\.\d%", page)
    quality = "/models/late-arrival/versions/1/quality/"
    assert "In the week of 7 January 2013 there are no faults" in text(cast, f"{quality}?week=2013-01-07")
    answer = cast.client("owner").get(f"{quality}?p=q&format=csv")
    told = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert {row["week_from"] for row in told if row["fault"] in {"True", "true", "yes"}} == {"2013-02-04", "2013-02-11"}
    assert "Every change" in text(cast, "/models/late-arrival/errors/")
    answer = cast.client("owner").get("/models/late-arrival/errors/?p=q&format=csv")
    told = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert "ADWIN" in {row["method"] for row in told}
