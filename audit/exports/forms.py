"""What people say when they ask for evidence."""

from typing import Any

from django import forms

from audit.exports.domain.scope import ALL, MODEL, TEAM, USE_CASE

CHOICES = [(MODEL, "One model"), (USE_CASE, "One use case"), (TEAM, "One team"), (ALL, "The whole organisation")]


class ExportForm(forms.Form):
    """Of what, and of which days."""

    kind = forms.ChoiceField(label="Evidence on", choices=CHOICES)
    name = forms.CharField(
        label="Name", required=False, max_length=200, help_text="Of the model, use case or team; empty for all."
    )
    since = forms.DateField(
        label="From this day", required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="UTC."
    )
    until = forms.DateField(
        label="To this day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="Entries before and after are proved to exist, and are not shown.",
    )

    def clean(self) -> dict[str, Any]:
        """A name where one is needed, and days in order."""
        said = super().clean() or {}
        if said.get("kind") != ALL and not said.get("name"):
            self.add_error("name", "Say which one.")
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", "The last day lies before the first.")
        return said
