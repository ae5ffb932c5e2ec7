"""What has to be known of an MLflow server to read it."""

from django import forms

from audit.base.errors import InvalidInput
from audit.sources.mlflow.client import quoted
from audit.sources.server_form import ServerForm


class MlflowForm(ServerForm):
    """Where it answers, as whom it is asked, and which of its names mean "runs in production"."""

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
    field_order = (
        "url", "username", "password", "token", "webhook_secret", "production_aliases", "mode", "names", "ca_file"
    )  # fmt: skip

    helps = {
        "url": "Of the tracking server, as people open it, such as https://mlflow.example.org",
        "username": "For the server's own sign-in",
        "token": "Sent as “Bearer”, for a server behind a gateway; used instead of user and password",
    }

    def clean_names(self) -> str:
        """A pattern that MLflow's filters can hold."""
        names = str(self.cleaned_data["names"]).strip()
        try:
            quoted(names)
        except InvalidInput as error:
            raise forms.ValidationError(error.sentence) from None
        return names
