"""Takes in what GitLab sends, signed or with a secret token, and reads back what was missed where a token is given."""

from collections.abc import Iterable
from typing import Any

from django import forms

from audit.base import clock
from audit.sources.ci.connector import CiForm, ReadBackConnector, named, rules, secret_of
from audit.sources.ci.proving import SIGNING, check_standard, check_token, key_of, key_or_digest
from audit.sources.ci.reading import inside, parsed, text
from audit.sources.ci.steps import Rule
from audit.sources.contract import Check, Cursor, Opened, Parcel, PullContext, PullResult, Settings, Unproven
from audit.sources.domain.told import Happening
from audit.sources.gitlab import mapping
from audit.sources.gitlab.client import NAME, GitLab, checks, read_back


class GitLabForm(CiForm):
    """How deliveries are proven, and, where they are to be read back, which projects with which token."""

    token = forms.CharField(
        label="Token",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(render_value=False),
        help_text="Only to read back what was missed: with the scope read_api and the role Reporter",
    )
    projects = forms.CharField(
        label="Projects",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="group/name, one a line: those that are read back with the token",
    )
    url = forms.URLField(label="Address of GitLab", initial="https://gitlab.com", required=False, assume_scheme="https")
    field_order = ("secret", "steps", "token", "projects", "url")

    def clean_secret(self) -> str:
        """The secret; one that begins like a signing secret has a key."""
        secret = str(self.cleaned_data["secret"])
        if secret.startswith(SIGNING):
            try:
                key_of(secret)
            except Unproven as error:
                raise forms.ValidationError(error.sentence) from None
        return secret

    def clean_projects(self) -> str:
        """The lines, when each names a project."""
        lines = str(self.cleaned_data["projects"])
        wrong = [name for name in named(lines) if not NAME.fullmatch(name)]
        if wrong:
            raise forms.ValidationError(f"“{wrong[0]}” is not group/name.")
        return lines


class GitLabConnector(ReadBackConnector):
    """Pushes, pipelines and jobs, merges, releases and deployments."""

    kind = "gitlab"
    title = "GitLab"
    description = "Pushes, pipelines, merges, releases and deployments, sent by webhooks"
    form: type[forms.Form] = GitLabForm
    places, place = "projects", "project"
    hook = (
        "In the project’s or group’s settings, under Webhooks, add this address, with the secret of this source as"
        " signing token (it begins with whsec_) or as secret token, for Push, Tag push, Merge request, Pipeline,"
        " Deployment and Release events."
    )

    def check(self, parcel: Parcel, settings: Settings) -> None:
        """The signature where the secret is a signing token, else the token that GitLab sends along."""
        secret = secret_of(settings)
        if secret.startswith(SIGNING):
            check_standard(parcel, secret, at=clock.now())
        else:
            check_token(parcel, "x-gitlab-token", secret)

    def read(self, parcel: Parcel) -> Opened:
        """The event is named in the body."""
        body = parsed(parcel.body)
        names = ("webhook-id", "idempotency-key", "x-gitlab-event-uuid")
        key = key_or_digest(*(parcel.headers.get(name) for name in names), body=parcel.body)
        return Opened(key, text(inside(body, "object_kind")), body)

    def told(self, event: str, body: Any, rules: tuple[Rule, ...]) -> Iterable[Happening]:
        """See ``mapping.told``."""
        return mapping.told(body, rules)

    def check_places(self, settings: Settings, names: list[str]) -> list[Check]:
        """What of each project can be read."""
        with _client(settings) as client:
            return checks(client, names)

    def read_back(self, context: PullContext, settings: Settings, names: list[str], cursor: Cursor) -> PullResult:
        """What was missed, project by project."""
        with _client(settings) as client:
            return read_back(client, context, names, rules(settings), cursor, now=clock.now())


def _client(settings: Settings) -> GitLab:
    return GitLab(str(settings.get("url") or "https://gitlab.com"), str(settings["token"]))
