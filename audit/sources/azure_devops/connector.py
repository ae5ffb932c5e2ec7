"""Takes in what Azure DevOps sends; it does not sign, so its service hooks sign in with user and password."""

from collections.abc import Iterable
from typing import Any

from django import forms

from audit.sources.azure_devops import mapping
from audit.sources.ci.connector import CiConnector, CiForm, secret_of
from audit.sources.ci.proving import check_basic, key_or_digest
from audit.sources.ci.reading import inside, parsed, text
from audit.sources.ci.steps import Rule
from audit.sources.contract import Opened, Parcel, Settings
from audit.sources.domain.told import Happening


class AzureDevOpsForm(CiForm):
    """The user and the password of the service hook."""

    user = forms.CharField(
        label="User", max_length=100, required=False, help_text="“Basic authentication username” of the service hook"
    )
    field_order = ("user", "secret", "steps")


class AzureDevOpsConnector(CiConnector):
    """Pushes, builds, stages, merges, releases and deployments."""

    kind = "azure_devops"
    title = "Azure DevOps"
    description = "Pushes, builds, stages, merges, releases and deployments, sent by service hooks"
    form: type[forms.Form] = AzureDevOpsForm
    hook = (
        "In the project’s settings, under Service hooks, create a subscription “Web Hooks” for each of: Code pushed,"
        " Build completed, Run stage state changed, Pull request updated, Release created, Release deployment"
        " completed. Give this address, the user and password of this source, and send all details."
    )

    def check(self, parcel: Parcel, settings: Settings) -> None:
        """User and password, as the service hook was given them."""
        check_basic(parcel, str(settings.get("user") or ""), secret_of(settings))

    def read(self, parcel: Parcel) -> Opened:
        """The event is named in the body."""
        body = parsed(parcel.body)
        key = key_or_digest(inside(body, "id"), body=parcel.body)
        return Opened(key, text(inside(body, "eventType")), body)

    def told(self, event: str, body: Any, rules: tuple[Rule, ...]) -> Iterable[Happening]:
        """See ``mapping.told``."""
        return mapping.told(event, body, rules)
