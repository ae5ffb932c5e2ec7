"""How connectors ask systems over HTTP: bounded, patient with limits, and with every failure said in a sentence."""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

import httpx

from audit.base import clock
from audit.base.errors import InvalidInput
from audit.sources.contract import Unavailable

SECONDS: Final = 30.0
LARGEST: Final = 64 * 1024 * 1024
PATIENCE: Final = 120.0
"""Seconds that one request may wait in all for a system that asks to be left alone."""
PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
PASSING: Final = frozenset({429, 500, 502, 503, 504})
REASONS: Final = {401: "the sign-in does not hold", 403: "a right is missing", 429: "too much was asked of it"}


class Forbidden(InvalidInput):
    """The system refuses what was asked: the sign-in does not hold, or a right is missing."""


class Missing(Exception):
    """What was asked for is not there (404)."""


class _Passing(Exception):
    """A failure that may pass."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class _Answer(NamedTuple):
    status: int
    headers: httpx.Headers
    content: bytes


class Client:
    """A JSON client of one system. Use it as a context manager.

    ``pause`` waits; tests give their own.
    """

    def __init__(
        self,
        base: str,
        *,
        name: str,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        verify: Any = True,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base, self.name, self.pause = base.rstrip("/"), name, pause
        self._client = httpx.Client(
            timeout=SECONDS, headers=dict(headers or {}), auth=auth, verify=verify, follow_redirects=False
        )

    @classmethod
    def of(cls, settings: Mapping[str, Any], *, name: str, pause: Callable[[float], None] | None = None) -> "Client":
        """The client of the server that these settings (those of ``ServerForm``) name, signed in as they say.

        Raises:
            InvalidInput: the certificates to trust cannot be read.
        """
        token, user = str(settings.get("token") or ""), str(settings.get("username") or "")
        return cls(
            str(settings.get("url") or ""),
            name=name,
            headers={"Authorization": f"Bearer {token}"} if token else None,
            auth=(user, str(settings.get("password") or "")) if user and not token else None,
            verify=_trust(str(settings.get("ca_file") or "")),
            **({"pause": pause} if pause else {}),
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON answer of GET; see ``ask``."""
        return self.ask("GET", path, params=params)

    def post(self, path: str, body: Any) -> Any:
        """The JSON answer of POST; see ``ask``."""
        return self.ask("POST", path, body=body)

    def ask(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """The JSON answer. Asks again, later each time, after 429 and 5xx, and as long as ``Retry-After`` says.

        Raises:
            Forbidden: 401 or 403.
            Missing: 404.
            InvalidInput: another 4xx, a redirect, or an address that is none.
            Unavailable: no answer, half an answer, no JSON, more than LARGEST bytes, or a limit that lasts.
        """
        waited, failure = 0.0, ""
        for planned in (*PAUSES, None):
            rest = planned
            try:
                found = self._once(method, path, params, body)
            except _Passing as error:
                failure = error.sentence
            else:
                if found.status not in PASSING:
                    return self._read(found, path)
                failure, asked = self._refusal(found, path), _asked_pause(found.headers)
                rest = asked if asked is not None and planned is not None else planned
            if rest is None or waited + rest > PATIENCE:
                break
            self.pause(rest)
            waited += rest
        raise Unavailable(failure)

    def _once(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> _Answer:
        content = bytearray()
        try:
            with self._client.stream(method, f"{self.base}{path}", params=params, json=body) as found:
                for chunk in found.iter_bytes():
                    content += chunk
                    if len(content) > LARGEST:
                        raise Unavailable(f"{self.name} answered {path} with more than {LARGEST // 1024 // 1024} MB.")
                return _Answer(found.status_code, found.headers, bytes(content))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise InvalidInput(
                f"{self.base} is no address.", where="url", mend="Enter https://… as people use it."
            ) from None
        except httpx.TimeoutException:
            raise _Passing(f"{self.name} did not answer {path} within {SECONDS:.0f} seconds.") from None
        except httpx.HTTPError as error:
            raise _Passing(
                f"{self.name} cannot be reached, or stopped in the middle of its answer to {path}"
                f" ({type(error).__name__})."
            ) from None

    def _read(self, found: _Answer, path: str) -> Any:
        if found.status in {401, 403}:
            raise Forbidden(self._refusal(found, path))
        if found.status == 404:
            raise Missing(f"{self.name} has no {path}.")
        if found.status >= 300:
            raise InvalidInput(self._refusal(found, path))
        try:
            return json.loads(found.content) if found.content else None
        except ValueError:
            raise Unavailable(
                f"{self.name} answered {path} with something that is not JSON, or with half of it."
            ) from None

    def _refusal(self, found: _Answer, path: str) -> str:
        """The refusal in a sentence, with what the system says of it where that is short."""
        reason = REASONS.get(found.status, "it failed" if found.status >= 500 else "it refused")
        said = _said(found.content)
        return f"{self.name} answered {path} with {found.status}: {reason}." + (f" It says: {said}" if said else "")


def _said(content: bytes) -> str:
    try:
        told = json.loads(content)
    except ValueError:
        return ""
    said = (told.get("message") or told.get("error") or told.get("error_code")) if isinstance(told, dict) else ""
    return str(said or "")[:300]


def _asked_pause(headers: httpx.Headers) -> float | None:
    """Seconds that ``Retry-After`` asks for (RFC 9110, section 10.2.3): a number, or a date."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - clock.now()).total_seconds())
    except (TypeError, ValueError):
        return None


def pages(
    fetch: Callable[[str], tuple[list[Any], str]], *, of: str, first: str = ""
) -> Iterator[tuple[list[Any], str]]:
    """Pages (rows, token of the next page) of a list, from the one that the token ``first`` names.

    Raises:
        Unavailable: a token came twice: the system would go round for ever.
    """
    token, seen = first, {first}
    while True:
        rows, after = fetch(token)
        if after and after in seen:
            raise Unavailable(f"{of} repeats a page: it gave the same token twice.")
        yield rows, after
        if not after:
            return
        seen.add(after)
        token = after


def _trust(ca_file: str) -> ssl.SSLContext | bool:
    if not ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise InvalidInput(
            f"{ca_file} is no file of certificates (PEM) that the workers can read.", where="ca_file"
        ) from None
