"""A day that was sent as a profile is compared like one read from rows; what cannot be used is named."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.monitoring.domain.columns import Categories, Column, Numbers
from audit.monitoring.domain.exact import categories, numbers
from audit.monitoring.input_models import ColumnWeek, DayProfile, InputWeek, Reference
from audit.monitoring.inputs import documents, referencing, sending
from tests.audit.monitoring import logs
from tests.audit.monitoring.test_inputs import FIRST, WEEK, columns, rows, send
from tests.support.api import Program
from tests.support.cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
DAY = FIRST.date() + timedelta(weeks=4)
ADDRESS = "/models/late-arrival/versions/1"
DOCS = Path(__file__).parents[3] / "docs" / "profiles.md"


def client_code() -> dict[str, Any]:
    """What the documentation shows, run."""
    [code] = re.findall(r"```python\n(.+?)```", DOCS.read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)
    return found


def sent(wanted: dict[str, Any], of: dict[str, Any]) -> dict[str, Any]:
    """The document of these rows, as the documentation makes it."""
    arrays = {name: np.asarray(values) if name in {"hour", "score"} else list(values) for name, values in of.items()}
    return dict(json.loads(json.dumps(client_code()["profile"](arrays, wanted))))


def wanted(version: ModelVersion) -> dict[str, Any]:
    """What the edges' address answers."""
    return {"format": documents.FORMAT, "columns": sending.edges_of(sending.reference_for(version))}


def post(program: Program, day: date, document: Any) -> Any:
    """Sends a day and runs all that follows."""
    answer = program.post(f"{ADDRESS}/profiles/{day}", document)
    logs.run_all()
    return answer


def test_week_from_profiles_is_that_from_rows_within_the_stated_error(
    program: Callable[..., Program], cast: Cast, model: Model, version: ModelVersion
) -> None:
    reference = send(model, 0, 28)
    owner = program("owner")
    edges = owner.get(f"{ADDRESS}/reference/edges").json()
    assert edges["columns"]["carrier"] == {"kind": "categories"}
    days = [rows(28 + at, 1, shift=at / 2, day_rows=300) for at in range(7)]
    for at, one in enumerate(days):
        answer = post(owner, DAY + timedelta(days=at), sent(edges, one))
        assert answer.status_code == 201, answer.content
        assert (answer.json()["rows"], answer.json()["source"]) == (300, "sent")
    found = columns(4)
    assert set(found) == {"hour", "carrier", "score"}, "no prediction was sent"
    week = {name: np.concatenate([np.asarray(one[name]) for one in days]) for name in found}
    exact = {
        name: categories(reference[name], week[name]) if name == "carrier" else numbers(reference[name], week[name])
        for name in found
    }
    compared = 0
    for name, row in found.items():
        assert row.n == 2100
        for variant, told in row.statistics.items():
            assert told["value"] == pytest.approx(exact[name][variant].value, abs=told["error"] + 1e-9), variant
            compared += 1
    assert compared > 12
    assert found["hour"].state == "bad" and found["carrier"].state == "ok"
    assert DayProfile.objects.filter(source="sent").count() == 7
    assert Entry.objects.filter(action="monitoring.profile_sent").count() == 7


def test_same_rows_sent_as_profiles_and_as_rows_give_the_same_counts(cast: Cast, model: Model) -> None:
    first = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner
    )
    second = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="b", artefact_digest="2" * 64, author=cast.owner
    )
    send(model, 0, 28)
    log = rows(0, 28)
    log["prediction_id"], log["version"] = [f"b{one}" for one in log["prediction_id"]], [2] * len(log["at"])
    logs.send(model, "predictions", logs.parquet(log), "second.parquet")
    told = send(model, 28, 1, shift=2)
    told["hour"][3] = np.nan
    sending.send_day(actor=SYSTEM, version=second, day=DAY, columns=documents.sent(sent(wanted(second), told)))
    told["prediction_id"] = [f"c{one}" for one in told["prediction_id"]]
    told["at"] = [at + timedelta(days=1) for at in told["at"]]
    told["hour"] = [None if np.isnan(value) else value for value in told["hour"]]
    assert logs.send(model, "predictions", logs.parquet(told), "first.parquet").error == ""
    by_source = {}
    for version, day in ((first, DAY + timedelta(days=1)), (second, DAY)):
        row = DayProfile.objects.get(version=version, day=day)
        by_source[row.source] = documents.read(row.path, edges=documents.read(row.reference.path))
    for name in ("hour", "score"):
        ours, theirs = by_source["rows"][name], by_source["sent"][name]
        assert isinstance(ours, Numbers) and isinstance(theirs, Numbers)
        assert ours.counts.tolist() == theirs.counts.tolist()
        assert (ours.n, ours.nulls, ours.infinite, ours.least) == (
            theirs.n,
            theirs.nulls,
            theirs.infinite,
            theirs.least,
        )
        assert (ours.total, ours.squares) == pytest.approx((theirs.total, theirs.squares), rel=1e-9)
        for one, other in zip(ours.quantiles([0.1, 0.5, 0.9]), theirs.quantiles([0.1, 0.5, 0.9]), strict=True):
            assert one == pytest.approx(other)
    assert by_source["rows"]["carrier"] == by_source["sent"]["carrier"]


def test_same_again_changes_nothing_and_another_takes_its_place(
    program: Callable[..., Program], model: Model, version: ModelVersion
) -> None:
    send(model, 0, 28)
    owner = program("owner")
    first, second = (sent(wanted(version), rows(28, 1, shift=shift, day_rows=300)) for shift in (0, 6))
    assert post(owner, DAY, first).status_code == 201
    entries, jobs = Entry.objects.count(), Job.objects.count()
    again = post(owner, DAY, first)
    assert (Entry.objects.count(), Job.objects.count()) == (entries, jobs)
    assert columns(4)["hour"].state == "ok"
    other = post(owner, DAY, second)
    assert columns(4)["hour"].state == "bad"
    entry = Entry.objects.filter(action="monitoring.profile_sent").order_by("-pk")[0]
    assert entry.changes["digest"] == [again.json()["digest"], other.json()["digest"]]
    assert entry.changes["rows"] == [300, 300]
    post(owner, DAY, first)
    assert columns(4)["hour"].state == "ok", "back again"
    assert InputWeek.objects.filter(start=FIRST + 4 * WEEK).count() == 1


def test_day_is_rows_or_a_profile_and_can_be_taken_back(
    program: Callable[..., Program], model: Model, version: ModelVersion
) -> None:
    send(model, 0, 28)
    owner = program("owner")
    document = sent(wanted(version), rows(28, 1))
    taken = post(owner, DAY - timedelta(days=1), document)
    assert taken.status_code == 409
    assert "The rows of late-arrival v1 of 2013-02-03 are here" in taken.json()["detail"]
    assert post(owner, DAY, document).status_code == 201
    log = logs.parquet(rows(28, 2))
    refused = logs.send(model, "predictions", log, "log.parquet")
    assert refused.state == "failed"
    assert "a profile was sent instead of rows (2013-02-04)" in refused.error and "n = 0" in refused.error
    assert not columns(4) or columns(4)["hour"].n == 60, "nothing of the file is here"
    empty = sent(wanted(version), {name: values[:0] for name, values in rows(28, 1).items()})
    assert post(owner, DAY, empty).json()["rows"] == 0
    assert (columns(4)["hour"].n, columns(4)["hour"].state) == (0, "unknown")
    again = logs.send(model, "predictions", log, "log.parquet")
    assert again.state == "imported", again.error
    assert columns(4)["hour"].n == 120
    assert set(DayProfile.objects.filter(day__gte=DAY).values_list("source", flat=True)) == {"rows"}


def test_another_reference_wants_the_days_again(model: Model, version: ModelVersion) -> None:
    own: dict[str, Column] = {"hour": Numbers.of(np.arange(400.0)), "carrier": Categories.of(["UA"] * 400)}
    referencing.send_reference(actor=SYSTEM, version=version, columns=own)
    document = sent(wanted(version), {"hour": np.arange(300.0), "carrier": ["UA"] * 300})
    sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=documents.sent(document))
    referencing.send_reference(actor=SYSTEM, version=version, columns={"hour": Numbers.of(np.arange(900.0))})
    with pytest.raises(InvalidInput, match="reference has no such column") as error:
        sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=documents.sent(document))
    assert error.value.where == "columns.carrier"
    del document["columns"]["carrier"]
    with pytest.raises(InvalidInput, match="not the edges of the reference"):
        sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=documents.sent(document))
    document = sent(wanted(version), {"hour": np.arange(300.0)})
    sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=documents.sent(document))
    assert DayProfile.objects.filter(day=DAY, source="sent").count() == 2, "what was compared with the old one stays"


def wrong(column: str, member: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """A document with another member."""

    def change(document: dict[str, Any]) -> None:
        document["columns"][column][member] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (wrong("hour", "n", 61), "columns.hour: counts: The counts add up to 60, the finite rows to 61."),
        (wrong("hour", "n", -1), "columns.hour: n: A whole number, 0 or more, is missing."),
        (wrong("hour", "nulls", 61), "columns.hour: nulls: More rows are null or infinite than there are rows."),
        (wrong("hour", "total", float("nan")), "columns.hour: total: A finite number or null."),
        (wrong("hour", "least", float("inf")), "columns.hour: least: A finite number or null."),
        (wrong("hour", "counts", [60]), "columns.hour: counts: One count more than edges."),
        (wrong("hour", "sketch", "!"), "columns.hour: sketch:"),
        (wrong("carrier", "counts", {"UA": -60}), "columns.carrier: counts: Counts are whole numbers, 0 or more."),
        (wrong("carrier", "others", 1), "columns.carrier: counts: Counts, nulls and others add up to 61"),
        (wrong("carrier", "kind", "numbers"), "columns.carrier:"),
        (lambda document: document["columns"].update(tail=document["columns"]["hour"]), "columns.tail: The reference"),
        (lambda document: document["columns"]["hour"].update(edges=[1.0], counts=[0, 60]), "columns.hour"),
        (lambda document: document.update(format="other"), "format: This is no profile"),
        (lambda document: document.update(columns={}), "columns: The profile has no columns."),
    ],
)
def test_what_does_not_agree_is_named(
    program: Callable[..., Program], model: Model, version: ModelVersion, change: Any, words: str
) -> None:
    own: dict[str, Column] = {"hour": Numbers.of(np.arange(400.0)), "carrier": Categories.of(["UA"] * 400)}
    referencing.send_reference(actor=SYSTEM, version=version, columns=own)
    good = sent(wanted(version), {"hour": np.arange(60.0), "carrier": ["UA"] * 60})
    document = copy.deepcopy(good)
    change(document)
    answer = program("owner").post(f"{ADDRESS}/profiles/{DAY}", json.dumps(document).encode())
    assert answer.status_code == 422, answer.content
    assert words in answer.json()["detail"]
    assert not DayProfile.objects.exists()
    assert program("owner").post(f"{ADDRESS}/profiles/{DAY}", good).status_code == 201


def test_rows_of_columns_must_agree_and_the_day_must_have_begun(model: Model, version: ModelVersion) -> None:
    own: dict[str, Column] = {"hour": Numbers.of(np.arange(400.0)), "carrier": Categories.of(["UA"] * 400)}
    with pytest.raises(Refused, match="Nothing says what the inputs"):
        sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=own)
    referencing.send_reference(actor=SYSTEM, version=version, columns=own)
    uneven = sent(wanted(version), {"hour": np.arange(60.0), "carrier": ["UA"] * 61})
    with pytest.raises(InvalidInput, match="It has 60 rows, another column 61"):
        sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=documents.sent(uneven))
    with pytest.raises(InvalidInput, match="has not begun"):
        sending.send_day(actor=SYSTEM, version=version, day=date(2999, 1, 1), columns=own)
    mixed: dict[str, Column] = {"hour": Categories.of(["1"])}
    with pytest.raises(InvalidInput, match=r"columns.hour.kind: In the reference it holds numbers"):
        sending.send_day(actor=SYSTEM, version=version, day=DAY, columns=mixed)


def test_reference_that_is_not_ready_has_no_edges(
    program: Callable[..., Program], model: Model, version: ModelVersion
) -> None:
    owner = program("owner")
    assert owner.get(f"{ADDRESS}/reference/edges").status_code == 404
    row = Reference.objects.create(version=version, kind="period", since=FIRST, until=FIRST + WEEK, chosen_by="x")
    answer = owner.get(f"{ADDRESS}/reference/edges")
    assert answer.status_code == 409 and "is being read" in answer.json()["detail"]
    row.state = Reference.State.FAILED
    row.save()
    assert owner.get(f"{ADDRESS}/reference/edges").status_code == 409
    assert owner.post(f"{ADDRESS}/profiles/2013-02-30", {}).status_code == 422


def test_who_may_not_write_sends_no_profile(
    program: Callable[..., Program], cast: Cast, model: Model, version: ModelVersion
) -> None:
    own: dict[str, Column] = {"hour": Numbers.of(np.arange(400.0))}
    with pytest.raises(NotPermitted):
        sending.send_day(actor=cast.actor("approver"), version=version, day=DAY, columns=own)
    assert program("outsider").post(f"{ADDRESS}/profiles/{DAY}", {}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_documented_client_sends_a_day_over_http(
    live_server: Any, program: Callable[..., Program], model: Model, version: ModelVersion
) -> None:
    own: dict[str, Column] = {"hour": Numbers.of(np.arange(400.0)), "carrier": Categories.of(["UA"] * 400)}
    referencing.send_reference(actor=SYSTEM, version=version, columns=own)
    day = {"hour": np.arange(300.0), "carrier": ["UA"] * 300}
    answer = client_code()["send"](f"{live_server.url}/api/v1{ADDRESS}", program("owner").token, DAY, day)
    assert (answer["day"], answer["rows"], answer["source"]) == (DAY.isoformat(), 300, "sent")
    logs.run_all()
    assert ColumnWeek.objects.get(column="hour").n == 300
