"""What people type about holds and erasures, checked before a service sees it."""

from typing import Any

from django import forms
from django.db.models import QuerySet

from audit.people.models import User
from audit.retention.models import Kind
from audit.retention.persons import DOMAIN
from audit.retention.services import TARGETS

LABELS = {Kind.PERSON: "Who", Kind.MODEL: "Which model", Kind.USE_CASE: "Which use case", Kind.TEAM: "Which team"}


class Called(forms.ModelChoiceField):
    """Two people may have the same name: the e-mail stands beside it."""

    def label_from_instance(self, obj: Any) -> str:
        """Name and e-mail of people, the name of anything else."""
        return f"{obj.name} ({obj.email})" if isinstance(obj, User) else str(obj)


class HoldForm(forms.Form):
    """What is to be held, and why."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="A case, a request, an inquiry. Whoever is refused because of this hold reads it",
    )
    field_order = ("target", "reason")

    def __init__(self, *args: Any, kind: Kind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != Kind.ALL:
            rows = TARGETS[kind].objects.order_by("name")
            if kind == Kind.PERSON:
                rows = rows.exclude(email__endswith=f"@{DOMAIN}")
            self.fields["target"] = Called(rows, label=LABELS[kind])
            self.order_fields(self.field_order)


class ReleaseForm(forms.Form):
    """Why a hold is no longer needed."""

    reason = forms.CharField(label="Why is it no longer needed?", max_length=500)


class WhoForm(forms.Form):
    """The person to be erased; another page says what that will do, and asks again."""

    person = Called(User.objects.none(), label="Who")

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


class EraseForm(forms.Form):
    """Why the person is erased, and that this is meant."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        help_text="It stays in the log, so it must not name the person: “asked for on 3 May”",
    )
    sure = forms.BooleanField(
        label="I know that this cannot be undone",
        error_messages={"required": "Say that you know: nobody can bring any of it back."},
    )
