"""An HTTPS endpoint gets JSON lists of events, signed as Standard Webhooks; only an answer of 2xx is a receipt.

An administrator names the address: https to any host, also inside the own network, and http to this machine alone. No
redirect is followed, and of an answer nothing but its status is read, so the address cannot be used to look around.
"""

import hashlib
import ssl
import time
from datetime import timedelta
from functools import cached_property
from typing import ClassVar

import httpx
from django import forms

from audit.base import webhooks
from audit.base.outgoing import AddressField, AuthorityField, SigningSecretField, reason, retry_after
from audit.sources.contract import Check
from audit.streaming.destinations.contract import Batch, Secrets, Settings, Undelivered

SECONDS = 15.0
SAID = {
    401: "it wants another Authorization header, or another signing secret",
    403: "it does not let us",
    404: "there is nothing at this address",
    410: "it does not want events any more",
    413: "a single event is too large for it",
    429: "it gets more than it wants",
}


class HttpsForm(forms.Form):
    """Where the endpoint is, and how each side knows the other."""

    url = AddressField(label="Address", max_length=500, help_text="https://…; http:// to this machine alone")
    signing_secret = SigningSecretField(
        label="Signing secret",
        max_length=200,
        required=False,
        help_text="Base64 of 24 to 64 random bytes that the receiver knows as well (openssl rand -base64 32)",
    )
    authorization = forms.CharField(
        label="Authorization header",
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
        help_text="What the receiver wants in it, such as “Bearer …” or “Splunk …”; empty for none",
    )
    authority = AuthorityField(
        label="Certificate authority",
        max_length=20_000,
        required=False,
        help_text="PEM, when the receiver’s certificate is from your own authority; empty for the public ones",
    )

    def clean_authorization(self) -> str:
        """What can stand in a header."""
        text = str(self.cleaned_data["authorization"]).strip()
        if not (text.isascii() and (text.isprintable() or not text)):
            raise forms.ValidationError("A header has printable ASCII characters only.")
        return text


class Https:
    """The endpoint at ``url``."""

    do_not_call_in_templates: ClassVar[bool] = True
    kind: ClassVar[str] = "https"
    title: ClassVar[str] = "HTTPS endpoint"
    description: ClassVar[str] = "A receiver that takes JSON lists of OCSF events: a SIEM, a collector, a data lake"
    form: ClassVar[type[forms.Form]] = HttpsForm
    secret: ClassVar[tuple[str, ...]] = ("signing_secret", "authorization")
    needed: ClassVar[tuple[str, ...]] = ("signing_secret",)

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self.url, self.authority = str(settings["url"]), str(settings.get("authority") or "")
        self.secrets = secrets

    @cached_property
    def client(self) -> httpx.Client:
        """One connection for all that is delivered in one go."""
        trusted = ssl.create_default_context(cadata=self.authority) if self.authority else True
        headers = {"Content-Type": "application/json", "User-Agent": "Tollgate"}
        if self.secrets.get("authorization"):
            headers["Authorization"] = self.secrets["authorization"]
        return httpx.Client(timeout=SECONDS, verify=trusted, headers=headers, follow_redirects=False)

    def close(self) -> None:
        """Ends the connection."""
        self.client.close()

    def deliver(self, batch: Batch) -> None:
        """Posts the batch. Its id is the same when it comes again; so receivers can tell."""
        body = b"[" + b",".join(line.content for line in batch.lines) + b"]"
        ident = f"{batch.stream}:{batch.first}-{batch.last}:{hashlib.sha256(body).hexdigest()[:16]}"
        status, wait = self._post(ident, body, {"tollgate-sequence": f"{batch.first}-{batch.last}"})
        if 200 <= status < 300:
            return
        if status == 413 and len(batch.lines) > 1:
            raise Undelivered(f"{self.url} wants smaller batches.", smaller=True)
        raise Undelivered(f"{self.url} answers {status}: {_why(status)}.", wait=wait)

    def test(self) -> list[Check]:
        """Sends an empty list."""
        try:
            status, _ = self._post("test", b"[]", {})
        except Undelivered as error:
            return [Check(False, error.sentence)]
        if not 200 <= status < 300:
            return [Check(False, f"{self.url} answers {status} to an empty list: {_why(status)}.")]
        return [Check(True, f"{self.url} took an empty list.")]

    def _post(self, ident: str, body: bytes, more: dict[str, str]) -> tuple[int, timedelta | None]:
        """The status, and how long the receiver asks to be left alone."""
        key = webhooks.key_of(self.secrets["signing_secret"])
        headers = {"idempotency-key": ident, **more}
        headers |= webhooks.headers(key=key, ident=ident, timestamp=int(time.time()), body=body)
        try:
            with self.client.stream("POST", self.url, content=body, headers=headers) as answer:
                return answer.status_code, retry_after(answer.headers.get("retry-after", ""))
        except httpx.TimeoutException as error:
            raise Undelivered(f"{self.url} does not answer within {SECONDS:g} seconds.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Undelivered(f"{self.url} cannot be reached: {reason(error)}.") from error


def _why(status: int) -> str:
    if 300 <= status < 400:
        return "redirects are not followed; give the address that it leads to"
    return SAID.get(status, "it is out of order" if status >= 500 else "it does not take the events")
