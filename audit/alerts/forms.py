"""What people fill in about alerts."""

from typing import Any

from django import forms

from audit.alerts.models import AlertPolicy
from audit.alerts.services import FIELDS, LONGEST
from audit.monitoring.domain.thresholds import ABOVE, DIFFERENCE, FIXED, LEARNED, RATIO, Bound

KINDS = (
    (FIXED, "At a fixed figure"),
    (DIFFERENCE, "So much above the mean of the reference's weeks"),
    (RATIO, "So many times the mean of the reference's weeks"),
    (LEARNED, "So many standard deviations above the mean of the reference's weeks"),
)


class ReasonForm(forms.Form):
    """Why an alert is explained or closed."""

    reason = forms.CharField(
        label="What was found, and what was done?",
        help_text="It stands in the record with your name.",
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say what was found: it stands in the record."},
    )


class PolicyForm(forms.Form):
    """When a model raises an alert."""

    alarms = forms.FloatField(label="False alarms", min_value=0.01, max_value=100, help_text="At most so many …")
    months = forms.IntegerField(label="In months", min_value=1, max_value=120, help_text="… in so many months.")
    kind = forms.ChoiceField(label="A column has moved", choices=KINDS)
    value = forms.FloatField(
        label="Figure", min_value=0, help_text="Of the population stability index, or as the line above says."
    )
    least_effect = forms.FloatField(
        label="Least effect", min_value=0, max_value=10, help_text="Below this index no column raises an alarm."
    )
    least_rows = forms.IntegerField(label="Least rows", min_value=20, help_text="On either side; fewer are not tested.")
    calm_weeks = forms.IntegerField(
        label="Calm weeks", min_value=1, max_value=26, help_text="After so many without a sign an alert closes."
    )
    p99_seconds = forms.FloatField(
        label="Slowest answers, in seconds", min_value=0, required=False,
        help_text="99 of 100 requests, in the worst hour of a day. Empty: not judged.",
    )  # fmt: skip
    error_share = forms.FloatField(
        label="Failed requests, as a share", min_value=0, max_value=1, required=False,
        help_text="0.01 is one in a hundred; the whole 95% interval has to lie beyond. Empty: not judged.",
    )  # fmt: skip
    fairness_gap = forms.FloatField(
        label="Gap between groups", min_value=0, max_value=1, required=False,
        help_text="A difference of rates; the whole interval has to lie beyond. Empty: not judged.",
    )  # fmt: skip
    reason = forms.CharField(label="Why", max_length=1000, help_text="It stands in the audit log.")

    @staticmethod
    def initial_of(policy: AlertPolicy) -> dict[str, Any]:
        """The form as the policy is."""
        bound = policy.bound
        own = {name: getattr(policy, name) for name in FIELDS if name != "drift"}
        return {**own, "kind": bound.kind, "value": bound.value}

    def changes(self) -> dict[str, Any]:
        """What was filled in, as the policy's fields."""
        said = self.cleaned_data
        own = {name: said[name] for name in FIELDS if name != "drift"}
        return {**own, "drift": Bound(said["kind"], ABOVE, said["value"]).to_dict()}
