"""Takes in how what Prometheus watches answers: traffic, errors, latency and saturation, by the hour."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

from django import forms

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.monitoring.domain.service import HOUR
from audit.sources import hours
from audit.sources.contract import Check, Cursor, PullContext, PullResult, Settings, Unavailable
from audit.sources.domain.told import ServiceTold, Told
from audit.sources.http import Forbidden
from audit.sources.prometheus.client import Answer, Prometheus, Series
from audit.sources.prometheus.forms import DAYS, EXPRESSIONS, LABEL, SPAN, PrometheusForm
from audit.sources.prometheus.mapping import FINE, Hours
from audit.sources.taking.service import known_names

HOURLY: Final = 3600
SHOWN: Final = 5


class PrometheusConnector:
    """A server with Prometheus's HTTP API v1."""

    kind = "prometheus"
    title = "Prometheus"
    description = "How deployments answer: requests, errors, latency and load, by four expressions in PromQL"
    form: type[forms.Form] = PrometheusForm
    secret: tuple[str, ...] = ("password", "token")

    def test(self, settings: Settings) -> list[Check]:
        """What each expression gives for the last hour that is over, and whose names stand in the label."""
        at = clock.now().replace(minute=0, second=0, microsecond=0)
        checks: list[Check] = []
        names: set[str] = set()
        with Prometheus(settings, pause=_at_once) as server:
            for name in _set(settings):
                try:
                    answer = server.at(filled(settings, name, "1h"), at)
                except (Forbidden, Unavailable) as error:
                    return [*checks, Check(False, error.sentence)]
                except InvalidInput as error:
                    checks.append(Check(False, f"The expression of {name} does not work. {error.sentence}"))
                    continue
                checks.append(_check(name, answer, str(settings.get("label"))))
                names |= {one.labels.get(str(settings.get("label")), "") for one in answer.series} - {""}
        if names:
            checks.append(Check(True, f"The label {settings.get('label')} has the values {_few(names)}."))
        return checks

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Reads hours that are over, of names that the catalogue knows; the last three once more."""
        at, days = clock.now(), int(settings.get("days") or DAYS)
        known = known_names(context.team.pk, at - timedelta(days=days))
        windows = hours.due(cursor, known, at=at, days=days)
        if not windows:
            return PullResult(cursor)
        seen: set[str] = set()
        said: dict[str, None] = {}
        with Prometheus(settings) as server:
            for window in windows:
                for part in window.parts():
                    found = _Reading(server, settings, part, said)
                    told = found.whole()
                    seen |= found.hours.names()
                    cursor = hours.after(cursor, part.names, part.until)
                    context.take(Told(service=tuple(told)), cursor=cursor)
                    context.run.log(f"{len(told):,} hours until {part.until:%-d %B %H:%M} UTC.")
        if seen and not seen & known:
            said[
                f"No value of the label {settings.get('label')} is the endpoint of a deployment or the short name of a"
                f" model of {context.team}. There are {_few(seen)}."
            ] = None
        for sentence in said:
            context.problem(sentence)
        return PullResult(cursor)


class _Reading:
    """One window: each expression once, and traffic by five minutes. What is wrong is said once, in ``said``."""

    def __init__(self, server: Prometheus, settings: Settings, window: hours.Window, said: dict[str, None]) -> None:
        self.server, self.settings, self.window, self.said = server, settings, window, said
        self.hours = Hours(str(settings.get("label")), str(settings.get("version_label") or ""))
        self.partial = False

    def whole(self) -> list[ServiceTold]:
        """The hours of the names of the window."""
        first, last = self.window.since + HOUR, self.window.until
        for name in _set(self.settings):
            self._ask(name, "1h", first, last, HOURLY, getattr(self.hours, name))
        counted = SPAN in str(self.settings.get("traffic"))
        if counted:
            begun = self.window.since + timedelta(seconds=FINE)
            self._ask("traffic", "5m", begun, last, FINE, self.hours.presence)
        if self.hours.nameless:
            self.said[f"Series without the label {self.settings.get('label')} came, and cannot be used."] = None
        for one in sorted(self.hours.unused):
            self.said[f"Nothing is known of the {one}: it is not used."] = None
        return self.hours.told(self.window.names, counted=counted, partial=self.partial)

    def _ask(
        self, name: str, span: str, first: datetime, last: datetime, step: int, take: Callable[[list[Series]], None]
    ) -> None:
        try:
            answer = self.server.over(filled(self.settings, name, span), first, last, step)
        except Forbidden:
            raise
        except InvalidInput as error:
            self.said[f"The expression of {name} does not work. {error.sentence}"] = None
            return
        for warning in answer.warnings:
            self.partial = True
            self.said[f"Prometheus warns about {name}: {warning}"] = None
        if answer.histograms:
            self.said[f"The expression of {name} gives native histograms: use histogram_quantile() in it."] = None
        take(answer.series)


def filled(settings: Settings, name: str, span: str) -> str:
    """The expression with its labels and its time."""
    labels = ", ".join(one for key in ("label", "version_label") if (one := str(settings.get(key) or "")))
    return str(settings.get(name) or "").replace(LABEL, labels).replace(SPAN, span)


def _set(settings: Settings) -> list[str]:
    return [name for name in EXPRESSIONS if str(settings.get(name) or "").strip()]


def _check(name: str, answer: Answer, label: str) -> Check:
    if answer.histograms and not answer.series:
        return Check(False, f"The expression of {name} gives native histograms: use histogram_quantile() in it.")
    if not answer.series:
        return Check(False, f"The expression of {name} gives nothing for the last full hour.")
    named = sum(label in one.labels for one in answer.series)
    if not named:
        return Check(False, f"The expression of {name} gives series without the label {label}.")
    warned = f" It warns: {answer.warnings[0]}" if answer.warnings else ""
    return Check(not warned, f"The expression of {name} gives {named:,} series with the label {label}.{warned}")


def _few(names: Iterable[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:SHOWN]) + (f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else "")


def _at_once(seconds: float) -> None:
    """A person waits for the test: it does not."""
