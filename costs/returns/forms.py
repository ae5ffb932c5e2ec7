"""What people say about the worth of outcomes, what they promise and suppose, checked before a service sees it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms

from costs.returns.domain import CLASSES, KINDS, OUTCOMES, Range
from costs.returns.models import ValueStatement

DAY: Final = {"type": "date"}
RATE_MOST: Final = 40
"""The most percent a year that the slider of the discount rate goes to."""
BASELINE: Final = {"baseline_caught": "caught", "baseline_flagged": "flagged", "baseline_amount": "amount"}


class RangeInput(forms.NumberInput):
    """A slider."""

    input_type = "range"


def _amount(label: str, help_text: str = "", *, required: bool = False) -> forms.DecimalField:
    return forms.DecimalField(label=label, help_text=help_text, required=required, max_digits=18, decimal_places=6)


def _currency() -> forms.RegexField:
    return forms.RegexField(
        r"^[A-Za-z]{3}$",
        label="Currency",
        initial="USD",
        help_text="Three letters, like USD. Costs in another currency are not set against it.",
        error_messages={"invalid": "Use the three letters of a currency, like USD."},
    )


class ValueForm(forms.Form):
    """A likely amount and perhaps a range for each outcome that has a worth, what they rest on, and the baseline."""

    currency = _currency()
    baseline = forms.ChoiceField(
        label="What the process without the model gives",
        choices=list(KINDS.items()),
        required=False,
        help_text="Its outcomes are worth the same; only what is beyond them is the model's.",
    )
    baseline_caught = forms.DecimalField(
        label="Share of the positives that it catches",
        required=False,
        min_value=0,
        max_value=1,
        decimal_places=6,
        help_text="0 to 1; for the baseline that catches and flags shares.",
    )
    baseline_flagged = forms.DecimalField(
        label="Share of the negatives that it flags", required=False, min_value=0, max_value=1, decimal_places=6
    )
    baseline_amount = _amount(
        "What it is worth for each prediction",
        "For the baseline that is worth an amount; negative where it costs.",
    )
    discount_rate = forms.DecimalField(
        label="Discount rate, percent a year",
        required=False,
        min_value=0,
        max_value=999,
        decimal_places=3,
        help_text="Empty: the net present value is unknown.",
    )
    valid_from = forms.DateField(label="Valid from", widget=forms.DateInput(attrs=DAY))
    valid_until = forms.DateField(
        label="Valid until",
        required=False,
        widget=forms.DateInput(attrs=DAY),
        help_text="After this day the return is unsupported, until someone states values again. Empty: no end.",
    )
    owner = forms.CharField(
        label="Who answers for these values", required=False, max_length=200, help_text="Empty: you."
    )
    source = forms.CharField(
        label="Source", required=False, max_length=2000, help_text="A study, a contract, a link: where numbers stand."
    )
    reason = forms.CharField(label="Where these values come from", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, tasks: set[str], unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = dict(self.fields.items())
        self.fields.clear()
        for outcome, words in OUTCOMES.items():
            if outcome in CLASSES and "classification" not in tasks:
                continue
            if outcome == "unit_of_error" and "regression" not in tasks:
                continue
            label = f"{words} ({unit})" if outcome == "unit_of_error" and unit else words
            self.fields |= {
                outcome: _amount(label, "Negative where it costs; empty where it is worth nothing of its own."),
                f"{outcome}_low": _amount(f"{label}, at least"),
                f"{outcome}_high": _amount(f"{label}, at most", "Both ends, or neither: one number is certain."),
            }
        self.fields.update(own)

    def clean(self) -> dict[str, Any]:
        """At least one outcome has a worth, and a range has both its ends."""
        said = super().clean() or {}
        for outcome in OUTCOMES:
            ends = [said.get(f"{outcome}_low"), said.get(f"{outcome}_high")]
            if ends.count(None) == 1 and not self.errors:
                self.add_error(f"{outcome}_high", "A range has both ends, or neither.")
        if not self.errors and not self.values():
            raise forms.ValidationError("State the value of at least one outcome.")
        return said

    def values(self) -> dict[str, Any]:
        """The amounts and ranges by outcome, as the service takes them."""
        found: dict[str, Any] = {}
        for outcome in OUTCOMES:
            low, likely, high = (self.cleaned_data.get(f"{outcome}{end}") for end in ("_low", "", "_high"))
            if low is not None:
                found[outcome] = {"low": low, "likely": likely, "high": high}
            elif likely is not None:
                found[outcome] = likely
        return found

    def said(self) -> dict[str, Any]:
        """All that was said, as the service takes it."""
        given, rate = self.cleaned_data, self.cleaned_data["discount_rate"]
        same = ("currency", "valid_from", "valid_until", "owner", "source", "reason")
        return {name: given[name] for name in same} | {
            "values": self.values(),
            "discount_rate": None if rate is None else rate / 100,
            "baseline": {"kind": given["baseline"]} | {name: given[field] for field, name in BASELINE.items()},
        }


def initial_of(statement: ValueStatement) -> dict[str, Any]:
    """A statement as the form shows it, for the next one to begin with."""
    shown: dict[str, Any] = {"currency": statement.currency, "owner": statement.owner, "source": statement.source}
    for outcome, known in statement.ranges.items():
        if known.is_certain:
            shown[outcome] = known.point
        else:
            shown |= {outcome: known.likely, f"{outcome}_low": known.low, f"{outcome}_high": known.high}
    kept = statement.baseline
    shown |= {"baseline": kept.get("kind", "none")} | {field: kept.get(name) for field, name in BASELINE.items()}
    if statement.discount_rate is not None:
        shown["discount_rate"] = (statement.discount_rate * 100).normalize()
    return shown


class PromiseForm(forms.Form):
    """A net value a month, for a time, and what it rests on."""

    monthly = _amount("Net value a month", "Value minus cost, of all its models.", required=True)
    currency = _currency()
    since = forms.DateField(label="From", widget=forms.DateInput(attrs=DAY))
    until = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs=DAY), help_text="Empty: no end."
    )
    reason = forms.CharField(label="What the promise rests on", widget=forms.Textarea(attrs={"rows": 3}))


class ScenarioForm(forms.Form):
    """What is supposed: its address is the scenario. Amounts are rounded to what a slider means."""

    volume = forms.IntegerField(
        label="Predictions, percent of measured",
        min_value=10,
        max_value=300,
        widget=RangeInput,
        help_text="From 10 to 300; 100 is as measured.",
    )
    cost = forms.IntegerField(
        label="Cost, percent of billed",
        min_value=0,
        max_value=300,
        widget=RangeInput,
        help_text="From 0 to 300; 100 is as billed.",
    )
    rate = forms.IntegerField(
        label="Discount rate, percent a year",
        min_value=0,
        max_value=RATE_MOST,
        widget=RangeInput,
        help_text=f"From 0 to {RATE_MOST}.",
    )

    def __init__(
        self,
        *args: Any,
        ranges: Mapping[str, Range],
        names: Mapping[str, str],
        worth: Mapping[str, str],
        currency: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.outcomes = list(ranges)
        for outcome, known in ranges.items():
            reach = float(2 * max(abs(known.low), abs(known.high), Decimal("0.01")))
            label = f"{names[outcome]}, {currency} each"
            self.fields[f"v_{outcome}"] = forms.FloatField(
                label=label,
                min_value=-reach,
                max_value=reach,
                widget=RangeInput,
                help_text=f"From {-reach:g} to {reach:g}; stated is {worth[outcome]}.",
            )

    def values(self) -> dict[str, Decimal]:
        """The supposed value of each outcome, to a hundredth of a cent."""
        return {outcome: Decimal(f"{self.cleaned_data[f'v_{outcome}']:.4f}") for outcome in self.outcomes}
