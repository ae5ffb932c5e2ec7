"""How a budget stands: spent and forecast against its amount, and the thresholds that they reached."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from costs.budgets.domain.forecast import Forecast

EXCEEDED, HEADING, POSSIBLE, WITHIN, UNKNOWN = "exceeded", "heading", "possible", "within", "unknown"
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    EXCEEDED: ("bad", "Exceeded"),
    HEADING: ("bad", "Will exceed"),
    POSSIBLE: ("watch", "May exceed"),
    WITHIN: ("ok", "Within"),
    UNKNOWN: ("unknown", "Unknown"),
}
"""The shape and word of each."""
SPENT, FORECAST = "spent", "forecast"
MONEY, TRAINING_HOURS = "money", "training_hours"
MEASURES: Final[Mapping[str, str]] = {MONEY: "Money", TRAINING_HOURS: "Training hours"}
MOST_THRESHOLDS, HIGHEST = 10, 1000


def standing(amount: Decimal, spent: Decimal | None, coming: Forecast | None) -> str:
    """The state. Without a forecast, what is not exceeded yet is within: so much is known.

    "Heading" means that the forecast itself lies above the amount, "possible" that only its interval reaches beyond.
    """
    if spent is None:
        return UNKNOWN
    if spent > amount:
        return EXCEEDED
    if coming is None or coming.high <= amount:
        return WITHIN
    return HEADING if coming.value > amount else POSSIBLE


def reached(amount: Decimal, thresholds: Iterable[int], value: Decimal) -> list[int]:
    """Those of ``thresholds`` (percent of ``amount``) that ``value`` has reached, in order."""
    return sorted(percent for percent in set(thresholds) if value * 100 >= amount * percent)


def parse_thresholds(said: Iterable[object]) -> list[int]:
    """Thresholds in percent, in order, each once.

    Raises:
        ValueError: there are none or too many, or one is no whole percentage from 1 to 1,000; the text is a sentence.
    """
    found = set()
    for one in said:
        text = str(one).strip().removesuffix("%").strip()
        if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= HIGHEST:
            raise ValueError(f"“{one}” is no threshold; write whole percentages like 50, 80, 100.")
        found.add(int(text))
    if not 0 < len(found) <= MOST_THRESHOLDS:
        raise ValueError(f"State one to {MOST_THRESHOLDS} thresholds.")
    return sorted(found)
