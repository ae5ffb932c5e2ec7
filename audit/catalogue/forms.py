"""What people type about models, checked before a service sees it."""

from typing import Any

from django import forms

from audit.catalogue.handing_over import can_own
from audit.catalogue.models import Model
from audit.people.models import User


class HandOverForm(forms.Form):
    """Who is to own a model, and why: one of those who can."""

    owner = forms.ModelChoiceField(User.objects.none(), label="New owner")
    reason = forms.CharField(label="Why", max_length=500)

    def __init__(self, *args: Any, model: Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = can_own(model).exclude(pk=model.owner_id)  # type: ignore[attr-defined]
        self.fields["owner"].help_text = f"Whoever holds the role of a model owner of {model.use_case.team}"
