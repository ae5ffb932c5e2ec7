"""Takes in how SageMaker endpoints answer: traffic, errors, latency and saturation, by the hour."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources import hours
from audit.sources.aws import SECRETS, Aws, AwsForm, NotSignedIn
from audit.sources.cloudwatch.client import INVOKED, Answer, CloudWatch, Place, Query
from audit.sources.cloudwatch.mapping import HOURLY, hours_of, queries_of
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from audit.sources.domain.told import Told
from audit.sources.http import Missing
from audit.sources.taking.service import known_names

AT_ONCE: Final = 500
"""Queries that one call of GetMetricData takes."""
DAYS: Final = 14
NOBODY: Final = Place("tollgate-test-of-settings", "none")


class CloudWatchForm(AwsForm):
    """Where, as whom, and how far back an endpoint is read at first."""

    days = forms.IntegerField(
        label="Days back",
        min_value=1,
        max_value=60,
        initial=DAYS,
        help_text="How far back an endpoint is read when it is new; CloudWatch keeps five-minute figures for 63 days",
    )


class CloudWatchConnector:
    """SageMaker endpoints of one region, of deployments that the catalogue knows."""

    kind = "cloudwatch"
    title = "Amazon CloudWatch"
    description = "How SageMaker endpoints answer: requests, errors, latency and load of their machines, by the hour"
    form: type[forms.Form] = CloudWatchForm
    secret: tuple[str, ...] = SECRETS

    def test(self, settings: Settings) -> list[Check]:
        """Whether both calls are allowed, and how many variants CloudWatch has figures of."""
        watch = CloudWatch(Aws(settings))
        try:
            found = watch.metrics()
        except NotSignedIn as error:
            return [Check(False, error.sentence)]
        except (InvalidInput, Missing, Unavailable) as error:
            checks = [Check(False, _sentence(error))]
        else:
            said = f"CloudWatch has figures of {len(found):,} variants of endpoints of the last two weeks."
            checks = [Check(bool(found), said if found else f"{said} Was any endpoint asked anything?")]
        return [*checks, _data_check(watch)]

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Reads hours that are over, of endpoints that the catalogue knows; the last three once more."""
        at, days = clock.now(), int(settings.get("days") or DAYS)
        windows = hours.due(cursor, known_names(context.team.pk, at - timedelta(days=days)), at=at, days=days)
        if not windows:
            return PullResult(cursor)
        watch = CloudWatch(Aws(settings))
        metrics = watch.metrics()
        failed: set[str] = set()
        for window in windows:
            for part in window.parts():
                failed |= _read(context, watch, part, metrics)
                cursor = hours.after(cursor, part.names - failed, part.until)
                context.take(Told(), cursor=cursor)
        return PullResult(cursor)


def _read(
    context: PullContext, watch: CloudWatch, window: hours.Window, metrics: dict[Place, set[tuple[str, str]]]
) -> set[str]:
    """Reads one window in as many calls as it needs; gives the endpoints at which CloudWatch itself failed."""
    queries = [queries_of(place, metrics[place]) for place in sorted(metrics) if place.endpoint in window.names]
    failed: set[str] = set()
    for batch in _batches(queries):
        answers, said = watch.data(batch, window.since, window.until)
        for sentence in [*said, *_faults(answers)]:
            context.problem(sentence)
        failed |= {query.place.endpoint for query, one in answers.items() if one.status == "InternalError"}
        context.take(Told(service=tuple(hours_of(answers))))
        context.run.log(f"{len(batch):,} queries from {window.since:%-d %B %H:%M} to {window.until:%-d %B %H:%M} UTC.")
    return failed


def _batches(queries: Sequence[Sequence[Query]]) -> Iterator[list[Query]]:
    """Whole variants together, at most 500 queries."""
    batch: list[Query] = []
    for own in queries:
        if batch and len(batch) + len(own) > AT_ONCE:
            yield batch
            batch = []
        batch += own
    if batch:
        yield batch


def _faults(answers: dict[Query, Answer]) -> list[str]:
    """A sentence for each endpoint of whose figures CloudWatch did not give all."""
    found: dict[tuple[str, str], set[str]] = {}
    for query, answer in answers.items():
        if answer.status != "Complete":
            found.setdefault((query.place.endpoint, answer.status or "no status"), set()).add(query.metric)
    return [
        f"CloudWatch gave not all of {', '.join(sorted(metrics))} of {endpoint} ({status})."
        + (" The right cloudwatch:GetMetricData is missing." if status == "Forbidden" else "")
        for (endpoint, status), metrics in sorted(found.items())
    ]


def _data_check(watch: CloudWatch) -> Check:
    until = clock.now().replace(minute=0, second=0, microsecond=0)
    query = Query(NOBODY, INVOKED, "Invocations", "Sum", HOURLY)
    try:
        watch.data([query], until - timedelta(hours=1), until)
    except (InvalidInput, Missing, Unavailable) as error:
        return Check(False, _sentence(error))
    return Check(True, "cloudwatch:GetMetricData is allowed.")


def _sentence(error: Exception) -> str:
    return str(getattr(error, "sentence", error))
