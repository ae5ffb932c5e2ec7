"""Estimates in words and drawn beside what labels said: how far they may be off, and whether to believe them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from audit.catalogue.words import count_of, metric_name, metric_value
from audit.monitoring.domain.estimating import METRICS
from audit.monitoring.domain.hits import Record
from audit.monitoring.estimate_models import EstimateFit, EstimateWeek
from audit.monitoring.estimates.weeks import bounds_of, record_of, usual_of, why_silent
from config.ui import charts

HEADER: Final = ("Week from", "Estimated", "95% interval", "By labels", "Apart", "What follows")
BLIND: Final = (
    "It believes that a score still means what it meant in the weeks that it learned from. When the same inputs begin "
    "to mean something else (concept drift), it does not see that; labels do."
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A metric with the estimator's record of it; ``why`` says why it may raise no alarm (empty: it may)."""

    metric: str
    record: Record
    why: str

    @property
    def name(self) -> str:
        """The metric for people."""
        return metric_name(self.metric)


def records(fit: EstimateFit, rows: Sequence[EstimateWeek]) -> list[Kept]:
    """The estimator's record of each metric."""
    found = []
    for metric in METRICS:
        record = record_of([row for row in rows if row.metric == metric], bounds_of(fit, metric))
        found.append(Kept(metric, record, why_silent(record)))
    return found


def title(metric: str, rows: Sequence[EstimateWeek]) -> str:
    """What to know first of these weeks of a metric: the newest one without labels, or how good estimates were."""
    waiting = [row for row in rows if row.realised is None and row.value is not None]
    if waiting:
        last = waiting[-1]
        assert last.value is not None, "only weeks with a value wait"
        return f"{metric_name(metric)} is estimated at {metric_value(metric, last.value)} for the week of {_day(last)}"
    known = [row for row in rows if row.realised is not None and row.value is not None]
    if not known:
        return "How well does it do before labels come?"
    off = max(abs((row.value or 0) - (row.realised or 0)) for row in known)
    return f"All weeks have labels; {metric_name(metric)} was estimated with an error of at most {off:.3f}"


def sentences(fit: EstimateFit, metric: str, rows: Sequence[EstimateWeek]) -> list[str]:
    """How far the estimates may be off, what they say, and whether to believe them."""
    said = []
    waiting = [row for row in rows if row.realised is None and row.value is not None]
    if waiting:
        last = waiting[-1]
        verb = "waits" if len(waiting) == 1 else "wait"
        said.append(
            f"{count_of(len(waiting), 'week')} {verb} for labels. By sampling alone the newest may be off by "
            f"{_half(last)}; what the world changes comes on top."
        )
        if last.sign:
            said.append("It is lower than estimates usually are: a first sign that something changed.")
    said.append(of_record(record_of(rows, bounds_of(fit, metric))))
    said.append(BLIND)
    return said


def of_record(record: Record) -> str:
    """The estimator's record in words."""
    if not record.windows:
        return "No week that it estimated has labels yet, so whether to believe it is unknown and it raises no alarm."
    found = f"Of {count_of(record.windows, 'week')} whose labels came, {record.inside} lay where it said"
    if record.realised_alarms:
        found += f"; of {count_of(record.realised_alarms, 'real alarm')} it named {record.agreed_alarms}"
    else:
        found += "; labels gave no alarm"
        if record.estimated_alarms:
            found += f", and it gave {record.estimated_alarms}"
    why = why_silent(record)
    return f"{found}. {why + ' So it raises no alarm.' if why else 'So it may raise alarms.'}"


def learned(fit: EstimateFit) -> str:
    """What it learned from, in words."""
    of = f"its reference ({fit.reference.words})" if fit.reference else "its first labelled weeks"
    return f"{fit.n:,} labelled predictions of {count_of(len(fit.weeks), 'week')}: {of}"


def figure(fit: EstimateFit, metric: str, rows: Sequence[EstimateWeek]) -> dict[str, Any] | None:
    """The estimates, dashed, beside what labels said; None without any."""
    drawn = [row for row in rows if row.value is not None]
    if not drawn:
        return None
    x = [f"{row.start:%Y-%m-%d}" for row in drawn]
    lines = [
        charts.Series(
            "estimated", x, [row.value for row in drawn], [row.low for row in drawn], [row.high for row in drawn],
            colour=1, dashed=True,
        )
    ]  # fmt: skip
    if any(row.realised is not None for row in drawn):
        lines.append(
            charts.Series(
                "by labels", x, [row.realised for row in drawn], [row.realised_low for row in drawn],
                [row.realised_high for row in drawn],
            )
        )  # fmt: skip
    return charts.lines(lines, threshold=bounds_of(fit, metric).low, threshold_label="Lower bound")


def row_of(row: EstimateWeek) -> tuple[Any, ...]:
    """A line of the table under the figure."""
    interval = None
    if row.low is not None and row.high is not None:
        interval = f"{row.low:.3f} to {row.high:.3f}"
    apart = None if row.value is None or row.realised is None else f"{row.value - row.realised:+.3f}"
    return _day(row), _known(row.value), interval, _known(row.realised) or "not yet", apart, follows(row)


def follows(row: EstimateWeek) -> str:
    """What follows from a week's estimate."""
    if row.alarm:
        return "Alarm: outside its bounds"
    if row.outside:
        return f"Outside its bounds, and no alarm. {row.why}"
    if row.sign:
        return "A first sign: lower than estimates usually are"
    return "Unknown" if row.outside is None else "Nothing"


def ranges(fit: EstimateFit, metric: str) -> str:
    """Where the metric lay in the weeks that were learned from, and where estimates of it lay, in words."""
    by_labels, usual = bounds_of(fit, metric), usual_of(fit, metric)
    if by_labels.low is None or by_labels.high is None or usual.low is None:
        return "Its bounds are unknown."
    return (
        f"Bounds {by_labels.low:.3f} to {by_labels.high:.3f}: mean ± 3 standard deviations of "
        f"{count_of(by_labels.windows, 'week')} by labels. An estimate below {usual.low:.3f} is a first sign: 2 "
        "standard deviations under what estimates of the same weeks were."
    )


def _half(row: EstimateWeek) -> str:
    if row.low is None or row.high is None:
        return "an unknown amount"
    return f"{(row.high - row.low) / 2:.3f}"


def _known(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _day(row: EstimateWeek) -> str:
    return f"{row.start.day} {row.start:%B %Y}"
