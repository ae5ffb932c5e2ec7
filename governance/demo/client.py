"""Speaks to Tollgate's own API over HTTP, as a user's program would, with a token that ends with the block."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.conf import settings

from audit.base.actors import Actor
from audit.people import services as people
from audit.people.models import User
from audit.people.selectors import actor_of

WAIT_SECONDS = 60


class Api:
    """A thin client: each call raises httpx.HTTPStatusError with the server's problem in its text."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def get(self, path: str) -> Any | None:
        """The answer's JSON; None for 404."""
        response = self.http.get(path)
        if response.status_code == httpx.codes.NOT_FOUND:
            return None
        return _checked(response)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The answer's JSON."""
        return _checked(self.http.post(path, json=body))

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """The answer's JSON."""
        return _checked(self.http.put(path, json=body))

    def ensure(self, path: str, create_path: str, body: dict[str, Any]) -> Any:
        """What stands at ``path``; created by posting ``body`` to ``create_path`` where it does not exist yet.

        When another job has created it between the two, it is that one.
        """
        found = self.get(path)
        if found is not None:
            return found
        made = self.http.post(create_path, json=body)
        if made.status_code == httpx.codes.UNPROCESSABLE_ENTITY and (found := self.get(path)) is not None:
            return found
        return _checked(made)


def _checked(response: httpx.Response) -> Any:
    if response.is_error:
        raise RuntimeError(
            f"{response.request.method} {response.request.url.path}: {response.status_code} {response.text}"
        )
    return response.json()


@contextmanager
def connected(*, user: User, purpose: str) -> Iterator[Api]:
    """The API, as ``user``; waits up to a minute for the web server to answer."""
    token, text = people.issue_token(actor=Actor.service("demo"), user=user, name=purpose, scopes=["write"], days=1)
    base = settings.TOLLGATE_URL.rstrip("/")
    try:
        with httpx.Client(
            base_url=f"{base}/api/v1", headers={"Authorization": f"Bearer {text}"}, timeout=30, trust_env=False
        ) as http:
            _wait(base, http)
            yield Api(http)
    finally:
        people.revoke_token(actor=actor_of(user), token_id=str(token.pk))


def _wait(base: str, http: httpx.Client) -> None:
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            http.get(f"{base}/healthz").raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
