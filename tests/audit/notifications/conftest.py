"""Kinds that tests tell of, and ways to tell and to deliver."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.base import clock, ids
from audit.notifications import channelling, delivering, services
from audit.notifications.kinds import KINDS, Choice, Kind
from audit.notifications.models import Channel, Delivery, Message
from tests.support.cast import SYSTEM, Cast
from tests.support.receiver import SECRET, Receiver

Tell = Callable[..., Message]
Channels = Callable[..., Channel]


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alerts, by e-mail unless someone chose otherwise; and news, which stay in the app."""
    for code in list(KINDS):
        monkeypatch.delitem(KINDS, code)
    monkeypatch.setitem(KINDS, "alert", Kind("alert", "Alerts", "A model is not as it should be.", Choice.EMAIL))
    monkeypatch.setitem(KINDS, "news", Kind("news", "News", "Something is new.", Choice.APP))


@pytest.fixture
def tell(cast: Cast) -> Tell:
    """``tell("AUC fell")`` tells the owner of something that is the team's; ``said`` is what else ``notify`` takes."""

    def of(title: str = "AUC fell", **said: Any) -> Message:
        given = {"kind": "alert", "team": cast.team, "key": str(ids.uuid7()), "text": "It fell.", "link": "/models/"}
        return services.notify(**{**given, "title": title, "to": [cast.owner], **said})

    return of


@pytest.fixture
def channel(cast: Cast, receiver: Receiver) -> Channels:
    """A channel of the team to the receiver; ``channel("chat")`` or ``channel("webhook")``."""

    def of(kind: str = "webhook", **said: Any) -> Channel:
        settings = {"url": receiver.url, "authority": receiver.authority.strip()}
        if kind == "webhook":
            settings["signing_secret"] = SECRET
        given = {"team": cast.team, "name": kind.title(), "settings": settings, **said}
        return channelling.add_channel(actor=SYSTEM, kind=kind, **given)

    return of


def send_due() -> list[Delivery]:
    """Tries everything that is due, as the jobs do; the rows afterwards."""
    tried = []
    while found := delivering.due(clock.now()).first():
        done = delivering.attempt(delivery_id=found.pk)
        assert done is not None
        tried.append(done)
    return tried


def make_due() -> None:
    """The time of everything that waits has come."""
    Delivery.objects.filter(state=Delivery.State.WAITING).update(due_at=clock.now())
