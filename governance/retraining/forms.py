"""What people fill in about retraining."""

from django import forms


class ReviewForm(forms.Form):
    """The end of a review."""

    comment = forms.CharField(
        label="What the review found",
        help_text="Required. It stands in the record with your name; afterwards the rule may fire again.",
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a comment: it says what the review found."},
    )


class StartForm(forms.Form):
    """The reason of a retraining on demand."""

    reason = forms.CharField(
        label="Why retrain now",
        help_text="It trains on the newest labelled weeks, compares, and then asks people.",
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Say why retraining should start now."},
    )
