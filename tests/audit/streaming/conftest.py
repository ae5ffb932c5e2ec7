"""Entries to stream, and streams that take them."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.catalogue.models import Model
from audit.ledger import sealing
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.models import Head
from audit.ledger.services import record
from audit.streaming import services
from audit.streaming.models import Stream
from tests.support.cast import SYSTEM, Cast
from tests.support.receiver import SECRET, Receiver

Streams = Callable[..., Stream]


@pytest.fixture
def sealed(cast: Cast, model: Model) -> Callable[[int], int]:
    """``sealed(3)`` writes three entries more, seals all, and gives the number of the last."""

    def write(count: int = 0) -> int:
        for number in range(count):
            record(actor=SYSTEM, action=REFUSED, subject_name=f"attempt {number}", team=cast.team.pk)
        sealing.seal()
        return Head.objects.get(pk=1).size

    return write


@pytest.fixture
def https(receiver: Receiver, sealed: Callable[[int], int]) -> Streams:
    """A stream to the receiver, from the first entry on."""

    def make(**said: Any) -> Stream:
        sealed(0)
        settings = {
            "url": receiver.url,
            "authority": receiver.authority.strip(),
            "signing_secret": SECRET,
            "authorization": "Bearer of-tests",
        }
        given = {"name": "SIEM", "settings": settings, "from_beginning": True, **said}
        return services.add_stream(actor=SYSTEM, kind="https", **given)

    return make
