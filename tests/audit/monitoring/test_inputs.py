"""A week of inputs is held against its reference: by default, by choice, or by a profile that was sent."""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.monitoring import profiling, starting
from audit.monitoring.domain.columns import Categories, Column, Numbers
from audit.monitoring.domain.exact import numbers
from audit.monitoring.input_models import ColumnWeek, DayProfile, InputWeek, Reference
from audit.monitoring.inputs import comparing, days, documents, referencing
from tests.audit.monitoring import logs
from tests.support.cast import SYSTEM, Cast

pytestmark = pytest.mark.django_db
FIRST = datetime(2013, 1, 7, tzinfo=UTC)
WEEK = timedelta(weeks=1)
A_DAY = 60


def rows(first: int, count: int, *, shift: float = 0.0, seed: int = 1, day_rows: int = A_DAY) -> dict[str, Any]:
    """``count`` days of cases from day ``first`` after FIRST: hour is normal around 12 plus ``shift``."""
    random = np.random.default_rng(seed + first)
    n = count * day_rows
    at = [FIRST + timedelta(days=first + number // day_rows, minutes=number % day_rows) for number in range(n)]
    return {
        "prediction_id": [f"{first}-{number}" for number in range(n)],
        "at": at,
        "version": [1] * n,
        "score": random.random(n),
        "hour": random.normal(12 + shift, 3, n),
        "carrier": random.choice(["UA", "DL", "AA"], n, p=[0.5, 0.3, 0.2]),
    }


def send(model: Model, first: int, count: int, **how: Any) -> dict[str, Any]:
    """Sends these days and runs all that follows; gives what was sent."""
    told = rows(first, count, **how)
    logs.send(model, "predictions", logs.parquet(told), "log.parquet")
    return told


def columns(week: int) -> dict[str, ColumnWeek]:
    """The columns of a week, by name, against the reference that counts."""
    found = ColumnWeek.objects.filter(week__start=FIRST + week * WEEK, week__reference__replaced_at=None)
    return {row.column: row for row in found}


def choose(version: ModelVersion, **what: Any) -> Reference:
    """Chooses a reference and runs all that follows."""
    found = referencing.choose_reference(actor=SYSTEM, version=version, reason="Tried.", **what)
    starting.start_reading(actor=SYSTEM, reference=found, trigger="person")
    logs.run_all()
    found.refresh_from_db()
    return found


def test_first_four_weeks_are_the_reference_that_nobody_chose(model: Model, version: ModelVersion) -> None:
    send(model, 0, 21)
    assert not Reference.objects.exists(), "three weeks are too few"
    send(model, 21, 7)
    send(model, 28, 7, shift=6)
    reference = Reference.objects.get()
    assert (reference.kind, reference.by_default, reference.state) == ("period", True, "ready")
    assert (reference.since, reference.until, reference.rows) == (FIRST, FIRST + 4 * WEEK, 28 * A_DAY)
    assert InputWeek.objects.count() == 5
    assert {name: row.state for name, row in columns(0).items()} == {
        "hour": "ok", "carrier": "ok", "score": "ok", "prediction": "ok"
    }  # fmt: skip
    assert columns(4)["hour"].state == "bad"
    assert columns(4)["carrier"].state == "ok"
    entry = Entry.objects.filter(action="monitoring.compared").order_by("-pk")[0]
    assert entry.reason.startswith("Moved most: hour ")


def test_week_is_what_raw_rows_give_within_its_error(model: Model, version: ModelVersion) -> None:
    reference = np.concatenate([send(model, 0, 28)["hour"]])
    week = np.concatenate([send(model, 28, 3, shift=1)["hour"], send(model, 31, 4, shift=2)["hour"]])
    row, exact = columns(4)["hour"], numbers(reference, week)
    assert set(row.statistics) >= {"psi/credit", "ks", "wasserstein"}
    for variant, told in row.statistics.items():
        assert told["value"] == pytest.approx(exact[variant].value, abs=told["error"] + 1e-12), variant
        assert told["n"] == 7 * A_DAY
    assert row.value == row.statistics["psi/credit"]["value"]


def test_same_days_again_change_nothing_and_later_rows_write_the_week_anew(model: Model, version: ModelVersion) -> None:
    send(model, 0, 35)
    reference = Reference.objects.get()
    entries, jobs = Entry.objects.count(), Job.objects.count()
    again = comparing.compare_week(actor=SYSTEM, reference=reference, version=version, week=FIRST)
    assert again == InputWeek.objects.get(start=FIRST)
    day = DayProfile.objects.get(day=FIRST.date())
    assert days.profile_day(reference=reference, version=version, day=FIRST.date()) == day
    assert (Entry.objects.count(), Job.objects.count()) == (entries, jobs)
    before = columns(4)["hour"].n
    told = rows(28, 1, seed=9)
    told["prediction_id"] = [f"late-{number}" for number in range(A_DAY)]
    logs.send(model, "predictions", logs.parquet(told), "late.parquet")
    assert columns(4)["hour"].n == before + A_DAY
    assert InputWeek.objects.filter(start=FIRST + 4 * WEEK).count() == 1


def test_chosen_reference_replaces_and_every_week_is_compared_anew(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    send(model, 0, 28)
    send(model, 28, 14, shift=6)
    first = Reference.objects.get()
    second = choose(version, kind="period", since=FIRST + 4 * WEEK, until=FIRST + 6 * WEEK)
    first.refresh_from_db()
    assert first.replaced_at is not None
    assert second.state == "ready"
    assert columns(0)["hour"].state == "bad", "the first weeks now lie apart"
    assert columns(4)["hour"].state == "ok"
    assert InputWeek.objects.filter(reference=first).count() == 6, "what was compared before stays"
    same = referencing.choose_reference(
        actor=SYSTEM, version=version, kind="period", since=FIRST + 4 * WEEK, until=FIRST + 6 * WEEK
    )
    assert same.pk == second.pk
    entry = Entry.objects.filter(action="monitoring.reference_chosen").order_by("-pk")[0]
    assert entry.changes["reference"][0].startswith("A period, 7 January 2013")


def test_what_a_version_learned_from_is_its_reference_where_the_log_has_it(cast: Cast, model: Model) -> None:
    version = catalogue.register_version(
        actor=SYSTEM, model=model, artefact="a", artefact_digest="1" * 64, author=cast.owner,
        data_from=FIRST, data_until=FIRST + WEEK,
    )  # fmt: skip
    send(model, 0, 14)
    reference = Reference.objects.get(version=version)
    assert (reference.kind, reference.since, reference.until) == ("training", FIRST, FIRST + WEEK)


def test_season_compares_with_the_weeks_a_year_before(model: Model, version: ModelVersion) -> None:
    send(model, 0, 21, shift=5)
    send(model, 140, 21)
    send(model, 52 * 7, 21, shift=5)
    choose(version, kind="period", since=FIRST + 20 * WEEK, until=FIRST + 23 * WEEK)
    assert columns(53)["hour"].state == "bad"
    choose(version, kind="season", since=FIRST + 20 * WEEK, until=FIRST + 23 * WEEK)
    assert columns(53)["hour"].state == "ok"
    assert columns(53)["hour"].n_reference == 21 * A_DAY
    assert not columns(21), "a year before it there is nothing"


def test_profile_that_was_sent_is_a_reference(cast: Cast, model: Model, version: ModelVersion) -> None:
    random = np.random.default_rng(5)
    own: dict[str, Column] = {
        "hour": Numbers.of(random.normal(12, 3, 2000)),
        "carrier": Categories.of(["UA"] * 1000 + ["DL"] * 1000),
    }
    document = {"format": documents.FORMAT, "columns": {name: column.to_dict() for name, column in own.items()}}
    sent = referencing.send_reference(actor=SYSTEM, version=version, columns=documents.sent(document), reason="Theirs.")
    assert (sent.state, sent.rows) == ("ready", 2000)
    send(model, 0, 7)
    assert set(columns(0)) == {"hour", "carrier"}, "what the profile lacks cannot be compared"
    assert columns(0)["hour"].state == "ok"
    assert columns(0)["carrier"].state == "bad"
    again = referencing.send_reference(actor=SYSTEM, version=version, columns=documents.sent(document))
    assert again.pk == sent.pk


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ([], "format"),
        ({"format": "other"}, "format"),
        ({"format": documents.FORMAT}, "columns"),
        ({"format": documents.FORMAT, "columns": {"hour": 3}}, "columns.hour"),
        ({"format": documents.FORMAT, "columns": {"hour": {"kind": "numbers", "n": -1}}}, "columns.hour"),
    ],
)
def test_malformed_profile_is_refused_with_the_place(told: Any, where: str) -> None:
    with pytest.raises(InvalidInput) as error:
        documents.sent(told)
    assert error.value.where == where


def test_refusals_say_what_is_missing(cast: Cast, model: Model, version: ModelVersion) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kind": "dream"}, "no kind of reference"),
        ({"kind": "training"}, "learned from is not known"),
        ({"kind": "period"}, "day is missing"),
        ({"kind": "period", "since": FIRST + WEEK, "until": FIRST}, "ends before it starts"),
        ({"kind": "period", "since": FIRST, "until": FIRST + WEEK}, "is logged in this time"),
    ]
    for what, words in wrong:
        with pytest.raises(InvalidInput, match=words):
            referencing.choose_reference(actor=SYSTEM, version=version, **what)
    with pytest.raises(NotPermitted):
        referencing.choose_reference(actor=cast.actor("approver"), version=version, kind="period")
    with pytest.raises(InvalidInput, match="no feature"):
        referencing.send_reference(actor=SYSTEM, version=version, columns={"other": Categories.of(["a"])})


def test_bad_columns_each_have_their_outcome(model: Model, version: ModelVersion) -> None:
    send(model, 0, 28)
    told = rows(28, 7)
    told["hour"] = [None] * len(told["hour"])
    told["carrier"] = [f"c{number}" for number in range(len(told["carrier"]))]
    assert logs.send(model, "predictions", logs.parquet(told), "bad.parquet").error == ""
    hour, carrier = columns(4)["hour"], columns(4)["carrier"]
    assert (hour.n, hour.nulls, hour.state) == (7 * A_DAY, 7 * A_DAY, "bad"), "nulls are a bin of their own"
    assert carrier.state == "bad"
    assert len(carrier.shape["names"]) == 16
    assert carrier.shape["names"][-1] == "", "the rest in one"
    assert sum(carrier.shape["week"]) == pytest.approx(1)


def test_a_large_day_is_a_job_of_its_own(model: Model, version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.monitoring.pieces.PIECE", 2 * A_DAY)
    send(model, 0, 28)
    assert Job.objects.filter(kind="monitoring.profile", args__week="2013-01-07").count() == 4, (
        "seven days, two in each"
    )
    assert Job.objects.filter(kind="monitoring.compare", args__week="2013-01-07").count() == 1


def test_profile_of_days_is_the_merge_whatever_their_cut(model: Model, version: ModelVersion) -> None:
    send(model, 0, 28)
    reference = Reference.objects.get()
    base = documents.read(reference.path)
    parts = days.partitions(model, FIRST.date(), (FIRST + WEEK).date(), version)
    paths = days._paths([part for own in parts.values() for part in own])
    whole = profiling.of_files(paths, days.kinds_of(model), base)
    merged = comparing._merged(DayProfile.objects.filter(day__lt=date(2013, 1, 14)).order_by("day"), base)
    assert isinstance(merged["hour"], Numbers)
    assert merged["hour"].counts.tolist() == whole["hour"].counts.tolist()  # type: ignore[union-attr]
    assert merged["carrier"] == whole["carrier"]


def text(cast: Cast, address: str, who: str = "owner") -> str:
    """The words of the page, tags taken away."""
    answer = cast.client(who).get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_pages_tell_what_moved_and_against_what(cast: Cast, model: Model, version: ModelVersion) -> None:
    assert "Nothing says yet what its inputs should look like" in text(cast, "/models/late-arrival/monitoring/")
    send(model, 0, 28)
    send(model, 28, 7, shift=6)
    page = text(cast, "/models/late-arrival/monitoring/")
    assert "hour drifted in the newest week" in page
    assert "Compared with: a period, 7 January 2013 to 4 February 2013 (1,680 rows); nobody has chosen it." in page
    every = text(cast, "/models/late-arrival/versions/1/inputs/")
    assert "hour drifted in the newest week" in every
    one = text(cast, "/models/late-arrival/versions/1/inputs/hour/")
    assert "In the week of 4 February 2013 it drifted away from its reference" in one
    assert "hour: drifted in 1 of 5 weeks" in one
    assert "wasserstein/evidently" in one
    calm = text(cast, "/models/late-arrival/versions/1/inputs/hour/?week=2013-01-07")
    assert "In the week of 7 January 2013 it stays within" in calm
    assert cast.client("owner").get("/models/late-arrival/versions/1/inputs/nothing/").status_code == 404
    assert cast.client("outsider").get("/models/late-arrival/versions/1/inputs/hour/").status_code == 404


def test_csv_has_every_variant(cast: Cast, model: Model, version: ModelVersion) -> None:
    send(model, 0, 28)
    answer = cast.client("owner").get("/models/late-arrival/versions/1/inputs/?p=q&format=csv")
    told = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
    assert {row["variant"] for row in told if row["column"] == "hour"} == set(columns(0)["hour"].statistics)


def test_owner_chooses_on_the_page_and_others_are_told_why_not(cast: Cast, model: Model, version: ModelVersion) -> None:
    send(model, 0, 35)
    address = "/models/late-arrival/versions/1/reference/"
    said = {"kind": "period", "since": "2013-01-14", "until": "2013-01-20", "reason": "A normal week."}
    assert cast.client("owner").post(address, said).status_code == 302
    logs.run_all()
    page = text(cast, address)
    assert "A period, 14 January 2013 to 21 January 2013: 420 rows." in page
    assert "nobody had chosen" not in page.split("Earlier ones")[0]
    assert cast.client("manager").post(address, said).status_code == 403
    wrong = cast.client("owner").post(address, {**said, "since": "2015-01-01", "until": "2015-01-02"})
    assert wrong.status_code == 422
    assert "is logged in this time" in wrong.content.decode()
