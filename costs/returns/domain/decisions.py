"""What stated values say about decisions: what one wrong answer costs, and from which score a case is positive."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from costs.returns.domain.values import UNIT_OF_ERROR, ZERO, Range


@dataclass(frozen=True, slots=True)
class Deviation:
    """What one wrong answer costs against the right one, in the statement's currency: from ``low`` to ``high``."""

    outcome: str
    low: Decimal
    point: Decimal
    high: Decimal


def deviations(ranges: Mapping[str, Range]) -> list[Deviation]:
    """What a false positive (against a true negative), a false negative, and a unit of error cost; stated ones only."""
    nothing = Range.certain(ZERO)
    found = []
    for wrong, right in (("fp", "tn"), ("fn", "tp")):
        if wrong in ranges or right in ranges:
            bad, good = ranges.get(wrong, nothing), ranges.get(right, nothing)
            found.append(Deviation(wrong, good.low - bad.high, good.point - bad.point, good.high - bad.low))
    if UNIT_OF_ERROR in ranges:
        bad = ranges[UNIT_OF_ERROR]
        found.append(Deviation(UNIT_OF_ERROR, -bad.high, -bad.point, -bad.low))
    return found


def best_threshold(values: Mapping[str, Decimal]) -> Decimal | None:
    """The probability from which calling a case positive is worth more, 0 to 1; None where values do not say.

    (c10 - c00) / (c10 - c00 + c01 - c11) with c of the predicted and the actual class, costs being values with the
    opposite sign (Elkan, IJCAI 2001, equation 2); it needs that a wrong answer costs more than the right one. It holds
    for scores that are probabilities.
    """
    if not {"tp", "fn"} & set(values) or not {"fp", "tn"} & set(values):
        return None
    false_alarm = values.get("tn", ZERO) - values.get("fp", ZERO)
    miss = values.get("tp", ZERO) - values.get("fn", ZERO)
    return false_alarm / (false_alarm + miss) if false_alarm > 0 and miss > 0 else None
