"""Answers that no healthy server gives: each is said in words, and what is not known stays unknown.

The bodies have the shapes of Prometheus's HTTP API reference (Querying, HTTP API: format overview, range queries,
native histograms) and, for partial answers, of Thanos's Query API.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.base import clock
from audit.catalogue.models import Deployment, ModelVersion
from audit.jobs.models import State
from audit.monitoring.domain.service import HOUR
from audit.monitoring.service_models import ServiceHour
from audit.sources import http
from audit.sources import services as sources
from audit.sources.models import Source
from audit.sources.prometheus.connector import PrometheusConnector
from audit.sources.prometheus.forms import PrometheusForm
from tests.audit.sources.mlflow.fake import Fake, serving
from tests.audit.sources.sagemaker.test_catalogue import pull
from tests.support.cast import Cast
from tests.support.jobs import Worker

NOW = datetime(2026, 11, 20, 12, 20, tzinfo=UTC)
END = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
OURS = {"service": "late-arrival"}
EXPRESSIONS = {"traffic": "traffic[$span]", "failures": "failures", "latency": "latency", "saturation": "saturation"}


def matrix(*series: tuple[dict[str, str], list[Any]], **more: Any) -> tuple[int, Any]:
    """The answer to a range query."""
    result = [{"metric": OURS | labels, "values": values} for labels, values in series]
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}, **more}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """A server that answers by the expression (``said``), whose clock stands; nobody waits."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(http, "PAUSES", (0.0,))
    with serving(Fake()) as found:
        yield found


def says(fake: Fake, **said: Any) -> None:
    """What each expression gives over time; the others give nothing."""

    def answer(asked: dict[str, Any]) -> tuple[int, Any]:
        found = said.get(asked["query"].partition("[")[0], matrix())
        return found[1 if asked["step"] == "300" else 0] if isinstance(found, list) else found

    fake.answers = {"/api/v1/query_range": answer, "/api/v1/query": answer}


@pytest.fixture
def source(cast: Cast, version: ModelVersion, fake: Fake) -> Source:
    """The server as a source of the team, and a deployment of its model."""
    Deployment.objects.create(
        version=version, environment="production", mode="online", endpoint="late-arrival",
        since=NOW - timedelta(days=30), actor_id="x",
    )  # fmt: skip
    settings = {"url": fake.url, "label": "service", "version_label": "", "days": 1, **EXPRESSIONS}
    return sources.add_source(
        actor=cast.actor("owner"), kind="prometheus", name="Alerts", team=cast.team,
        settings={**settings, "token": "the-token"},
    )  # fmt: skip


def test_odd_numbers_are_unknown_and_the_rest_is_kept(worker: Worker, source: Source, fake: Fake) -> None:
    says(
        fake,
        traffic=[matrix(({}, [[END, "12.5"], [END - 3600, "NaN"], "odd", [END, "x"], [None, "1"], [1e300, "3"]])),
                 matrix(({}, [[END - 300 * at, "1"] for at in range(6)]))],
        failures=matrix(({"code": "500"}, [[END, "-Inf"]]), ({"status": "404"}, [[END, "2"]]), ({}, [[END, "1"]])),
        latency=matrix(({"quantile": "0.99"}, [[END, "+Inf"]]), ({"quantile": "0.5"}, [[END, "0.2"]]),
                       ({"quantile": "0.999"}, [[END, "9"]])),
        saturation=matrix(({"resource": "cpu"}, [[END, "40"]]), ({"resource": "cpu", "pod": "b"}, [[END, "70"]]),
                          ({"resource": "network"}, [[END, "1"]])),
    )  # fmt: skip
    job = pull(worker, source)
    assert (job.state, job.error) == (State.SUCCEEDED, "")
    row = ServiceHour.objects.get()
    assert (row.start, row.requests, row.seen) == (NOW.replace(minute=0) - HOUR, 12.5, 0.5)
    assert (row.errors, row.client_errors, row.server_errors) == (3, 2, None)
    assert (row.p50, row.p99, row.mean, row.cpu, row.gpu) == (0.2, None, None, 70, None)
    assert source.problems == [
        "Nothing is known of the quantile 0.999: it is not used.",
        "Nothing is known of the resource network: it is not used.",
    ]
    assert fake.headers[-1]["authorization"] == "Bearer the-token"


def test_warnings_make_the_hours_partial(worker: Worker, source: Source, fake: Fake) -> None:
    says(fake, traffic=matrix(({}, [[END, "5"]]), warnings=["store gateway 10.0.0.7 unavailable"]))
    pull(worker, source)
    assert ServiceHour.objects.get().partial
    assert source.problems == ["Prometheus warns about traffic: store gateway 10.0.0.7 unavailable"]
    says(fake, traffic=matrix(({}, [[END, "9"]])))
    source.cursor = {}
    source.save()
    pull(worker, source)
    row = ServiceHour.objects.get(superseded_at=None)
    assert (row.requests, row.partial, source.problems) == (9, False, [])


def test_native_histograms_and_series_without_the_label_are_said(worker: Worker, source: Source, fake: Fake) -> None:
    native = {"metric": OURS, "histograms": [[END, {"count": "10", "sum": "1", "buckets": []}]]}
    nobody = {"metric": {"job": "x"}, "values": [[END, "4"]]}
    says(
        fake,
        traffic=(200, {"status": "success", "data": {"resultType": "matrix", "result": [nobody, 7, None]}}),
        latency=(200, {"status": "success", "data": {"resultType": "matrix", "result": [native]}}),
    )
    pull(worker, source)
    assert not ServiceHour.objects.exists()
    assert source.problems == [
        "The expression of latency gives native histograms: use histogram_quantile() in it.",
        "Series without the label service came, and cannot be used.",
    ]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((503, {"status": "error", "errorType": "timeout", "error": "query timed out in expression evaluation"}),
         "Prometheus answered /api/v1/query_range with 503: it failed. It says: query timed out"),
        ((401, b""), "Prometheus answered /api/v1/query_range with 401: the sign-in does not hold."),
        ((200, b"<html>"), "something that is not JSON"),
        ((200, b'{"status": "success", "da'), "something that is not JSON, or with half of it"),
        ((200, {"status": "error", "error": "no luck"}), "no result. It says: no luck"),
        ((200, []), "something that is no result"),
        ((200, {"status": "success", "data": None}), "something that is no result"),
    ],
)  # fmt: skip
def test_server_that_does_not_answer_fails_the_pull_in_words(
    worker: Worker, source: Source, fake: Fake, answer: Any, sentence: str
) -> None:
    says(fake, traffic=answer, failures=answer, latency=answer, saturation=answer)
    job = pull(worker, source)
    assert job.state == State.FAILED and sentence in source.last_error
    assert source.cursor == {}


def test_wrong_address_is_said_for_each_expression(worker: Worker, source: Source, fake: Fake) -> None:
    checks = PrometheusConnector().test(source.whole_settings())
    assert len(checks) == 4 and not any(check.ok for check in checks)
    assert "There is no /api/v1/query at this address." in checks[0].sentence
    fake.answers = {"/api/v1/query": lambda asked: (403, {})}
    assert [check.sentence for check in PrometheusConnector().test(source.whole_settings())] == [
        "Prometheus answered /api/v1/query with 403: a right is missing."
    ]


def test_versions_of_one_model_are_told_apart_by_their_label(
    worker: Worker, cast: Cast, version: ModelVersion, fake: Fake
) -> None:
    Deployment.objects.create(
        version=version, environment="production", mode="online", since=NOW - timedelta(days=3), actor_id="x"
    )
    says(fake, **{"traffic by service, version": [
        matrix(({"version": "v1"}, [[END, "5"]]), ({"version": "2"}, [[END, "7"]])), matrix(),
    ]})  # fmt: skip
    settings = {"url": fake.url, "label": "service", "version_label": "version", "days": 1,
                "traffic": "traffic by $label[$span]"}  # fmt: skip
    source = sources.add_source(
        actor=cast.actor("owner"), kind="prometheus", name="Alerts", team=cast.team, settings=settings
    )
    pull(worker, source)
    rows = ServiceHour.objects.order_by("variant").values_list(
        "variant", "requests", "deployment__version__number", "seen"
    )
    assert list(rows) == [("2", 7, None, 0), ("v1", 5, 1, 0)]


@pytest.mark.parametrize(
    ("said", "field"),
    [({"label": "1x"}, "label"), ({"version_label": "service"}, "version_label"), ({"password": "p"}, "username"),
     ({"traffic": ""}, "traffic"), ({"days": 99}, "days"), ({"url": "nowhere at all"}, "url")],
)  # fmt: skip
def test_form_refuses_what_cannot_be(said: dict[str, Any], field: str) -> None:
    form = PrometheusForm({"url": "https://example.org", "label": "service", "days": 14, **EXPRESSIONS, **said})
    assert not form.is_valid() and set(form.errors) == {field}
