"""Webhooks: a chat that takes {"text": …}, and any receiver that knows Standard Webhooks; 2xx alone is a receipt."""

import time
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms

from audit.base import webhooks
from audit.base.outgoing import AddressField, AuthorityField, Inside, SigningSecretField, Unreachable, post
from audit.notifications.domain import wording
from audit.notifications.domain.wording import Note
from audit.notifications.places.contract import Secrets, Settings, Undelivered

GONE = 410
BUSY = frozenset({408, 425, 429})
SAID = {
    401: "the secret does not hold",
    403: "it does not let us",
    404: "there is nothing at this address",
    GONE: "it does not want messages any more",
    413: "the message is too large for it",
    429: "it gets more than it wants",
}


class AuthorityForm(forms.Form):
    """What every webhook may need."""

    authority = AuthorityField(
        label="Certificate authority",
        max_length=20_000,
        required=False,
        help_text="PEM, when the receiver’s certificate is from your own authority; empty for the public ones",
    )


class ChatForm(AuthorityForm):
    """The address is the secret: who knows it can write."""

    url = AddressField(
        label="Address of the webhook",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="https://…, as the chat gave it; whoever knows it can write there, so it is never shown again",
    )
    field_order = ("url", "authority")


class SignedForm(AuthorityForm):
    """Where, and the secret that signs."""

    url = AddressField(label="Address", max_length=500, help_text="https://…")
    signing_secret = SigningSecretField(
        label="Signing secret",
        max_length=200,
        required=False,
        help_text="Base64 of 24 to 64 random bytes that the receiver knows as well (openssl rand -base64 32)",
    )
    field_order = ("url", "signing_secret", "authority")


class _Webhook:
    """What both have in common: who they are in words, and how an answer is read."""

    def __init__(self, settings: Settings, secrets: Secrets, *, inside: bool) -> None:
        self.settings, self.secrets, self.inside = settings, secrets, inside

    def _post(self, url: str, name: str, body: bytes, headers: dict[str, str]) -> str:
        sent = {"Content-Type": "application/json", **headers}
        authority: Any = self.settings.get("authority") or ""
        try:
            answer = post(url, body=body, headers=sent, inside=self.inside, authority=str(authority))
        except Inside as error:
            raise Undelivered(f"{name} {error.why}.", final=True) from error
        except Unreachable as error:
            raise Undelivered(f"{name} {error.why}.", place=True) from error
        if 200 <= answer.status < 300:
            return f"{name} took it ({answer.status})."
        sentence = f"{name} answers {answer.status}: {_why(answer.status)}."
        busy = answer.status in BUSY or answer.status >= 500
        raise Undelivered(sentence, wait=answer.wait, final=answer.status == GONE, place=busy)


class Chat(_Webhook):
    """An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat, Discord with /slack)."""

    do_not_call_in_templates: ClassVar[bool] = True
    kind: ClassVar[str] = "chat"
    title: ClassVar[str] = "Chat"
    description: ClassVar[str] = (
        "An incoming webhook of Slack, or of a chat that takes the same: Mattermost, Rocket.Chat"
    )
    form: ClassVar[type[forms.Form]] = ChatForm
    secret: ClassVar[tuple[str, ...]] = ("url",)

    def send(self, ident: str, note: Note) -> str:
        """Posts title, text and link."""
        url = self.secrets["url"]
        name = f"The chat at {urlsplit(url).hostname}"
        return self._post(url, name, wording.chat(note), {"Idempotency-Key": ident})


class Signed(_Webhook):
    """A webhook that is signed."""

    do_not_call_in_templates: ClassVar[bool] = True
    kind: ClassVar[str] = "webhook"
    title: ClassVar[str] = "Signed webhook"
    description: ClassVar[str] = "Any receiver of JSON; it checks the signature as Standard Webhooks says"
    form: ClassVar[type[forms.Form]] = SignedForm
    secret: ClassVar[tuple[str, ...]] = ("signing_secret",)

    def send(self, ident: str, note: Note) -> str:
        """Posts the message with its id, the time of this try, and the signature."""
        url, body = str(self.settings["url"]), wording.webhook(note)
        key = webhooks.key_of(self.secrets["signing_secret"])
        signed = webhooks.headers(key=key, ident=ident, timestamp=int(time.time()), body=body)
        return self._post(url, url, body, {"Idempotency-Key": ident, **signed})


def _why(status: int) -> str:
    if 300 <= status < 400:
        return "redirects are not followed; give the address that it leads to"
    return SAID.get(status, "it is out of order" if status >= 500 else "it does not take the message")
