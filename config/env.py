"""Reads the environment in one place: each value is typed, and a wrong one stops the start with its name."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def text(name: str, default: str | None = None) -> str:
    """The variable as text; without a default, its absence stops the start."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"set {name} in the environment.")
    return value


def flag(name: str, default: bool) -> bool:
    """The variable as yes or no."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; set it to 1 or 0.")


def number(name: str, default: int) -> int:
    """The variable as a whole number."""
    value = os.environ.get(name, str(default))
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; set it to a whole number.") from None


def listed(name: str) -> list[str]:
    """The variable as a list, separated by commas."""
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def kept_secret(path: Path) -> str:
    """The secret stored at ``path``; made on the first call, readable by its owner only (mode 0600)."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        value = secrets.token_urlsafe(50)
        file.write(value)
    return value


def database(url: str) -> dict[str, Any]:
    """Django's settings of the database at ``url``: ``sqlite:///file`` or ``postgresql://user:password@host/name``.

    SQLite runs in WAL mode and takes its write lock when a transaction starts: two writers then wait for each other
    instead of failing in the middle.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) or ":memory:",
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(f"DATABASE_URL starts with {parts.scheme!r}; use sqlite:/// or postgresql://.")


@dataclass(frozen=True)
class Mail:
    """A mail server: ``tls`` from the start, or ``starttls``, or neither."""

    host: str
    port: int
    user: str
    password: str
    tls: bool
    starttls: bool


def mail(url: str) -> Mail | None:
    """The mail server at ``url``; None for "".

    ``smtps://user:password@host`` is TLS from the start (port 465), ``smtp://`` turns to it (587), and
    ``smtp+plain://`` stays without (25).
    """
    if not url:
        return None
    parts, ports = urlsplit(url), {"smtps": 465, "smtp": 587, "smtp+plain": 25}
    if parts.scheme not in ports or not parts.hostname:
        raise ImproperlyConfigured(
            f"EMAIL_URL starts with {parts.scheme!r}: use smtps://HOST, smtp://HOST or smtp+plain://HOST."
        )
    port, user = parts.port or ports[parts.scheme], unquote(parts.username or "")
    password = unquote(parts.password or "")
    return Mail(parts.hostname, port, user, password, parts.scheme == "smtps", parts.scheme == "smtp")
