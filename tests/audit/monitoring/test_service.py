"""Hours of service metrics as they are kept, corrected, read, and shown on the page of the model."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from audit.base import clock
from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue.models import Deployment, Model, ModelVersion
from audit.ledger.models import Entry
from audit.monitoring.domain.service import HOUR, Histogram, Hour
from audit.monitoring.service import reading
from audit.monitoring.service.keeping import Kept, Served, Teller, keep_hours
from audit.monitoring.service_models import ServiceDay, ServiceHour
from tests.support.cast import SYSTEM, Cast

START = datetime(2026, 11, 2, tzinfo=UTC)
TELLER = Teller(UUID(int=1), "Paris")
ADDRESS = "/models/late-arrival/monitoring/?from=2026-11-02&until=2026-11-08"


def served(at: int, *, endpoint: str = "late-arrival", deployment: UUID | None = None, **said: object) -> Served:
    """An hour that begins so many hours after the start."""
    return Served(endpoint, "", deployment, Hour(start=START + at * HOUR, **said))  # type: ignore[arg-type]


def keep(model: Model, *rows: Served, teller: Teller = TELLER) -> Kept:
    """Keeps them."""
    return keep_hours(actor=SYSTEM, model=model, teller=teller, rows=rows)


def test_same_hours_again_change_nothing_and_a_correction_supersedes(cast: Cast, model: Model) -> None:
    histogram = Histogram((0.1, 0.5), (90.0, 9.0, 1.0))
    rows = [served(0, requests=100.0, p99=0.5, histogram=histogram), served(1, requests=50.0)]
    assert keep(model, *rows) == Kept(2, 0, 0)
    known = clock.now()
    assert keep(model, *rows) == Kept(0, 0, 2)
    assert keep(model, served(1, requests=51.0), served(2, requests=7.0)) == Kept(1, 1, 0)
    viewer = cast.actor("manager")
    assert [row.requests for row in reading.hours(viewer=viewer, model=model)] == [100, 51, 7]
    assert [row.requests for row in reading.hours(viewer=viewer, as_known_at=known)] == [100, 50]
    assert reading.hours(viewer=viewer)[0].hour == rows[0].hour
    entries = Entry.objects.filter(action="monitoring.service_told").order_by("pk")
    assert [entry.subject_name for entry in entries] == ["2 hours of service metrics of late-arrival"] * 2
    assert [len(entry.states) for entry in entries] == [2, 3]
    day = ServiceDay.objects.get()
    assert (day.start, day.hours, day.requests, day.worst_p99) == (START, 3, 158, 0.5)


def test_what_cannot_be_is_refused_or_unknown(cast: Cast, model: Model) -> None:
    with pytest.raises(InvalidInput, match="has not come"):
        keep(model, Served("x", "", None, Hour(start=clock.week_of(clock.now()) + timedelta(days=8), requests=1.0)))
    with pytest.raises(InvalidInput, match="full hour"):
        keep(model, Served("x", "", None, Hour(start=START + timedelta(minutes=1), requests=1.0)))
    with pytest.raises(InvalidInput, match="full hour"):
        keep(model, Served("x", "", None, Hour(start=START.replace(tzinfo=None), requests=1.0)))
    with pytest.raises(NotPermitted):
        keep_hours(actor=cast.actor("manager"), model=model, teller=TELLER, rows=[served(0, requests=1.0)])
    assert keep(model, served(0, requests=float("nan"), seen=1.0)) == Kept(0, 0, 0)
    assert not ServiceHour.objects.exists() and not Entry.objects.filter(action="monitoring.service_told").exists()


def test_part_of_an_hour_never_takes_the_place_of_the_whole(cast: Cast, model: Model) -> None:
    assert keep(model, served(0, requests=10.0, partial=True)) == Kept(1, 0, 0)
    assert keep(model, served(0, requests=12.0, partial=True)) == Kept(0, 1, 0)
    assert keep(model, served(0, requests=30.0)) == Kept(0, 1, 0)
    assert keep(model, served(0, requests=8.0, partial=True)) == Kept(0, 0, 1)
    assert ServiceHour.objects.get(superseded_at=None).requests == 30


def test_two_sources_of_one_endpoint_are_not_added(cast: Cast, model: Model) -> None:
    keep(model, served(0, requests=100.0), served(1, requests=100.0))
    keep(model, served(0, requests=90.0), teller=Teller(UUID(int=2), "Alerts"))
    keep(model, served(0, endpoint="other", requests=5.0), teller=Teller(UUID(int=2), "Alerts"))
    days = reading.days(viewer=cast.actor("owner"), model=model, since=START, until=START + timedelta(days=1))
    assert [(day.endpoint, day.source_name, day.requests) for day in days] == [
        ("late-arrival", "Paris", 200), ("other", "Alerts", 5),
    ]  # fmt: skip


def test_reading_is_scoped(cast: Cast, model: Model) -> None:
    keep(model, served(0, requests=100.0))
    assert reading.last_hour(cast.actor("outsider"), None) is None
    assert reading.last_hour(cast.actor("manager"), model) == START + HOUR
    assert reading.days(viewer=cast.actor("outsider"), model=model, since=START, until=START + timedelta(days=1)) == []


def test_page_says_traffic_errors_and_latency_and_what_is_unknown(
    cast: Cast, model: Model, version: ModelVersion
) -> None:
    Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="late-arrival", since=START, actor_id="x",
        until=START + 6 * HOUR,
    )  # fmt: skip
    page = cast.client("manager").get(ADDRESS).content.decode()
    assert "It was online for 6 hours" in page and "no source told how it answered" in page
    keep(
        model,
        served(0, requests=1500.0, errors=30.0, client_errors=20.0, server_errors=10.0, p99=0.25, cpu=40.0),
        served(1, requests=500.0, errors=0.0, client_errors=0.0, server_errors=0.0, p99=1.4),
        served(2, cpu=80.0, partial=True),
    )
    page = cast.client("manager").get(ADDRESS).content.decode()
    assert (
        "It was asked 2,000 times, 1.50% of the requests failed, in its worst hour 99 of 100 answers came within 1.4 s"
    ) in page
    assert "Refused requests (4xx): 20; failures of the service (5xx): 10." in page
    assert "Highest load: CPU 80%." in page
    assert "traffic is unknown for <strong>4</strong>" in page and "Of 1 hour the source told only a part" in page
    assert "3 of 24" in page


def test_page_of_a_model_that_is_not_online_has_no_such_section(cast: Cast, model: Model) -> None:
    assert 'id="service"' not in cast.client("manager").get("/models/late-arrival/monitoring/").content.decode()


def test_hours_are_listed_and_downloaded_with_what_is_unknown(cast: Cast, model: Model, version: ModelVersion) -> None:
    deployment = Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="late-arrival", since=START, actor_id="x"
    )
    keep(model, served(0, requests=1500.0, p99=0.25, seen=0.5, deployment=deployment.pk), served(1, cpu=80.0))
    client, url = cast.client("auditor"), "/models/late-arrival/service/?from=2026-11-02&until=2026-11-08"
    page = client.get(url).content.decode()
    assert "How did late-arrival answer, hour by hour?" in page
    assert "1,500" in page and "250 ms" in page and "50.00%" in page and "80%" in page and "unknown" in page
    lines = b"".join(client.get(f"{url}&format=csv")).decode().splitlines()  # type: ignore[arg-type]
    assert lines[0].startswith("hour_from,endpoint,variant,version") and len(lines) == 3
    assert lines[2].split(",")[1:5] == ["late-arrival", "", "1", "Paris"] and ",1500.0," in lines[2]
    assert (
        "No source told anything"
        in client.get("/models/late-arrival/service/?from=2026-01-01&until=2026-01-31").content.decode()
    )
