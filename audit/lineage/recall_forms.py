"""What people type about recalls."""

from django import forms

LONGEST = 2000


class WithdrawForm(forms.Form):
    """Why data is withdrawn."""

    reason = forms.CharField(
        label="Why",
        max_length=LONGEST,
        help_text="Who answers for a model that learned from it reads this",
    )


class LiftForm(forms.Form):
    """Why it may be used again."""

    reason = forms.CharField(label="Why may it be used again?", max_length=LONGEST)


class DoneForm(forms.Form):
    """What was done about a deployment."""

    note = forms.CharField(
        label="What was done?", max_length=LONGEST, help_text="For example: retired, or trained again without it"
    )
