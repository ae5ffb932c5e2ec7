"""What has to be known of any server that is asked over HTTP: where it answers, and as whom it is asked."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms


class ServerForm(forms.Form):
    """What ``http.Client.of`` takes. ``helps`` says of a field what holds for a kind of server alone."""

    helps: ClassVar[Mapping[str, str]] = {}

    url = forms.URLField(label="Address", max_length=500, assume_scheme="https")
    username = forms.CharField(label="User", max_length=200, required=False)
    password = forms.CharField(
        label="Password", max_length=500, required=False, widget=forms.PasswordInput(), strip=False
    )
    token = forms.CharField(
        label="Token",
        max_length=4000,
        required=False,
        widget=forms.PasswordInput(),
        help_text="Sent as “Bearer”; used instead of user and password",
    )
    ca_file = forms.CharField(
        label="Certificates to trust",
        max_length=500,
        required=False,
        help_text="A file (PEM) where the workers run, for a server whose certificate a private authority signed",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, words in self.helps.items():
            self.fields[name].help_text = words

    def clean(self) -> dict[str, Any] | None:
        """A user needs a password."""
        data = super().clean()
        if data and data.get("password") and not data.get("username"):
            self.add_error("username", "Say whose password it is.")
        return data
