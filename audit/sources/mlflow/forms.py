"""What has to be known of an MLflow server to read it."""

from typing import Any

from django import forms

from audit.base.errors import InvalidInput
from audit.sources.mlflow.client import quoted


class MlflowForm(forms.Form):
    """Where it answers, as whom it is asked, and which of its names mean "runs in production"."""

    url = forms.URLField(
        label="Address",
        max_length=500,
        assume_scheme="https",
        help_text="Of the tracking server, as people open it, such as https://mlflow.example.org",
    )
    username = forms.CharField(label="User", max_length=200, required=False, help_text="For the server's own sign-in")
    password = forms.CharField(
        label="Password", max_length=500, required=False, widget=forms.PasswordInput(), strip=False
    )
    token = forms.CharField(
        label="Token",
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(),
        help_text="Sent as “Bearer”, for a server behind a gateway; used instead of user and password",
    )
    webhook_secret = forms.CharField(
        label="Webhook secret",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(),
        help_text="As given to MLflow's webhook; without it deliveries are refused",
    )
    production_aliases = forms.CharField(
        label="Names that mean “runs in production”",
        max_length=500,
        required=False,
        initial="champion, production",
        help_text="Aliases, with commas between them; empty: none",
    )
    mode = forms.ChoiceField(
        label="How these answer", choices=(("online", "Online"), ("batch", "In batch")), initial="online"
    )
    names = forms.CharField(
        label="Only models called",
        max_length=200,
        required=False,
        help_text="% stands for anything: “credit-%”; empty: all",
    )
    ca_file = forms.CharField(
        label="Certificates to trust",
        max_length=500,
        required=False,
        help_text="A file (PEM) where the workers run, for a server whose certificate a private authority signed",
    )

    def clean_names(self) -> str:
        """A pattern that MLflow's filters can hold."""
        names = str(self.cleaned_data["names"]).strip()
        try:
            quoted(names)
        except InvalidInput as error:
            raise forms.ValidationError(error.sentence) from None
        return names

    def clean(self) -> dict[str, Any] | None:
        """A user needs a password."""
        data = super().clean()
        if data and data.get("password") and not data.get("username"):
            self.add_error("username", "Say whose password it is.")
        return data
