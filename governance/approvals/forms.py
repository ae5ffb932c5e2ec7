"""What a voter fills in."""

from django import forms


class DecisionForm(forms.Form):
    """The comment of a vote."""

    comment = forms.CharField(
        label="Your comment",
        help_text="Required. It stands in the record with your name.",
        widget=forms.Textarea(attrs={"rows": 3}),
        required=True,
        error_messages={"required": "Write a comment: it stands in the record with your name."},
    )


class WithdrawForm(forms.Form):
    """The reason of a withdrawal."""

    reason = forms.CharField(label="Why it is withdrawn", widget=forms.Textarea(attrs={"rows": 2}), required=False)
