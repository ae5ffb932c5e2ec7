"""The two calls of CloudWatch that are made, and what CloudWatch says of its own answers.

Metrics: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html; GetMetricData: API reference of
Amazon CloudWatch (at most 500 queries a call, pages by NextToken).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from audit.sources.aws import Aws
from audit.sources.domain.answers import moment, number, part, rows, text
from audit.sources.http import pages

INVOKED: Final = "AWS/SageMaker"
MACHINES: Final = "/aws/sagemaker/Endpoints"
DIMENSIONS: Final = {"EndpointName", "VariantName"}


class Place(NamedTuple):
    """An endpoint's variant."""

    endpoint: str
    variant: str


@dataclass(frozen=True, slots=True)
class Query:
    """One statistic of one metric of a variant, for each period of so many seconds."""

    place: Place
    namespace: str
    metric: str
    stat: str
    period: int

    def said(self, name: str) -> dict[str, Any]:
        """As GetMetricData takes it."""
        values = {"EndpointName": self.place.endpoint, "VariantName": self.place.variant}
        return {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": self.namespace,
                    "MetricName": self.metric,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in values.items()],
                },
                "Period": self.period,
                "Stat": self.stat,
            },
        }


@dataclass(slots=True)
class Answer:
    """What came for a query: (beginning of the period, value), and whether CloudWatch says that this is all."""

    points: list[tuple[datetime, float]] = field(default_factory=list)
    status: str = ""


class CloudWatch:
    """CloudWatch in one region."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws

    def metrics(self) -> dict[Place, set[tuple[str, str]]]:
        """(namespace, metric) of each variant that told something in the last two weeks."""
        found: dict[Place, set[tuple[str, str]]] = {}
        for namespace in (INVOKED, MACHINES):
            for row in self._listed(namespace):
                named = {text(one.get("Name")): text(one.get("Value")) for one in rows(row.get("Dimensions"))}
                if set(named) == DIMENSIONS:
                    place = Place(named["EndpointName"], named["VariantName"])
                    found.setdefault(place, set()).add((namespace, text(row.get("MetricName"))))
        return found

    def _listed(self, namespace: str) -> Iterator[Mapping[str, Any]]:
        """The metrics of a namespace; an answer without the list says that there are none."""

        def fetch(token: str) -> tuple[list[Any], str]:
            more = {"NextToken": token} if token else {}
            answer = self.aws.ask("cloudwatch", "ListMetrics", Namespace=namespace, **more)
            return rows(answer.get("Metrics")), text(answer.get("NextToken"))

        for found, _ in pages(fetch, of="cloudwatch:ListMetrics"):
            yield from found

    def data(self, queries: Sequence[Query], since: datetime, until: datetime) -> tuple[dict[Query, Answer], list[str]]:
        """What came for each of at most 500 queries, and what CloudWatch says of the whole, in sentences."""
        asked = {f"q{at}": query for at, query in enumerate(queries)}
        found = {query: Answer() for query in queries}
        said: dict[str, None] = {}

        def fetch(token: str) -> tuple[list[Any], str]:
            more = {"NextToken": token} if token else {}
            answer = self.aws.ask(
                "cloudwatch",
                "GetMetricData",
                MetricDataQueries=[query.said(name) for name, query in asked.items()],
                StartTime=since,
                EndTime=until,
                ScanBy="TimestampAscending",
                **more,
            )
            for one in rows(answer.get("Messages")):
                said[f"CloudWatch says {text(one.get('Code'), 100)}: {text(one.get('Value'), 300)}"] = None
            return rows(answer.get("MetricDataResults")), text(answer.get("NextToken"))

        for results, _ in pages(fetch, of="cloudwatch:GetMetricData"):
            for row in results:
                query = asked.get(text(row.get("Id")))
                if query is not None:
                    _add(found[query], part(row), since, until)
        return found, list(said)


def _add(answer: Answer, row: Any, since: datetime, until: datetime) -> None:
    answer.status = text(row.get("StatusCode"), 40)
    for at, value in zip(row.get("Timestamps") or (), row.get("Values") or (), strict=False):
        begun = moment(at)
        if begun is not None and since <= begun < until and number(value):
            answer.points.append((begun, float(value)))
