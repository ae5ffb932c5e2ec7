"""What bundles of evidence tell about retraining: rules, when they fired, what was compared, and who looked at it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from audit.base.actors import Actor
from audit.catalogue.words import metric_name, metric_value
from audit.exports import sections
from audit.exports.domain.scope import Scope
from audit.exports.report import (
    BAD,
    OFF,
    OK,
    UNKNOWN,
    WAITING,
    WATCH,
    Cell,
    Claim,
    Headings,
    Mark,
    Section,
    Table,
    known,
    number,
    table,
)
from audit.exports.undone import as_known
from audit.exports.words import count, day, moment
from governance.retraining import domain, selectors
from governance.retraining.models import Evaluation, Outcome, Retraining, Review, Rule, State

CLAIMS: Final = {
    "triggers": "a judged rule for each model, which says when to retrain it",
    "comparisons": "comparisons of challengers with what is in production, with cases and intervals",
    "reviews": "reviews of models that retraining did not help",
    "review-comments": "what reviewers said",
}
FIELDS: Final = ("metric", "comparison", "threshold", "windows", "min_n", "enabled")
OUTCOMES: Final = {Outcome.BETTER: OK, Outcome.NOT_BETTER: WATCH, Outcome.WORSE: BAD, Outcome.UNDECIDED: WATCH}
MOST: Final = 200


def register() -> None:
    """Adds the section to every report."""
    sections.register(section, claims=CLAIMS)


def section(scope: Scope, viewer: Actor, as_of: datetime) -> Section:
    """The rules of the scope's models, and what came of them in its period."""
    rules = list(selectors.rules(viewer=viewer).filter(model__in=scope.models, created_at__lte=as_of))
    rules.sort(key=lambda rule: (rule.model.name, rule.metric, str(rule.pk)))
    judged = selectors.evaluations(viewer=viewer).filter(rule__in=rules, at__lte=as_of)
    if scope.start:
        judged = judged.filter(at__gte=scope.start)
    if scope.end:
        judged = judged.filter(at__lt=scope.end)
    counts: dict[UUID, int] = defaultdict(int)
    for rule_id in judged.order_by().values_list("rule", flat=True):
        counts[rule_id] += 1
    fired = sorted(judged.filter(fired=True), key=lambda one: (one.at, str(one.pk)))
    runs = [
        row
        for row in selectors.retrainings(viewer=viewer).filter(model__in=scope.models, created_at__lte=as_of)
        if _in_period(row.created_at, _finished(row, as_of), scope)
    ]
    runs.sort(key=lambda row: (row.created_at, str(row.pk)))
    reviews = [
        row
        for row in selectors.reviews(viewer=viewer).filter(model__in=scope.models, opened_at__lte=as_of)
        if _in_period(row.opened_at, _closed(row, as_of), scope)
    ]
    reviews.sort(key=lambda row: (row.opened_at, str(row.pk)))
    known_rules = as_known(rules, fields=FIELDS, viewer=viewer, as_of=as_of)
    return Section(
        key="retraining",
        title="When models were retrained, and what came of it",
        order=65,
        sentences=_sentences(rules, counts, fired, runs, as_of),
        tables=tuple(
            one
            for one in (
                _rules(rules, known_rules, counts),
                _fired(fired),
                _runs(runs, as_of),
                _measures(runs, as_of),
                _reviews(reviews, as_of),
            )
            if one is not None
        ),
        claims=_claims(rules, counts, runs, reviews, scope, as_of),
    )


def _finished(row: Retraining, as_of: datetime) -> datetime | None:
    return row.finished_at if row.finished_at is not None and row.finished_at <= as_of else None


def _closed(row: Review, as_of: datetime) -> datetime | None:
    return row.closed_at if row.closed_at is not None and row.closed_at <= as_of else None


def _in_period(began: datetime, ended: datetime | None, scope: Scope) -> bool:
    return (scope.end is None or began < scope.end) and (scope.start is None or ended is None or ended >= scope.start)


def _sentences(
    rules: Sequence[Rule],
    counts: dict[UUID, int],
    fired: Sequence[Evaluation],
    runs: Sequence[Retraining],
    as_of: datetime,
) -> tuple[str, ...]:
    if not rules:
        return ("No rule says when to retrain.",)
    better = sum(_finished(row, as_of) is not None and row.outcome == Outcome.BETTER for row in runs)
    times = sum(counts.values())
    return (
        (
            f"{count(len(rules), 'rule')} {'was' if len(rules) == 1 else 'were'} judged {count(times, 'time')}; "
            f"{count(len(fired), 'judgement')} started a retraining."
        ),
        f"Of {count(len(runs), 'retraining')}, {better} gave a version that was better than the one in production.",
    )


def _rules(rules: Sequence[Rule], values: dict[Any, dict[str, Any]], counts: dict[UUID, int]) -> Table | None:
    if not rules:
        return None
    rows: list[list[Cell]] = []
    for rule in rules:
        then = values[rule.pk]
        condition = domain.Condition(
            then["metric"], then["comparison"], then["threshold"], then["windows"], then["min_n"], rule.model.unit
        )
        rows.append(
            [
                rule.model.name,
                condition.words(),
                Mark(OK, "on") if then["enabled"] else Mark(OFF, "off"),
                f"{then['min_n']:,}",
                moment(rule.created_at),
                f"{counts.get(rule.pk, 0):,}",
            ]
        )
    headings: Headings = [
        "Model",
        "Retrain when",
        "State",
        number("Least cases a week"),
        "Since (UTC)",
        number("Judged"),
    ]
    return table("Rules", headings, rows)


def _fired(fired: Sequence[Evaluation]) -> Table | None:
    if not fired:
        return None
    rows = [[one.rule.model.name, day(one.week), moment(one.at), one.sentence] for one in reversed(fired[-MOST:])]
    note = f"The newest {MOST} of {len(fired):,}." if len(fired) > MOST else ""
    return table("When a rule fired", ["Model", "Week of", "Judged (UTC)", "Why"], rows, note=note)


def _runs(runs: Sequence[Retraining], as_of: datetime) -> Table | None:
    if not runs:
        return None
    rows: list[list[Cell]] = []
    for row in reversed(runs[-MOST:]):
        finished = _finished(row, as_of)
        trained = row.candidate is not None and row.candidate.created_at <= as_of
        rows.append(
            [
                row.model.name,
                moment(row.created_at),
                row.started_by,
                f"v{row.champion.number}",
                f"v{row.candidate.number}" if trained and row.candidate is not None else UNKNOWN,
                _outcome(row, finished),
                known(row.sentence) if finished else "",
            ]
        )
    headings = ["Model", "Started (UTC)", "Started by", "In production", "Challenger", "Outcome", "What was found"]
    return table("Retrainings", headings, rows)


def _outcome(row: Retraining, finished: datetime | None) -> Mark:
    if finished is None:
        return Mark(WAITING, "under way")
    if row.outcome:
        return Mark(OUTCOMES[Outcome(row.outcome)], Outcome(row.outcome).label)
    return Mark(BAD, State(row.state).label) if row.state == State.FAILED else UNKNOWN


def _measures(runs: Sequence[Retraining], as_of: datetime) -> Table | None:
    rows: list[list[Cell]] = []
    for row in reversed(runs[-MOST:]):
        if _finished(row, as_of) is None:
            continue
        for one in row.comparison.get("measures", []):
            name, unit = one["metric"], row.model.unit
            rows.append(
                [
                    f"{row.model.name} v{row.comparison.get('candidate')} against v{row.comparison.get('champion')}",
                    metric_name(name),
                    _value(name, one.get("champion"), unit) or UNKNOWN,
                    _value(name, one.get("candidate"), unit) or UNKNOWN,
                    _interval(one) or UNKNOWN,
                    f"{one.get('n', 0):,}",
                    one.get("method") or UNKNOWN,
                ]
            )
    if not rows:
        return None
    headings: Headings = [
        "Compared",
        "Metric",
        number("In production"),
        number("Challenger"),
        "Difference, 95% interval",
        number("Cases"),
        "Method",
    ]
    return table("What was compared, on the same cases", headings, rows, long=len(rows) > 20)


def _value(name: str, value: float | None, unit: str) -> str:
    return "" if value is None else metric_value(name, value, unit)


def _interval(one: dict[str, Any]) -> str:
    if one.get("difference") is None or one.get("low") is None or one.get("high") is None:
        return ""
    difference, low, high = (f"{one[name]:+.3f}".replace("-", "\u2212") for name in ("difference", "low", "high"))
    return f"{difference} ({low} to {high})"


def _reviews(reviews: Sequence[Review], as_of: datetime) -> Table | None:
    if not reviews:
        return None
    rows: list[list[Cell]] = []
    for row in reversed(reviews[-MOST:]):
        closed = _closed(row, as_of)
        who = row.closed_by.name if closed and row.closed_by else ""
        rows.append(
            [
                row.model.name,
                moment(row.opened_at),
                row.reason,
                Mark(OK, "closed") if closed else Mark(WAITING, "open"),
                moment(closed) or Mark(OFF, "not yet"),
                who or Mark(OFF, "nobody yet"),
                row.comment if closed else "",
            ]
        )
    headings = ["Model", "Opened (UTC)", "Why", "State", "Closed (UTC)", "By", "What they said"]
    return table("Reviews by people", headings, rows)


def _claims(
    rules: Sequence[Rule],
    counts: dict[UUID, int],
    runs: Sequence[Retraining],
    reviews: Sequence[Review],
    scope: Scope,
    as_of: datetime,
) -> tuple[Claim, ...]:
    of = len(scope.models)
    ruled = len({rule.model_id for rule in rules if counts.get(rule.pk)})
    finished = [row for row in runs if _finished(row, as_of)]
    compared = sum(any(_interval(one) for one in row.comparison.get("measures", [])) for row in finished)
    closed = [row for row in reviews if _closed(row, as_of)]
    said = sum(bool(row.comment.strip()) for row in closed)
    return (
        Claim("triggers", ruled, of, f"{ruled:,} of {count(of, 'model')} with a judged rule"),
        Claim(
            "comparisons",
            compared,
            len(finished),
            f"{compared:,} of {count(len(finished), 'finished retraining')} compared, with intervals",
        ),
        Claim(
            "reviews",
            len(closed),
            len(reviews),
            f"{len(closed):,} of {count(len(reviews), 'review')} closed by a person",
        ),
        Claim(
            "review-comments", said, len(closed), f"{said:,} of {count(len(closed), 'review')} with words", said=True
        ),
    )
