"""A person who is erased leaves nothing of what they were told, and no address that it went to."""

from datetime import time

from audit.ledger import sealing
from audit.notifications import services
from audit.notifications.models import Delivery, Notification
from audit.people import services as people
from audit.people.selectors import actor_of
from audit.retention.services import erase_person
from tests.audit.notifications.conftest import Tell
from tests.support import raw
from tests.support.cast import SYSTEM, Cast


def test_erased_person_stands_in_no_message_delivery_or_choice(cast: Cast, tell: Tell) -> None:
    user = people.create_user(actor=SYSTEM, email="ines@example.org", name="Ines Quispe")
    services.choose(
        actor=actor_of(user),
        user=user,
        choices={"alert": "email"},
        quiet_from=None,
        quiet_until=None,
        digest_at=time(9),
    )
    tell("A review waits for Ines Quispe", to=[user, cast.owner])
    sealing.seal()
    before = raw.places("ines")
    assert before["notifications_delivery.to"] == ["ines@example.org"]
    assert before["notifications_message.title"] == ["A review waits for Ines Quispe"]
    erase_person(actor=cast.actor("administrator"), user=user, reason="asked for")
    assert raw.places("ines@example.org") == {}
    assert raw.places("Ines Quispe") == {}
    assert not Notification.objects.filter(user=user).exists()
    assert not Delivery.objects.filter(user=user).exists()
    assert Notification.objects.filter(user=cast.owner).count() == 1, "what others were told stays, without the name"
