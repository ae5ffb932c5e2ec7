"""The model page answers its question in the first sentence, from figures alone."""

from audit.catalogue.listing import ModelRow
from audit.catalogue.states import State
from audit.catalogue.words import count_of, metric_name, metric_value, told_apart


def sentences(row: ModelRow) -> list[str]:
    """The answer to "is it still right?" in one to three sentences."""
    standing, unit = row.standing, row.model.unit
    last, bound = standing.last, standing.threshold
    if not row.model.task:
        runs = f"version {row.production.number} is in production" if row.production else "no version is in production"
        return [f"Nobody can say: what it predicts is unknown, and {runs}.", "Say what it is for, below on this page."]
    if row.production is None and last is None:
        return ["Nobody can say: no version of it is in production, and no predictions with labels have arrived."]
    if last is None or last.value is None:
        return [f"Nobody can say. {standing.why} Send labels for them, and the next week is measured."]
    value = metric_value(standing.metric, last.value, unit)
    need = ""
    if bound is not None:
        value, need = told_apart(standing.metric, last.value, bound.value, unit)
    measured = f"{metric_name(standing.metric)} was {value} in the week of {last.start.day} {last.start:%B %Y}"
    if bound is None:
        return [
            f"Nobody has said what is enough: its {_inner(measured)}.",
            "A retraining rule sets the threshold that it is held to.",
        ]
    if standing.state is State.BELOW:
        side = "below" if bound.below else "above"
        weeks = f", {side} it for {count_of(standing.broken, 'measured week')} in a row" if standing.broken > 1 else ""
        return [f"No. Its {_inner(measured)}; it should be {_at(bound.below)} {need}{weeks}.", *_since(row)]
    if standing.state is State.WATCH:
        if standing.broken:
            return [
                f"Not in the last week: its {_inner(measured)}; it should be {_at(bound.below)} {need}.",
                *_since(row),
            ]
        return [f"Barely. Its {_inner(measured)}, and what chance alone can do reaches over the threshold of {need}."]
    return [f"Yes. Its {_inner(measured)}; it should be {_at(bound.below)} {need}."]


def _at(below: bool) -> str:
    return "at least" if below else "at most"


def _inner(words: str) -> str:
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def _since(row: ModelRow) -> list[str]:
    """How far the measure moved from the best to the last of the weeks shown."""
    values = [week for week in row.weeks if week.value is not None]
    if len(values) < 2 or row.standing.threshold is None or row.standing.last is None:
        return []
    pick = max if row.standing.threshold.below else min
    best = pick(values, key=lambda week: week.value or 0.0)
    if best.value is None or best.start == row.standing.last.start:
        return []
    value = metric_value(row.standing.metric, best.value, row.model.unit)
    return [f"At its best in these weeks, from {best.start.day} {best.start:%B}, it was {value}."]
