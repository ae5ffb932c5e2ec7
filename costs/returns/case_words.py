"""What the page of one use case says: the answer first, then each figure with its interval and what it rests on."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from config.ui import format as say
from costs.returns.case import Case, Sums
from costs.returns.domain import CLASSES, Deviation, Interval, Payback, Result
from costs.returns.figures import WORDS, money_about, money_between

SUNDAY = timedelta(days=6)


def lede(case: Case, result: Result | None) -> list[SafeString]:
    """The answer in sentences, and what limits it."""
    if result is None or case.sums is None:
        return [_unknown(case), *_unsupported(case)]
    sums, currency = case.sums, case.currency
    answer = format_html(
        "{} returned between <strong>{}</strong> and <strong>{}</strong> in {}; likely <strong>{}</strong>, after a "
        "cost of {}.",
        case.use_case.name,
        money_about(result.net.low, currency),
        money_about(result.net.high, currency),
        weeks_in_words(case),
        money_about(result.net.middle, currency),
        say.money(sums.cost, currency),
    )
    known = format_html("The outcome of {} of its predictions is known, and only those count.", labelled(sums))
    sentences = [answer, known, *_unsupported(case)]
    if case.promised is not None:
        one = case.promised
        text = "{} promised {} a month, which is {} for these weeks; measured are {}."
        by, due = one.promise.promised_by, say.money(one.due, currency)
        sentences.append(
            format_html(text, by, say.money(one.promise.monthly, currency), due, say.money(sums.net, currency))
        )
    return sentences


def _unknown(case: Case) -> SafeString:
    if not case.statements:
        why = "nobody has stated what its outcomes are worth"
    elif not case.models:
        why = "it has no model"
    else:
        why = "no week of this period has both a stated value and labelled predictions in production"
    return format_html("What {} returned is <strong>unknown</strong>: {}.", case.use_case.name, why)


def _unsupported(case: Case) -> list[SafeString]:
    if case.expired is None or case.last_supported is None:
        if case.left_out:
            text = "The newest {} left out: what came of {} predictions is not known yet."
            one = case.left_out == 1
            return [format_html(text, "week is" if one else f"{case.left_out} weeks are", "its" if one else "their")]
        return []
    text = (
        "Its return is <strong>unsupported</strong> since then: the stated values ran out on {}, and the last "
        "supported week began on {}."
    )
    return [format_html(text, say.day(case.expired), say.day(case.last_supported))]


def weeks_in_words(case: Case) -> str:
    """As in "the 13 weeks to 4 August 2013"."""
    return f"the {say.count(len(case.weeks), 'week')} to {say.day(case.weeks[-1] + SUNDAY)}"


def labelled(sums: Sums) -> str:
    """As in "1,204 of 1,310 (92%)"."""
    share = say.percent(sums.labelled_share)
    return f"{say.number(sums.labelled)} of {say.number(sums.predictions)} ({share})"


def tiles(case: Case, result: Result) -> list[dict[str, Any]]:
    """The four figures that matter, each with its interval."""
    currency, sums = case.currency, case.sums
    exact = say.money(sums.net, currency) if sums else ""
    expired = case.expired is not None
    roi = result.roi
    return [
        {
            "label": "Net value, likely",
            "value": money_about(result.net.middle, currency),
            "change": f"90% interval {money_between(result.net, currency)}; measured {exact} at the likely values.",
        },
        {
            "label": "Return on investment",
            "value": "Unsupported" if expired else None if roi is None else say.percent(roi.middle),
            "change": _roi(roi, expired),
        },
        {
            "label": "Paid back",
            "value": _paid(case.payback),
            "change": _payback(case.payback),
        },
        {
            "label": "Break-even volume",
            "value": say.number(result.break_even.middle) if result.break_even.middle is not None else "Never",
            "unit": "a week" if result.break_even.middle is not None else "",
            "change": f"90% interval {between(result.break_even)} predictions with a known outcome, at which value "
            "pays the fixed cost.",
        },
    ]


def between(found: Interval, places: int = 0) -> str:
    """The ends of an interval of numbers."""
    return " to ".join("no bound" if one is None else say.number(one, places) for one in (found.low, found.high))


def _roi(found: Interval | None, expired: bool) -> str:
    if found is None:
        return "Nothing was spent, so there is no return on it."
    words = f"90% interval {say.percent(found.low)} to {say.percent(found.high)}"
    return f"Was {say.percent(found.middle)} while values were stated, {words}." if expired else f"{words}."


def _paid(found: Payback | None) -> str | None:
    if found is None:
        return None
    return "Not yet" if found.middle is None else say.day(found.middle + SUNDAY)


def _payback(found: Payback | None) -> str:
    if found is None:
        return "No cost, or no value."
    ends = ["not yet" if one is None else say.day(one + SUNDAY) for one in (found.first, found.last)]
    if ends[0] == ends[1]:
        return "Since its first cost, at every stated value."
    return f"Since its first cost; 90% interval {ends[0]} to {ends[1]}."


def facts(case: Case, result: Result) -> list[tuple[str, str, str]]:
    """Further figures: name, figure, what it rests on."""
    currency, weeks = case.currency, len(case.weeks)
    rate = case.rate

    def money(name: str, found: Interval) -> tuple[str, str, str]:
        return name, money_about(found.middle, currency), money_between(found, currency)

    small = (_small(result.each.middle, currency), _small_between(result.each, currency))
    rows = [
        money("Value beyond the baseline", result.value),
        money("Cost", result.cost),
        ("Value of one prediction", *small),
    ]
    if result.npv is not None and rate is not None:
        rows.append(money(f"Net present value at {say.percent(rate, 1)} a year", result.npv))
    lost = Interval(*(None if one is None else one / weeks for one in _ends(result.value)))
    saved = Interval(*(None if one is None else one / weeks for one in _ends(result.cost)))
    return [*rows, money("Lost a week without it", lost), money("Saved a week without it", saved)]


def _ends(found: Interval) -> tuple[float | None, float | None, float | None]:
    return found.low, found.middle, found.high


def _small(amount: float | None, currency: str) -> str:
    return say.money(amount, currency, 4)


def _small_between(found: Interval, currency: str) -> str:
    return f"{_small(found.low, currency)} to {_small(found.high, currency)}"


def wrong(found: Sequence[Deviation], currency: str) -> list[tuple[str, str, str]]:
    """What one wrong answer costs: which one, the likely cost, and its range."""
    rows = []
    for one in found:
        against = {"fp": "A false positive against a true negative", "fn": "A false negative against a true positive"}
        ends = (
            f"{say.money(one.low, currency)} to {say.money(one.high, currency)}" if one.low != one.high else "Certain"
        )
        name = against[one.outcome] if one.outcome in CLASSES else WORDS[one.outcome]
        rows.append((name, say.money(one.point, currency), ends))
    return rows


def supposed(case: Case, measured: Result, found: Result) -> list[tuple[str, str, str, str, str]]:
    """Measured beside supposed: name, figure and interval of each."""
    currency = case.currency

    def money(one: Interval | None) -> tuple[str, str]:
        return (
            (say.UNKNOWN, say.UNKNOWN)
            if one is None
            else (money_about(one.middle, currency), money_between(one, currency))
        )

    def percent(one: Interval | None) -> tuple[str, str]:
        if one is None:
            return say.UNKNOWN, say.UNKNOWN
        return say.percent(one.middle), f"{say.percent(one.low)} to {say.percent(one.high)}"

    def number(one: Interval) -> tuple[str, str]:
        return "never" if one.middle is None else say.number(one.middle), between(one)

    return [
        ("Net value", *money(measured.net), *money(found.net)),
        ("Return on investment", *percent(measured.roi), *percent(found.roi)),
        ("Net present value", *money(measured.npv), *money(found.npv)),
        ("Break-even, predictions a week", *number(measured.break_even), *number(found.break_even)),
    ]


def thresholds(case: Case, best: Decimal | None) -> list[tuple[str, str, str]]:
    """Each classification's own threshold beside the one that stated values ask for."""
    if best is None:
        return []
    return [
        (model.name, say.number(model.threshold, 3), say.number(best, 3))
        for model in case.models
        if model.task == "classification"
    ]
