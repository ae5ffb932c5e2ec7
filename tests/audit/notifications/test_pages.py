"""The pages: what is new for me, what I want to be told, and whether it arrived; and the same by API."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.base import ids
from audit.notifications import kinds
from audit.notifications.models import Delivery, Notification, Preferences
from tests.audit.notifications.conftest import Channels, Tell, make_due, send_due
from tests.support.api import Program
from tests.support.cast import Cast
from tests.support.receiver import Receiver


def text_of(client: Any, address: str) -> str:
    """The page."""
    answer = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def csv_of(client: Any, address: str) -> list[str]:
    """The lines of the CSV."""
    return list(client.get(address).getvalue().decode().splitlines())


def test_page_lists_what_is_new_and_the_rail_counts_it(cast: Cast, tell: Tell) -> None:
    client = cast.client("owner")
    assert "You have not been told anything yet" in text_of(client, "/notifications/")
    tell("<b>AUC</b> fell", urgent=True)
    tell("Second")
    page = text_of(client, "/notifications/")
    assert "You have not read 2 messages." in page
    assert '<a href="/models/">&lt;b&gt;AUC&lt;/b&gt; fell</a>' in page
    assert "E-mails stay on this machine, because no mail server is set." in page
    assert '2<span class="visually-hidden"> not read</span>' in text_of(client, "/people/")
    assert "AUC" not in text_of(cast.client("outsider"), "/notifications/")
    lines = csv_of(client, "/notifications/?format=csv")
    assert lines[0] == "at,kind,team,title,text,link,urgent,read_at"
    assert lines[2].split(",")[1:] == [
        "Alerts",
        "Flight operations",
        "<b>AUC</b> fell",
        "It fell.",
        "/models/",
        "yes",
        "",
    ]


def test_one_or_all_are_marked_as_read(cast: Cast, tell: Tell) -> None:
    client = cast.client("owner")
    tell("First")
    tell("Second")
    first = Notification.objects.get(message__title="First")
    assert client.post("/notifications/read/", {"notification": str(first.pk)}).status_code == 302
    page = text_of(client, "/notifications/?show=unread")
    assert "Second" in page
    assert "First</a>" not in page
    assert client.post("/notifications/read/").status_code == 302
    assert "you have read all that you were told" in text_of(client, "/notifications/")
    assert "All messages to you are marked as read." in text_of(client, "/notifications/?show=unread")
    for wrong in (str(ids.uuid7()), "x"):
        assert client.post("/notifications/read/", {"notification": wrong}).status_code == 404


def test_settings_are_kept_and_wrong_ones_explained(cast: Cast) -> None:
    client, address = cast.client("owner"), "/notifications/settings/"
    page = text_of(client, address)
    assert "A model is not as it should be." in page
    sent = {"kind-alert": "digest", "kind-news": "nothing", "digest_at": "07:30", "quiet_from": "22:00"}
    answer = client.post(address, sent)
    assert answer.status_code == 422
    assert "Quiet hours need a beginning and an end." in answer.content.decode()
    assert client.post(address, {**sent, "quiet_until": "06:00"}).status_code == 302
    kept = Preferences.objects.get(user=cast.owner)
    assert kept.choices == {"alert": "digest", "news": "nothing"}
    assert (kept.quiet_from, kept.quiet_until, kept.digest_at) == ("22:00", "06:00", "07:30")
    page = text_of(client, address)
    assert "Of 1 kind you are told nothing, not even what is urgent." in page
    assert 'value="07:30"' in page
    assert client.post(address, {**sent, "kind-alert": "shout"}).status_code == 422


def test_page_without_any_kind_says_so(cast: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(kinds, "KINDS", {})
    assert "There is nothing to choose yet" in text_of(cast.client("owner"), "/notifications/settings/")


def test_deliveries_say_how_they_fare(cast: Cast, tell: Tell, channel: Channels, receiver: Receiver) -> None:
    client, address = cast.client("owner"), "/notifications/deliveries/"
    assert "Nothing was sent out of the app yet." in text_of(client, address)
    channel()
    tell(to=[])
    assert "None failed; 1 waits for its time." in text_of(client, address)
    receiver.script = [500]
    send_due()
    page = text_of(client, address)
    assert "answers 500: it is out of order." in page
    make_due()
    receiver.script = [410]
    send_due()
    page = text_of(client, address)
    assert "1 delivery failed and is not tried any more; each says why." in page
    assert "Send again" in page
    assert "Send again" in text_of(cast.client("manager"), address), "disabled, with the reason"
    row = Delivery.objects.get()
    assert cast.client("manager").post(f"{address}{row.pk}/again/").status_code == 403
    assert cast.client("outsider").post(f"{address}{row.pk}/again/").status_code == 404
    assert client.post(f"{address}{row.pk}/again/").status_code == 302
    assert client.post(f"{address}{row.pk}/again/").status_code == 409, "it waits already"
    send_due()
    assert "All that was sent arrived." in text_of(client, address)
    assert "No delivery is in this state" in text_of(client, f"{address}?state=failed")
    lines = csv_of(client, f"{address}?format=csv")
    assert lines[0] == "asked_for,way,what,where,team,state,attempts,last_try,next_try,outcome"
    assert ",Channel,AUC fell,Signed webhook: Webhook,Flight operations,Sent,1," in lines[1]


def test_channels_say_which_takes_nothing(cast: Cast, tell: Tell, channel: Channels, receiver: Receiver) -> None:
    client, address = cast.client("owner"), "/notifications/channels/"
    assert "Nowhere: people get them in the app and by e-mail." in text_of(client, address)
    found = channel()
    assert "Not tried" in text_of(client, address)
    tell(to=[])
    receiver.script = [500]
    send_due()
    assert "1 channel did not take the last message." in text_of(client, address)
    assert "The last message was not taken: " in text_of(client, f"{address}{found.pk}/")
    make_due()
    send_due()
    assert "Each took the last message that was sent to it." in text_of(client, address)
    lines = csv_of(client, f"{address}?format=csv")
    assert lines[0] == "team,name,kind,messages,last_outcome,last_try"
    assert lines[1].startswith(f"Flight operations,Webhook,Signed webhook,all,{receiver.url} took it (204).,")
    assert "Webhook" not in csv_of(cast.client("outsider"), f"{address}?format=csv")[-1]


def test_lists_cost_the_same_number_of_queries_for_more_rows(cast: Cast, tell: Tell, channel: Channels) -> None:
    client = cast.client("owner")

    def queries(more: int) -> list[int]:
        for number in range(more):
            channel(name=f"C{Delivery.objects.count()}-{number}", kinds=["alert"])
            tell()
        counts = []
        for address in ("/notifications/", "/notifications/deliveries/", "/notifications/channels/"):
            client.get(address)
            with CaptureQueriesContext(connection) as caught:
                assert client.get(address).status_code == 200
            counts.append(len(caught))
        return counts

    assert queries(2) == queries(4)


def test_api_lists_and_marks(cast: Cast, tell: Tell, program: Callable[..., Program]) -> None:
    message = tell()
    tell(kind="news", team=None, to=[cast.owner, cast.outsider])
    owner, reader = program("owner"), program("owner", scopes=("read",))
    found = owner.get("/notifications").json()["items"]
    assert [one["kind"] for one in found] == ["news", "alert"]
    ours = found[1]
    assert (ours["title"], ours["team"], ours["link"]) == (message.title, "flight-operations", "/models/")
    assert reader.post(f"/notifications/{ours['id']}/read", {}).status_code == 403
    done = owner.post(f"/notifications/{ours['id']}/read", {})
    assert done.status_code == 200
    assert done.json()["read_at"] is not None
    assert [one["kind"] for one in reader.get("/notifications?unread=true").json()["items"]] == ["news"]
    assert program("outsider").post(f"/notifications/{ours['id']}/read", {}).status_code == 404
    assert len(program("outsider").get("/notifications").json()["items"]) == 1
