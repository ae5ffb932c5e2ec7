"""Takes in what GitHub sends, signed, and reads back what was missed where a token is given."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from django import forms

from audit.base import clock
from audit.sources.ci.connector import CiForm, ReadBackConnector, named, rules, secret_of
from audit.sources.ci.proving import check_hmac, key_or_digest
from audit.sources.ci.reading import parsed, text
from audit.sources.ci.steps import Rule
from audit.sources.contract import Check, Cursor, Malformed, Opened, Parcel, PullContext, PullResult, Settings
from audit.sources.domain.told import Happening
from audit.sources.github import mapping
from audit.sources.github.client import NAME, GitHub, checks, read_back


class GitHubForm(CiForm):
    """How deliveries are proven, and, where they are to be read back, which repositories with which token."""

    token = forms.CharField(
        label="Token",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text="Only to read back what was missed: fine-grained, with Actions, Deployments and Contents to read",
    )
    repositories = forms.CharField(
        label="Repositories",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="owner/name, one a line: those that are read back with the token",
    )
    url = forms.URLField(
        label="Address of the API",
        initial="https://api.github.com",
        required=False,
        assume_scheme="https",
        help_text="Another one only for GitHub Enterprise Server: https://…/api/v3",
    )
    field_order = ("secret", "steps", "token", "repositories", "url")

    def clean_repositories(self) -> str:
        """The lines, when each names a repository."""
        lines = str(self.cleaned_data["repositories"])
        wrong = [name for name in named(lines) if not NAME.fullmatch(name)]
        if wrong:
            raise forms.ValidationError(f"“{wrong[0]}” is not owner/name.")
        return lines


class GitHubConnector(ReadBackConnector):
    """Pushes, workflow runs and jobs, checks, merges, releases and deployments."""

    kind = "github"
    title = "GitHub"
    description = "Pushes, workflow runs, checks, merges, releases and deployments, sent by webhooks"
    form: type[forms.Form] = GitHubForm
    places, place = "repositories", "repository"
    hook = (
        "In the repository’s or organisation’s settings, under Webhooks, add this address with content type"
        " application/json and the secret of this source, for Pushes, Workflow runs, Workflow jobs, Check runs,"
        " Statuses, Pull requests, Releases and Deployment statuses."
    )

    def check(self, parcel: Parcel, settings: Settings) -> None:
        """X-Hub-Signature-256; the older signature with SHA-1 is not accepted."""
        check_hmac(parcel, "x-hub-signature-256", secret_of(settings))

    def read(self, parcel: Parcel) -> Opened:
        """The event is named in a header; the body may be a form with the JSON in it."""
        content = parcel.body
        if parcel.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            content = _from_form(content)
        key = key_or_digest(parcel.headers.get("x-github-delivery", ""), body=parcel.body)
        return Opened(key, text(parcel.headers.get("x-github-event", "")), parsed(content))

    def told(self, event: str, body: Any, rules: tuple[Rule, ...]) -> Iterable[Happening]:
        """See ``mapping.told``."""
        return mapping.told(event, body, rules)

    def check_places(self, settings: Settings, names: list[str]) -> list[Check]:
        """What of each repository can be read."""
        with _client(settings) as client:
            return checks(client, names)

    def read_back(self, context: PullContext, settings: Settings, names: list[str], cursor: Cursor) -> PullResult:
        """What was missed, repository by repository."""
        with _client(settings) as client:
            return read_back(client, context, names, rules(settings), cursor, now=clock.now())


def _client(settings: Settings) -> GitHub:
    return GitHub(str(settings.get("url") or "https://api.github.com"), str(settings["token"]))


def _from_form(content: bytes) -> bytes:
    try:
        return parse_qs(content.decode(), strict_parsing=True, max_num_fields=5)["payload"][0].encode()
    except (ValueError, KeyError):
        raise Malformed("The body is a form without “payload”. Choose the content type application/json.") from None
