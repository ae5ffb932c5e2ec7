"""What every witness needs, whatever its kind; and the forms that change keys and settle incidents."""

from django import forms


class WitnessForm(forms.Form):
    """Its name; the form of its kind stands beside it."""

    name = forms.CharField(
        label="Name", max_length=100, help_text="As people call it, such as “Bucket of the auditors”"
    )


class KeyForm(forms.Form):
    """Why the key changes, and whether the old one can still sign."""

    reason = forms.CharField(label="Why does the key change?", max_length=500)
    lost = forms.BooleanField(
        label="The old key is lost",
        required=False,
        help_text="Then it cannot sign the hand-over, and only your word stands for the change",
    )


class SettleForm(forms.Form):
    """Why an incident is over."""

    reason = forms.CharField(label="Why can it be closed?", max_length=500)
