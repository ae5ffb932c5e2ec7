"""Which statistics are asked for, and what they make of an hour. Latencies come in microseconds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from audit.monitoring.domain.service import Hour
from audit.sources.cloudwatch.client import INVOKED, MACHINES, Answer, Place, Query
from audit.sources.domain.told import ServiceTold

HOURLY: Final = 3600
FINE: Final = 300
"""Seconds of the periods by which it is told how much of an hour was seen."""
SLOTS: Final = HOURLY // FINE
SECONDS: Final = 1e-6
FIELDS: Final[Mapping[tuple[str, str, str], tuple[str, float]]] = {
    (INVOKED, "Invocations", "Sum"): ("requests", 1),
    (INVOKED, "Invocation4XXErrors", "Sum"): ("client_errors", 1),
    (INVOKED, "Invocation5XXErrors", "Sum"): ("server_errors", 1),
    (INVOKED, "ModelLatency", "SampleCount"): ("n", 1),
    (INVOKED, "ModelLatency", "Average"): ("mean", SECONDS),
    (INVOKED, "ModelLatency", "p50"): ("p50", SECONDS),
    (INVOKED, "ModelLatency", "p90"): ("p90", SECONDS),
    (INVOKED, "ModelLatency", "p99"): ("p99", SECONDS),
    (INVOKED, "OverheadLatency", "Average"): ("overhead", SECONDS),
    (MACHINES, "CPUUtilization", "Maximum"): ("cpu", 1),
    (MACHINES, "MemoryUtilization", "Maximum"): ("memory", 1),
    (MACHINES, "GPUUtilization", "Maximum"): ("gpu", 1),
    (MACHINES, "DiskUtilization", "Maximum"): ("disk", 1),
}
PRESENCE: Final = ((INVOKED, "Invocations"), (MACHINES, "CPUUtilization"))


def queries_of(place: Place, metrics: set[tuple[str, str]]) -> list[Query]:
    """Statistics by the hour of the metrics that the variant has, and by five minutes that it told anything."""
    hourly = [
        Query(place, namespace, metric, stat, HOURLY)
        for namespace, metric, stat in FIELDS
        if (namespace, metric) in metrics
    ]
    return hourly + [Query(place, *one, "SampleCount", FINE) for one in PRESENCE if one in metrics]


def hours_of(answers: Mapping[Query, Answer]) -> list[ServiceTold]:
    """The hours of which something was told, by place and time. An hour of an answer that is not whole is partial.

    Errors are known where 4xx and 5xx are. Nothing is taken for zero: CloudWatch keeps no datapoint of what was not.
    """
    figures: dict[tuple[Place, datetime], dict[str, Any]] = {}
    slots: dict[tuple[Place, datetime], set[datetime]] = {}
    cut: set[Place] = set()
    for query, answer in answers.items():
        if answer.status != "Complete":
            cut.add(query.place)
        for at, value in answer.points:
            key = query.place, at.replace(minute=0, second=0, microsecond=0)
            if query.period == FINE:
                slots.setdefault(key, set()).add(at)
            else:
                name, factor = FIELDS[query.namespace, query.metric, query.stat]
                figures.setdefault(key, {})[name] = value * factor
    told = []
    for (place, start), said in sorted(figures.items()):
        if "client_errors" in said and "server_errors" in said:
            said["errors"] = said["client_errors"] + said["server_errors"]
        seen = len(slots.get((place, start), ())) / SLOTS
        hour = Hour(start=start, seen=seen, partial=place in cut, **said)
        told.append(ServiceTold(endpoint=place.endpoint, variant=place.variant, hour=hour))
    return told
