"""How we post to addresses that people name: no redirect is followed, and of an answer only its status is read.

Whoever looks after the installation may name any host. For anybody else the address must lead out of the own network:
the name is looked up, every answer must be a public address, and the connection goes to the one that was checked.
"""

import re
import socket
import ssl
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from django import forms
from django.core.validators import URLValidator

from audit.base import webhooks

SECONDS = 15.0
LONGEST_WAIT: Final = timedelta(minutes=15)
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class AddressField(forms.CharField):
    """https to any host, http to this machine; no user and password: the address is shown."""

    def clean(self, value: Any) -> str:
        """The address as it was given, when it is one."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return ""
        try:
            URLValidator(schemes=["https", "http"])(text)
            parts = urlsplit(text)
        except (forms.ValidationError, ValueError):
            raise forms.ValidationError("Give an address that begins with https://.") from None
        if parts.scheme == "http" and parts.hostname not in LOCAL:
            raise forms.ValidationError("Give an address that begins with https://; http is for this machine alone.")
        if parts.username or parts.password or parts.fragment:
            raise forms.ValidationError("Put neither user, password nor “#” into the address: it is shown.")
        return text


class SigningSecretField(forms.CharField):
    """A secret that signs; it is never filled in."""

    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"})

    def clean(self, value: Any) -> str:
        """A secret of the right form, or nothing."""
        text = str(super().clean(value) or "").strip()
        try:
            if text:
                webhooks.key_of(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        return text


class AuthorityField(forms.CharField):
    """Certificates in PEM of an authority that is not public."""

    widget = forms.Textarea(attrs={"rows": 4})

    def clean(self, value: Any) -> str:
        """Certificates that can be read, or nothing."""
        text = str(super().clean(value) or "").strip()
        try:
            if text:
                ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError):
            raise forms.ValidationError("This is not a certificate in PEM.") from None
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """The status, and how long the receiver asks to be left alone."""

    status: int
    wait: timedelta | None


class Unreachable(Exception):
    """No answer came; ``why`` ends a sentence that begins with the name of the receiver."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Inside(Unreachable):
    """The address lies within the own network, and must not."""


def post(url: str, *, body: bytes, headers: dict[str, str], inside: bool, authority: str = "") -> Answer:
    """Posts ``body``. ``inside``: the address may lie within the own network; ``authority`` is PEM, empty for public.

    Raises:
        Inside: it lies there, and may not.
        Unreachable: nobody answers, or not in time, or the certificate does not hold.
    """
    trusted = ssl.create_default_context(cadata=authority) if authority else True
    try:
        asked = httpx.URL(url)
        target = asked if inside else asked.copy_with(host=checked(asked.host, asked.port or 443))
        sent = {"User-Agent": "Tollgate", **headers, "Host": asked.netloc.decode()}
        with (
            httpx.Client(timeout=SECONDS, verify=trusted, follow_redirects=False) as client,
            client.stream("POST", target, content=body, headers=sent, extensions={"sni_hostname": asked.host}) as got,
        ):
            return Answer(got.status_code, retry_after(got.headers.get("retry-after", "")))
    except httpx.TimeoutException as error:
        raise Unreachable(f"does not answer within {SECONDS:g} seconds") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"cannot be reached: {reason(error)}") from error


def reason(error: Exception) -> str:
    """What went wrong, in the words of the library, without the number of the error."""
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)) or type(error).__name__


def checked(host: str, port: int) -> str:
    """A public address of ``host``.

    Raises:
        Inside: one of its addresses is not public.
        Unreachable: it has none.
    """
    try:
        found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"cannot be reached: {reason(error)}") from error
    if not all(is_public(one) for one in found):
        raise Inside("leads into the own network; only an administrator can name such an address")
    return found[0]


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the internet; what IPv6 wraps of IPv4 counts as that."""
    found = ip_address(address.partition("%")[0])
    wrapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (wrapped is None or wrapped.is_global)


def retry_after(text: str) -> timedelta | None:
    """Retry-After in seconds (RFC 9110, section 10.2.3), a quarter of an hour at most; a date is not read."""
    if not text.isascii() or not text.isdigit():
        return None
    return min(timedelta(seconds=min(int(text[:6]), 86_400)), LONGEST_WAIT)
