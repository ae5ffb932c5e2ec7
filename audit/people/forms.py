"""What people type about people, checked before a service sees it; e-mails are folded to lower case."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError

from audit.base.actors import SCOPES, TITLES, Role
from audit.people import scopes
from audit.people.models import Team, User

SCOPE_WORDS = {
    "read": "Read everything that I may read",
    "write": "Register models and data, send predictions, labels and bills, ask for promotions, start retraining",
}


class SignInForm(AuthenticationForm):
    """E-mail and password. The same sentence for a wrong e-mail and a wrong password tells guessers nothing."""

    username = forms.EmailField(
        label="E-mail", widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    error_messages = {
        "invalid_login": "This e-mail and password do not belong together. Check both and try again.",
        "inactive": "This account has been switched off. An administrator can switch it on.",
    }

    def clean_username(self) -> str:
        """Guesses at one address count together, however it is written."""
        return str(self.cleaned_data["username"]).strip().lower()


class ProfileForm(forms.Form):
    """One's own name and time zone."""

    name = forms.CharField(label="Name", max_length=200)
    zone = forms.ChoiceField(label="Time zone", help_text="Times on pages are shown in it.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
        self.fields["zone"].choices = [("UTC", "UTC"), *((zone, zone.replace("_", " ")) for zone in zones)]  # type: ignore[attr-defined]


class TokenForm(forms.Form):
    """A new API token. ``allowed`` are the scopes that this person's tokens may have."""

    name = forms.CharField(label="Name", max_length=100, help_text="What will use it, such as “training pipeline”")
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
    )
    days = forms.IntegerField(label="Days until it ends", min_value=1, max_value=366, initial=90)

    def __init__(self, *args: Any, allowed: Sequence[str] = tuple(SCOPES), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [(scope, SCOPE_WORDS[scope]) for scope in allowed]  # type: ignore[attr-defined]


class UserForm(forms.Form):
    """A new user, with a first role."""

    email = forms.EmailField(label="E-mail")
    name = forms.CharField(label="Name", max_length=200)
    password = forms.CharField(
        label="First password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters. Hand it over in person.",
    )

    def clean_password(self) -> str:
        """The password, when it is hard enough to guess."""
        user = User(email=self.cleaned_data.get("email", ""), name=self.cleaned_data.get("name", ""))
        password_validation.validate_password(self.cleaned_data["password"], user)
        return str(self.cleaned_data["password"])


class RoleForm(forms.Form):
    """A role to be granted."""

    user = forms.ModelChoiceField(User.objects.filter(is_active=True).order_by("name"), label="Who")
    role = forms.ChoiceField(label="Role", choices=[(role.value, TITLES[role]) for role in Role])
    team = forms.ModelChoiceField(
        Team.objects.order_by("name"), label="Team", required=False, empty_label="The whole organisation"
    )
    until = forms.DateField(
        label="Until",
        required=False,
        help_text="The last day of the access. Empty: until it is revoked; of an auditor, 90 days.",
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}),
    )
    only_models = forms.TypedMultipleChoiceField(
        label="An auditor sees only these models",
        required=False,
        coerce=UUID,
        empty_value=None,
        help_text="None chosen: all models of the team or of the organisation.",
    )
    seen_since = forms.DateField(
        label="An auditor sees what happened from",
        required=False,
        help_text="Entries, decisions, runs, files and figures; models and their versions are shown whole.",
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}),
    )
    seen_until = forms.DateField(
        label="to",
        required=False,
        help_text="Both days belong to it.",
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}),
    )
    reason = forms.CharField(label="Why", max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(model.id), model.name) for model in scopes.Known.models()]
        self.fields["only_models"].choices = choices  # type: ignore[attr-defined]

    def clean_until(self) -> datetime | None:
        """The end of the last day, in UTC."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        end = datetime.combine(day, time(), UTC) + timedelta(days=1)
        if end <= datetime.now(UTC):
            raise ValidationError("Choose a day that has not passed.")
        return end


class RevokeForm(forms.Form):
    """Why a role ends."""

    reason = forms.CharField(label="Why", max_length=500)


class TeamForm(forms.Form):
    """A new team."""

    name = forms.CharField(label="Name", max_length=200)
    slug = forms.SlugField(label="Short name", help_text="Small letters, digits and hyphens; it stays")


class SetUpForm(UserForm):
    """The first administrator and the first team."""

    field_order = ("name", "email", "password", "team")
    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters.",
    )
    team = forms.CharField(label="First team", max_length=200, help_text="The people who answer for models together")
