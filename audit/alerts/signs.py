"""What stands out in a week: each sign with its figures and a sentence, and the cause that they speak for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from audit.alerts import gathering
from audit.alerts.domain import life
from audit.alerts.domain.looks import INPUTS, OUTCOMES, Trial
from audit.alerts.gathering import Seen
from audit.alerts.labelled import compared
from audit.catalogue.models import Task
from audit.catalogue.states import State
from audit.catalogue.words import metric_name, metric_value, metric_words
from audit.monitoring.domain.budget import ALARM, UNTESTED, Spent
from audit.monitoring.domain.causes import LEVEL, Cause, Facts, Movement, cause_of, of_columns
from audit.monitoring.domain.estimate import Estimate, wilson
from audit.monitoring.domain.quality import Finding
from audit.monitoring.domain.thresholds import plain
from audit.monitoring.input_models import ColumnWeek
from audit.monitoring.inputs.days import PREDICTION, SCORE

COLUMN, QUALITY, LABELS, ERRORS, PERFORMANCE = "column", "quality", "labels", "errors", "performance"
ESTIMATE, LATENCY, FAILURES, FAIRNESS = "estimate", "latency", "failures", "fairness"
OF_OUTCOMES: Final = frozenset({LABELS, ERRORS, PERFORMANCE, FAIRNESS})
"""Signs that only labels can show: without labels a week says nothing of them."""
KINDS: Final = {
    COLUMN: "Column", QUALITY: "Check of the data", LABELS: "Labels", ERRORS: "Errors", PERFORMANCE: "Performance",
    LATENCY: "Latency", FAILURES: "Errors of the service", FAIRNESS: "Fairness", ESTIMATE: "Estimate",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that stood out: ``value`` by ``variant`` beyond ``bound``, from ``n`` rows."""

    what: str
    name: str
    variant: str
    value: float | None
    bound: float | None
    n: int
    sentence: str

    def told(self) -> dict[str, Any]:
        """As a row keeps it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Group:
    """Signs of one cause, with the cause in words and its evidence."""

    cause: str
    sentence: str
    evidence: tuple[str, ...]
    signs: tuple[Sign, ...]


Looked = Mapping[str, tuple[Spent, list[Trial]]]
"""What each look (inputs, outcomes) decided, with its tests."""


def groups(seen: Seen, looked: Looked) -> list[Group]:
    """What stands out in the week, by cause; empty where nothing does."""
    found = [*_columns(seen, looked), *_faults(seen), *_outcomes(looked), *_performance(seen), *_estimates(seen)]
    grouped = []
    if found:
        cause = _cause(seen, looked)
        grouped.append(Group(cause.cause, cause.sentence, (*cause.evidence, *_detectors(seen)), tuple(found)))
    for kind, own in ((life.SERVICE, _service(seen)), (life.FAIRNESS, _fairness(seen))):
        if own:
            said = tuple(one.sentence for one in own)
            grouped.append(Group(kind, f"{life.CAUSES[kind]}.", said, tuple(own)))
    return grouped


def _alarms(looked: Looked, kind: str) -> list[Trial]:
    if kind not in looked:
        return []
    spent, tests = looked[kind]
    raised = {one.column for one in spent.decisions if one.outcome == ALARM}
    return [test for test in tests if test.name in raised]


def _p(looked: Looked, kind: str, name: str) -> float:
    return next((one.p or 0.0 for one in looked[kind][0].decisions if one.column == name), 0.0)


def _columns(seen: Seen, looked: Looked) -> list[Sign]:
    roles = {row.column: row.get_role_display().lower() for row in seen.columns}
    found = []
    for test in _alarms(looked, INPUTS):
        said = (
            f"The {roles[test.name]} {test.name} moved: {test.variant} {plain(test.effect or 0.0)} against "
            f"{plain(test.bound)}, {_chance(_p(looked, INPUTS, test.name))}, {test.n:,} rows against "
            f"{test.n_reference:,}."
        )
        found.append(Sign(COLUMN, test.name, test.variant, test.effect, test.bound, test.n, said))
    return found


def _chance(p: float) -> str:
    return "p below 0.000001" if p < 1e-6 else f"p {p:.2g}"


def _faults(seen: Seen) -> list[Sign]:
    return [
        Sign(QUALITY, f"{one.check_name} {one.column}".strip()[:200], one.check_name, one.value, one.bound, one.n,
             f"{one.column}: {one.sentence}" if one.column and one.column not in one.sentence else one.sentence)
        for one in seen.findings
        if one.is_fault
    ]  # fmt: skip


def _outcomes(looked: Looked) -> list[Sign]:
    found = []
    for test in _alarms(looked, OUTCOMES):
        words = "How often the outcome comes" if test.name == LABELS else "How much the model errs"
        effect = test.effect if test.effect is not None and math.isfinite(test.effect) else None
        said = (
            f"{words} changed: {test.variant} {plain(effect) if effect is not None else 'unbounded'} against "
            f"{plain(test.bound)}, {_chance(_p(looked, OUTCOMES, test.name))}, {test.n:,} labelled rows against "
            f"{test.n_reference:,}."
        )
        found.append(Sign(test.name, test.name, test.variant, effect, test.bound, test.n, said))
    return found


def _performance(seen: Seen) -> list[Sign]:
    week = seen.served
    if week is None or week.state != State.BELOW:
        return []
    bound = gathering.threshold_of(seen.model)
    limit = bound.value if bound is not None and bound.metric == week.metric else None
    name, unit = metric_name(week.metric), seen.model.unit
    value = name if week.value is None else metric_words(week.metric, week.value, unit)
    against = "" if limit is None else f", and {metric_words(week.metric, limit, unit)} was agreed"
    said = f"{value} of {week.n:,} labelled predictions{against}."
    return [Sign(PERFORMANCE, week.metric, week.metric, week.value, limit, week.n, said)]


def _estimates(seen: Seen) -> list[Sign]:
    """What an estimator says before labels come, where its record gives it a say."""
    found = []
    for row in seen.estimates:
        if row.value is None or (seen.window is not None and row.realised is not None):
            continue
        least = row.fit.bounds.get(row.metric, [None])[0]
        limit = "" if least is None else f"; {metric_value(row.metric, least)} was the least before"
        said = (
            f"{metric_name(row.metric)} is estimated at {metric_value(row.metric, row.value)} before the labels come, "
            f"from {row.n:,} predictions{limit}."
        )
        found.append(Sign(ESTIMATE, row.metric, row.fit.variant, row.value, least, row.n, said))
    return found


def _service(seen: Seen) -> list[Sign]:
    policy, found = seen.policy, []
    slow = [one for one in seen.days if one.worst_p99 is not None]
    if policy.p99_seconds is not None and slow:
        worst = max(slow, key=lambda one: one.worst_p99 or 0.0)
        if (worst.worst_p99 or 0.0) > policy.p99_seconds:
            said = (
                f"On {worst.start:%-d %B %Y} 99 of 100 requests to {worst.place} took up to "
                f"{(worst.worst_p99 or 0.0) * 1000:,.0f} ms in the worst hour; {policy.p99_seconds * 1000:,.0f} ms are "
                "allowed."
            )
            n = int(worst.n or 0)
            found.append(
                Sign(LATENCY, worst.place[:200], "p99, worst hour", worst.worst_p99, policy.p99_seconds, n, said)
            )
    judged = sum(one.judged or 0.0 for one in seen.days if one.errors is not None)
    errors = sum(one.errors or 0.0 for one in seen.days if one.judged)
    if policy.error_share is not None and judged >= 1:
        share = wilson(round(min(errors, judged)), round(judged))
        if share.low is not None and share.low > policy.error_share:
            said = (
                f"{errors:,.0f} of {judged:,.0f} requests failed ({share.value:.2%}); {policy.error_share:.2%} are "
                "allowed, and the whole 95% interval lies beyond."
            )
            found.append(Sign(FAILURES, "error share", "wilson", share.value, policy.error_share, round(judged), said))
    return found


def _fairness(seen: Seen) -> list[Sign]:
    bound, found = seen.policy.fairness_gap, []
    for row in seen.fairness:
        if bound is None or row.low is None or row.low <= bound or row.n < seen.policy.least_rows:
            continue
        if "ratio" in row.metric:
            continue  # of a ratio a low value is the bad one
        said = (
            f"{metric_name(row.metric)} by {row.column}: {row.value:.3f} ({row.low:.3f} to {row.high:.3f}) between "
            f"{row.highest} and {row.lowest}, of {row.n:,} rows; {bound:.3f} is allowed, and the whole interval lies "
            "beyond."
        )
        found.append(Sign(FAIRNESS, f"{row.metric} {row.column}"[:200], row.variant, row.value, bound, row.n, said))
    return found


def _detectors(seen: Seen) -> list[str]:
    """Evidence only: no budget pays what detectors of concept drift find."""
    return [
        f"{one.method} saw the errors change on {one.at:%-d %B %Y}, from {plain(one.before)} to {plain(one.mean)}."
        for one in seen.concept
        if one.before is not None and one.mean is not None
    ]


def _cause(seen: Seen, looked: Looked) -> Cause:
    within, given = compared(seen)
    roles = {row.column: row.role for row in seen.columns}
    columns, prediction = [], None
    if INPUTS in looked:
        statistics = {row.column: row.statistics for row in seen.columns}
        distances = {
            name: (told.get("l_infinity") or told.get("ks") or {}).get("value") for name, told in statistics.items()
        }
        moved = of_columns(
            looked[INPUTS][0], variant="psi/credit", importance=gathering.importance_of(seen), distances=distances
        )
        columns = [one for one in moved if roles.get(one.name) == ColumnWeek.Role.FEATURE]
        answer = SCORE if seen.model.task == Task.CLASSIFICATION else PREDICTION
        prediction = next((one for one in moved if one.name == answer and one.moved is not None), None)
    return cause_of(
        Facts(
            quality=[_finding(one) for one in seen.findings],
            columns=columns,
            prediction=prediction,
            labels=_outcome(looked, LABELS),
            errors=_outcome(looked, ERRORS),
            within_labels=within,
            given_scores=given,
            classifier=_classifier(seen),
        )
    )


def _finding(row: Any) -> Finding:
    return Finding(row.check_name, row.column, row.outcome, row.value, row.bound, row.n, row.sentence, row.is_fault)


def _outcome(looked: Looked, name: str) -> Movement | None:
    """Whether labels or errors moved, at the level at which causes are told apart, and from their bound's half on."""
    if OUTCOMES not in looked:
        return None
    spent, tests = looked[OUTCOMES]
    test = next((one for one in tests if one.name == name), None)
    decision = next((one for one in spent.decisions if one.column == name), None)
    if test is None or decision is None or decision.outcome == UNTESTED or test.p is None or test.effect is None:
        return None
    return Movement(name, test.p <= LEVEL and test.effect >= test.bound / 2, test.effect, test.p, test.variant)


def _classifier(seen: Seen) -> Estimate | None:
    row = seen.shift
    return None if row is None or row.value is None else Estimate(row.value, row.low, row.high, row.used)
