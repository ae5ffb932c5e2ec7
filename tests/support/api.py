"""A program that calls the API with a member's token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from audit.people import services as people
from tests.support.cast import SYSTEM, Cast

ROOT = "/api/v1"


@dataclass
class Program:
    """A client with a bearer token."""

    token: str
    client: Client

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer; ``headers`` are names with underscores."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, ROOT + path, b"" if body is None else _encoded(body), content_type="application/json", headers=sent
        )

    def get(self, path: str, **headers: str) -> Any:
        """The answer to GET."""
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """The answer to POST."""
        return self.call("POST", path, body, **headers)


def _encoded(body: Any) -> bytes:
    import json

    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode()


@pytest.fixture
def program(cast: Cast) -> Callable[..., Program]:
    """``program("owner")`` calls with a fresh token of the owner; ``program("nobody")`` without one."""

    def of(name: str = "owner", scopes: tuple[str, ...] = ("write",)) -> Program:
        if name == "nobody":
            return Program("", Client(raise_request_exception=False))
        user = getattr(cast, name)
        _, text = people.issue_token(actor=SYSTEM, user=user, name="test", scopes=list(scopes), days=1)
        return Program(text, Client(raise_request_exception=False))

    return of
