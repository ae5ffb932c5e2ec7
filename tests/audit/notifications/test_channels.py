"""A team says where its messages go; secrets are never shown; only administrators reach into the own network."""

from typing import Any

import pytest

from audit.base.errors import InvalidInput, NotFound, NotPermitted
from audit.ledger.models import Entry
from audit.notifications import channelling, delivering, selectors
from audit.notifications.models import Channel, Delivery
from tests.audit.notifications.conftest import Channels, Tell, send_due
from tests.support.cast import SYSTEM, Cast
from tests.support.receiver import SECRET, Receiver

ADDRESS = "https://hooks.example.org/services/T0/B0/only-we-know"


def test_owner_adds_a_channel_and_the_entry_hides_its_secret(cast: Cast) -> None:
    client = cast.client("owner")
    assert [team.slug for team in selectors.teams_to_manage(viewer=cast.actor("owner"))] == ["flight-operations"]
    sent = {"team": "flight-operations", "name": "#alerts", "kinds": ["alert"], "url": ADDRESS}
    answer = client.post("/notifications/channels/add/chat/", sent)
    found = Channel.objects.get()
    assert answer["Location"] == f"/notifications/channels/{found.pk}/"
    assert (found.team, found.kinds, found.inside) == (cast.team, ["alert"], False)
    page = client.get(answer["Location"]).content.decode()
    listed = client.get("/notifications/channels/").content.decode()
    entry = Entry.objects.get(action="notifications.channel_added")
    for text in (page, listed, str(Channel.objects.values().get()), str(entry.__dict__)):
        assert "only-we-know" not in text
    assert "Kept, encrypted, and never shown" in page
    assert entry.changes["url"] == [None, "set"]
    assert entry.team == cast.team.pk
    assert found.place().secrets["url"] == ADDRESS  # type: ignore[attr-defined]


def test_who_does_not_build_for_the_team_changes_nothing(cast: Cast, channel: Channels) -> None:
    found = channel()
    given: dict[str, Any] = {"name": "x", "settings": {"url": ADDRESS}}
    for name in ("manager", "validator", "approver", "auditor", "outsider"):
        actor = cast.actor(name)
        with pytest.raises(NotPermitted):
            channelling.add_channel(actor=actor, team=cast.team, kind="chat", **given)
        with pytest.raises(NotPermitted):
            channelling.change_channel(actor=actor, channel=found, **given)
        with pytest.raises(NotPermitted):
            channelling.order_test(actor=actor, channel=found)
        with pytest.raises(NotPermitted):
            channelling.remove_channel(actor=actor, channel=found, reason="x")
    with pytest.raises(NotFound):
        selectors.channel(viewer=cast.actor("outsider"), channel_id=found.pk)


def test_secret_that_is_left_empty_stays(cast: Cast, channel: Channels, receiver: Receiver) -> None:
    found, client = channel(), cast.client("administrator")
    address = f"/notifications/channels/{found.pk}/"
    sent = {"name": "Renamed", "url": receiver.url, "authority": receiver.authority, "kinds": ["news"]}
    assert client.post(address, sent).status_code == 302
    found.refresh_from_db()
    assert (found.name, found.kinds, found.inside) == ("Renamed", ["news"], True)
    assert found.place().secrets["signing_secret"] == SECRET  # type: ignore[attr-defined]
    entry = Entry.objects.get(action="notifications.channel_changed")
    assert entry.changes == {"name": ["Webhook", "Renamed"], "kinds": [[], ["news"]]}
    assert client.post(address, sent).status_code == 302
    assert Entry.objects.filter(action="notifications.channel_changed").count() == 1, "no change is no entry"


def test_owner_cannot_reach_into_the_own_network(cast: Cast, receiver: Receiver) -> None:
    settings = {"url": receiver.url, "authority": receiver.authority.strip(), "signing_secret": SECRET}
    made = channelling.add_channel(
        actor=cast.actor("owner"), team=cast.team, kind="webhook", name="inside", settings=settings
    )
    ordered = channelling.order_test(actor=cast.actor("owner"), channel=made)
    tried = delivering.attempt(delivery_id=ordered.pk)
    assert tried is not None
    assert tried.state == "failed"
    assert "only an administrator can name such an address" in tried.outcome
    assert receiver.requests == []


def test_owner_who_moves_an_administrators_channel_loses_its_reach(cast: Cast, channel: Channels) -> None:
    found = channel()
    assert found.inside
    owner, same = cast.actor("owner"), {**found.settings, "signing_secret": ""}
    assert channelling.change_channel(actor=owner, channel=found, name="n", settings=same).inside
    moved = {**same, "url": "https://10.0.0.1/"}
    assert not channelling.change_channel(actor=owner, channel=found, name="n", settings=moved).inside


def test_test_says_whether_it_works_and_is_an_entry(cast: Cast, channel: Channels, receiver: Receiver) -> None:
    found, client = channel(), cast.client("administrator")
    address = f"/notifications/channels/{found.pk}/"
    page = client.post(f"{address}test/", follow=True).content.decode()
    assert f"{receiver.url} took it (204)." in page
    receiver.script = [403]
    page = client.post(f"{address}test/", follow=True).content.decode()
    assert f"{receiver.url} answers 403: it does not let us." in page
    assert [row.state for row in Delivery.objects.order_by("pk")] == ["sent", "failed"], "a test is tried once"
    assert Entry.objects.filter(action="notifications.test_sent", subject_id=str(found.pk)).count() == 2
    assert b"Nothing has happened" in receiver.taken[0].body


def test_channel_that_is_removed_takes_what_waits_with_it(
    cast: Cast, tell: Tell, channel: Channels, receiver: Receiver
) -> None:
    found = channel()
    tell(to=[])
    send_due()
    tell("waits", to=[])
    client, address = cast.client("owner"), f"/notifications/channels/{found.pk}/remove/"
    assert "Say why the channel is removed." in client.post(address, follow=True).content.decode()
    assert client.post(address, {"reason": "not used"}).status_code == 302
    assert not Channel.objects.exists()
    entry = Entry.objects.get(action="notifications.channel_removed")
    assert (entry.reason, entry.changes["name"]) == ("not used", ["Webhook", None])
    rows = {row.title: (row.state, row.to, row.outcome) for row in selectors.deliveries(viewer=cast.actor("owner"))}
    assert rows["waits"] == ("dropped", "Signed webhook: Webhook", "The channel was removed.")
    assert rows["AUC fell"][0] == "sent"
    assert send_due() == []


def test_wrong_forms_say_what_is_wrong(cast: Cast, channel: Channels) -> None:
    channel()
    client = cast.client("owner")
    team = {"team": "flight-operations"}
    answer = client.post("/notifications/channels/add/webhook/", {**team, "name": "x", "url": "https://x.example.org/"})
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    sent = {**team, "name": "Webhook", "url": "https://x.example.org/", "signing_secret": SECRET}
    assert "has a channel Webhook." in client.post("/notifications/channels/add/webhook/", sent).content.decode()
    answer = client.post("/notifications/channels/add/webhook/", {**sent, "name": "y", "team": "catering"})
    assert "Select a valid choice" in answer.content.decode()
    answer = client.post("/notifications/channels/add/chat/", {**team, "name": "y", "url": "http://x.example.org/"})
    assert "http is for this machine alone" in answer.content.decode()
    assert client.get("/notifications/channels/add/pigeon/").status_code == 422
    for wrong in ({"kinds": ["x"]}, {"name": " "}, {"settings": {"url": ""}}):
        given: dict[str, Any] = {"kind": "chat", "name": "z", "settings": {"url": ADDRESS}, **wrong}
        with pytest.raises(InvalidInput):
            channelling.add_channel(actor=SYSTEM, team=cast.team, **given)
    assert Channel.objects.count() == 1
