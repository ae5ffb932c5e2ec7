"""What people say about the worth of outcomes, checked before a service sees it."""

from decimal import Decimal
from typing import Any

from django import forms

from costs.returns.domain import OUTCOMES


class ValueForm(forms.Form):
    """One amount for each outcome that has a worth, the time for which they hold, and why."""

    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label="Currency",
        initial="USD",
        help_text="Three letters, like USD. Costs in another currency are not set against it.",
        error_messages={"invalid": "Use the three letters of a currency, like USD."},
    )
    valid_from = forms.DateField(label="Valid from", widget=forms.DateInput(attrs={"type": "date"}))
    valid_until = forms.DateField(
        label="Valid until",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Empty: until someone states otherwise.",
    )
    reason = forms.CharField(label="Where these values come from", widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, tasks: set[str], unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = dict(self.fields.items())
        self.fields.clear()
        for outcome, words in OUTCOMES.items():
            if outcome in {"tp", "fp", "fn", "tn"} and "classification" not in tasks:
                continue
            if outcome == "unit_of_error" and "regression" not in tasks:
                continue
            label = f"{words} ({unit})" if outcome == "unit_of_error" and unit else words
            self.fields[outcome] = forms.DecimalField(
                label=label,
                required=False,
                max_digits=18,
                decimal_places=6,
                help_text="Negative where it costs; empty where it is worth nothing of its own.",
            )
        self.fields.update(own)

    def clean(self) -> dict[str, Any]:
        """At least one outcome has a worth."""
        said = super().clean() or {}
        if not self.errors and not self.values():
            raise forms.ValidationError("State the value of at least one outcome.")
        return said

    def values(self) -> dict[str, Decimal]:
        """The amounts by outcome."""
        return {name: self.cleaned_data[name] for name in OUTCOMES if self.cleaned_data.get(name) is not None}
