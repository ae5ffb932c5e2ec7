"""Against a real Prometheus: the expressions that the form offers, what they give, and what it refuses."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from audit.base import clock
from audit.catalogue.models import Deployment, ModelVersion
from audit.jobs.models import State
from audit.monitoring.domain.service import HOUR
from audit.monitoring.service_models import ServiceDay, ServiceHour
from audit.sources import services as sources
from audit.sources.hours import SETTLED
from audit.sources.models import Source
from audit.sources.prometheus.connector import PrometheusConnector
from audit.sources.prometheus.forms import PrometheusForm
from tests.audit.sources.prometheus.server import HERE, WHY, history, prometheus
from tests.audit.sources.sagemaker.test_catalogue import pull
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

pytestmark = [pytest.mark.processes, pytest.mark.skipif(not HERE, reason=WHY)]
HOURS = 6
LAST = (clock.now() - SETTLED).replace(minute=0, second=0, microsecond=0) - HOUR
FIRST = LAST - (HOURS - 1) * HOUR
HOLE = (60, 90)
"""Minutes without a scrape: the first half of the second hour."""


@pytest.fixture(autouse=True)
def same_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hour after the last told one does not end while the tests run."""
    real, end = clock.now, LAST + 2 * HOUR - timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: min(real(), end))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus with six hours."""
    with prometheus(tmp_path_factory.mktemp("prometheus"), history(FIRST, HOURS, HOLE)) as found:
        yield found


def settings(url: str, **more: Any) -> dict[str, Any]:
    """What the form gives for what it offers, and ``more``."""
    offered = {name: field.initial for name, field in PrometheusForm().fields.items() if field.initial is not None}
    form = PrometheusForm({**offered, "url": url, "days": 1, **more})
    assert form.is_valid(), form.errors
    return form.cleaned_data


@pytest.fixture
def source(cast: Cast, version: ModelVersion, url: str) -> Source:
    """The server as a source, and a deployment of the model that has run since before."""
    Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="", since=FIRST - timedelta(days=2),
        actor_id="x",
    )  # fmt: skip
    return sources.add_source(
        actor=cast.actor("owner"), kind="prometheus", name="Alerts", team=cast.team, settings=settings(url)
    )


def test_hours_have_counts_errors_latency_and_load(worker: Worker, source: Source) -> None:
    job = pull(worker, source)
    assert (job.state, job.error, source.problems) == (State.SUCCEEDED, "", [])
    rows = list(ServiceHour.objects.order_by("start"))
    assert [row.start for row in rows] == [FIRST + at * HOUR for at in range(-1, HOURS)]
    assert {(row.endpoint, row.variant, row.deployment_id) for row in rows} == {
        ("late-arrival", "", Deployment.objects.get().pk)
    }
    last = rows[-1]
    assert [last.requests, last.n] == pytest.approx([3600, 3600])
    assert [last.client_errors, last.server_errors, last.errors] == pytest.approx([360, 180, 540])
    assert last.mean == pytest.approx(0.4) and last.cpu == pytest.approx(40, rel=1e-6)
    seen = [pytest.approx(2 / 12, abs=1 / 12), 1.0, pytest.approx(6 / 12, abs=1 / 12), 1.0, 1.0, 1.0, 1.0]
    assert [row.seen for row in rows] == seen
    assert pull(worker, source).counts["new"] == 0


def test_quantiles_are_those_that_prometheus_gives(worker: Worker, source: Source, url: str) -> None:
    pull(worker, source)
    for row in ServiceHour.objects.all():
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99)):
            query = f"histogram_quantile({share}, sum by (le) (increase(http_request_duration_seconds_bucket[1h])))"
            at = (row.start + HOUR).timestamp()
            said = httpx.get(f"{url}/api/v1/query", params={"query": query, "time": at}).json()
            assert getattr(row, name) == pytest.approx(float(said["data"]["result"][0]["value"][1]), rel=1e-9), name
    day = ServiceDay.objects.order_by("-start")[0]
    assert day.p99 == pytest.approx(ServiceHour.objects.order_by("-start")[0].p99)


def test_service_that_never_failed_has_no_errors_and_not_unknown_ones(
    worker: Worker, cast: Cast, version: ModelVersion, source: Source
) -> None:
    Deployment.objects.create(
        version=version, environment="staging", mode="online", endpoint="other", since=FIRST - HOUR, actor_id="x"
    )
    pull(worker, source)
    row = ServiceHour.objects.filter(endpoint="other").latest("start")
    assert [row.requests, row.errors, row.client_errors, row.server_errors] == pytest.approx([60, 0, 0, 0])
    assert (row.p99, row.mean, row.cpu) == (None, None, None)


def test_settings_are_tested_with_what_each_expression_gives(url: str) -> None:
    checks = PrometheusConnector().test(settings(url))
    assert [(check.ok, check.sentence) for check in checks] == [
        (True, "The expression of traffic gives 2 series with the label service."),
        (True, "The expression of failures gives 4 series with the label service."),
        (True, "The expression of latency gives 7 series with the label service."),
        (True, "The expression of saturation gives 1 series with the label service."),
        (True, "The label service has the values late-arrival, other."),
    ]
    odd = settings(url, traffic="sum by ($label) (rate(nothing_total[$span]))", failures="sum by (", saturation="",
                   latency="sum(http_requests_total)")  # fmt: skip
    checks = PrometheusConnector().test(odd)
    assert [check.ok for check in checks] == [False, False, False]
    assert checks[0].sentence == "The expression of traffic gives nothing for the last full hour."
    assert "failures does not work" in checks[1].sentence and "parse error" in checks[1].sentence
    assert checks[2].sentence == "The expression of latency gives series without the label service."


def test_expression_that_cannot_be_run_leaves_its_part_unknown(worker: Worker, source: Source, url: str) -> None:
    twice = 'http_requests_total{code="200"} * on (service) group_left () http_requests_total'
    sources.change_source(
        actor=SYSTEM, source=source, name="Alerts", every_seconds=60,
        settings=settings(url, failures=twice),
    )  # fmt: skip
    source.refresh_from_db()
    job = pull(worker, source)
    assert job.state == State.SUCCEEDED
    assert "The expression of failures does not work." in source.problems[0] and "422" in source.problems[0]
    row = ServiceHour.objects.latest("start")
    assert row.requests == pytest.approx(3600) and row.errors is None


def test_names_that_nobody_knows_are_said(worker: Worker, cast: Cast, version: ModelVersion, url: str) -> None:
    Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="elsewhere", since=FIRST, actor_id="x"
    )
    source = sources.add_source(
        actor=cast.actor("owner"), kind="prometheus", name="Codes", team=cast.team,
        settings=settings(url, label="code", failures="", latency="", saturation=""),
    )  # fmt: skip
    pull(worker, source)
    assert not ServiceHour.objects.exists()
    (said,) = source.problems
    assert said.startswith("No value of the label code is the endpoint of a deployment or the short name of a model of")
    assert said.endswith("There are 200, 404, 500.")


def test_source_is_added_by_its_form(cast: Cast, url: str) -> None:
    client = cast.client("owner")
    page = client.get("/sources/add/prometheus/").content.decode()
    assert "sum by ($label) (increase(http_requests_total[$span]))" in page
    entered = {name: str(value) for name, value in settings(url, token="hidden-one").items() if value}
    whole = {"name": "Alerts", "team": str(cast.team.pk), "every_seconds": "600", **entered}
    assert client.post("/sources/add/prometheus/", {**whole, "label": "a-b"}).status_code == 422
    assert client.post("/sources/add/prometheus/", whole).status_code == 302
    source = Source.objects.get()
    assert "hidden-one" not in str(source.settings) and source.whole_settings()["token"] == "hidden-one"
    shown = client.get(f"/sources/{source.pk}/").content.decode()
    assert "hidden-one" not in shown and "$span" in shown
    tested = client.post(f"/sources/{source.pk}/test/").content.decode()
    assert "The expression of traffic gives 2 series with the label service." in tested
