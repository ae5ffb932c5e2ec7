"""The address of a witness stands on pages and in the ledger: no password may stand in it."""

import ssl
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from django import forms
from django.core.validators import URLValidator


@cache
def trusted() -> ssl.SSLContext:
    """The certificates that this machine trusts, read once: reading them takes longer than a request."""
    return httpx.create_ssl_context()


class AddressField(forms.CharField):
    """http or https, on any host, without user and password."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=300, **kwargs)

    def clean(self, value: Any) -> str:
        """The address as it was given, when it is one."""
        text = str(super().clean(value) or "").strip()
        if not text:
            return ""
        try:
            URLValidator(schemes=["http", "https"])(text)
            parts = urlsplit(text)
        except (forms.ValidationError, ValueError):
            raise forms.ValidationError("Give an address that begins with https:// or http://.") from None
        if parts.username or parts.password:
            raise forms.ValidationError("Put no user or password into the address: it is shown.")
        return text
