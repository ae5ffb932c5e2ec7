"""The form that takes a refused delivery in again, as it was kept or mended."""

from django import forms

from audit.lineage.delivery import LARGEST


class MendForm(forms.Form):
    """The delivery's text, to be mended where its reason says."""

    body = forms.CharField(
        label="The event",
        max_length=LARGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 16, "class": "mono", "spellcheck": "false"}),
        help_text="JSON, as it came. Mend it where the reason says; what came stays as it is kept.",
    )
