"""People, and entries of them, for holds and erasures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from audit.base import clock
from audit.base.actors import Actor, Role
from audit.lake import store
from audit.ledger import verification
from audit.ledger.models import Head
from audit.ledger.sealing import seal
from audit.people import services as people
from audit.people.models import User
from audit.people.selectors import actor_of
from tests.support.cast import PASSWORD, SYSTEM, Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OLD = NOW - timedelta(days=11 * 366)


class Clock:
    """The clock of a test: it stands where it is put, but for a microsecond a look."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=1)
        return self.at


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What entries and records say of when they were written follows it."""
    found = Clock()
    before = clock.now
    monkeypatch.setattr(clock, "now", found)
    for kind in apps.get_models():
        for field in kind._meta.concrete_fields:
            if field.default is before:
                monkeypatch.setitem(field.__dict__, "_get_default", found)
    return found


@dataclass(frozen=True)
class Ines:
    """A model owner with a name of two words."""

    user: User
    email: str
    name: str

    @property
    def actor(self) -> Actor:
        """As she acts from a browser."""
        return actor_of(User.objects.get(pk=self.user.pk), address="192.0.2.7", origin="request 1")


@pytest.fixture
def ines(cast: Cast) -> Ines:
    """She signed in once, failed to once, and has a token."""
    user = people.create_user(actor=SYSTEM, email="ines@example.net", name="Ines Duarte", password=PASSWORD)
    people.grant_role(actor=cast.actor("administrator"), user=user, role=Role.OWNER, team=cast.team, reason="She joins")
    client = Client(REMOTE_ADDR="192.0.2.7")
    for password in ("wrong", PASSWORD):
        client.post("/sign-in/", {"username": "Ines@example.net", "password": password})
    assert client.get("/settings/").status_code == 200
    people.issue_token(actor=actor_of(user), user=user, name="Ines’ laptop", scopes=["write"], days=3)
    return Ines(user, user.email, user.name)


def verified() -> int:
    """Seals what waits, and computes the whole log; returns its size. Fails when an entry does not hold."""
    seal()
    found = verification.compute()
    assert found.broken_at is None, found.sentence
    return Head.objects.get(pk=1).size


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A lake of this test alone."""
    monkeypatch.setattr(settings, "LAKE_URL", str(tmp_path / "lake"))
    store._store.cache_clear()
    yield
    store._store.cache_clear()
