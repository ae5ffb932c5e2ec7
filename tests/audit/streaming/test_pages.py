"""Administrators say who gets our events; who reads the whole ledger sees how far they are; secrets are never shown."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import InvalidInput
from audit.ledger.models import Entry
from audit.people import services as people
from audit.streaming import delivery, services
from audit.streaming.domain.standing import PATIENCE, Standing
from audit.streaming.models import Stream
from tests.support.cast import SYSTEM, Cast
from tests.support.receiver import SECRET, Receiver

Seal = Callable[[int], int]
Streams = Callable[..., Stream]


def test_administrator_adds_a_stream_and_the_entry_hides_its_secrets(cast: Cast, sealed: Seal) -> None:
    client, before = cast.client("administrator"), sealed(2)
    sent = {
        "name": "SIEM of the group",
        "url": "https://siem.example.org/in",
        "signing_secret": SECRET,
        "authorization": "Bearer of-tests",
    }
    answer = client.post("/audit/streams/add/https/", sent)
    stream = Stream.objects.get()
    assert answer["Location"] == f"/audit/streams/{stream.pk}/"
    assert (stream.cursor, stream.reveal, stream.enabled) == (before, False, True)
    assert stream.destination().secrets["signing_secret"] == SECRET  # type: ignore[attr-defined]
    page = client.get(f"/audit/streams/{stream.pk}/").content.decode()
    row = str(Stream.objects.values().get())
    entry = Entry.objects.get(action="streaming.added")
    for text in (page, row, str(entry.__dict__)):
        assert SECRET not in text
        assert SECRET.removeprefix("whsec_") not in text
        assert "of-tests" not in text
    assert "Kept, encrypted, and never shown" in page
    assert "<dt>Kind</dt><dd>HTTPS endpoint</dd>" in page
    assert '<dt>Address</dt><dd class="mono">https://siem.example.org/in</dd>' in page
    assert entry.changes["signing_secret"] == [None, "set"]
    assert entry.changes["first_entry"] == [None, before + 1]


def test_secret_that_is_left_empty_stays(cast: Cast, https: Streams, receiver: Receiver) -> None:
    stream, client = https(), cast.client("administrator")
    sent = {"name": "Renamed", "url": receiver.url, "authority": receiver.authority, "reveal": "on"}
    assert client.post(f"/audit/streams/{stream.pk}/", sent).status_code == 302
    stream.refresh_from_db()
    assert (stream.name, stream.reveal) == ("Renamed", True)
    assert stream.destination().secrets["signing_secret"] == SECRET  # type: ignore[attr-defined]
    entry = Entry.objects.get(action="streaming.changed")
    assert entry.changes == {"name": ["SIEM", "Renamed"], "reveal": [False, True]}
    other = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWc="
    client.post(f"/audit/streams/{stream.pk}/", {**sent, "signing_secret": other})
    stream.refresh_from_db()
    assert stream.destination().secrets["signing_secret"] == other  # type: ignore[attr-defined]
    assert Entry.objects.filter(action="streaming.changed").latest("pk").changes == {
        "signing_secret": ["set", "set anew"]
    }


def test_wrong_forms_say_what_is_wrong(cast: Cast, https: Streams) -> None:
    https()
    client = cast.client("administrator")
    sent = {"name": "SIEM", "url": "https://siem.example.org/", "signing_secret": SECRET}
    answer = client.post("/audit/streams/add/https/", sent)
    assert answer.status_code == 422
    assert "There is a stream SIEM." in answer.content.decode()
    answer = client.post("/audit/streams/add/https/", {"name": "x", "url": "http://siem.example.org/"})
    assert "http is for this machine alone" in answer.content.decode()
    answer = client.post("/audit/streams/add/https/", {"name": "x", "url": "https://siem.example.org/"})
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    with pytest.raises(InvalidInput, match="Without it the receiver cannot tell that events are from here"):
        services.add_stream(actor=SYSTEM, kind="https", name="x", settings={"url": "https://siem.example.org/"})
    assert client.get("/audit/streams/add/carrier-pigeon/").status_code == 422
    assert Stream.objects.count() == 1


def test_page_says_how_far_each_is(
    cast: Cast, https: Streams, sealed: Seal, receiver: Receiver, tmp_path: Path
) -> None:
    empty = cast.client("auditor").get("/audit/streams/").content.decode()
    assert "Nobody: sealed entries stay here." in empty
    stream = https()
    services.add_stream(actor=SYSTEM, kind="files", name="Archive", settings={"path": str(tmp_path), "megabytes": 1})
    last = sealed(3)
    receiver.script = [500]
    delivery.deliver(stream=stream)
    text = cast.client("auditor").get("/audit/streams/").content.decode()
    assert "1 stream needs attention" in text
    assert "Add: HTTPS endpoint" in text
    assert "Add: NDJSON files" in text
    assert f"the furthest behind lacks {last} entries" in text
    assert "answers 500: it is out of order." in text
    lines = cast.client("auditor").get("/audit/streams/?format=csv").getvalue().decode().splitlines()
    assert lines[0] == (
        "name,kind,state,last_entry,entries_behind,oldest_waits_since,personal_values,last_success,error"
    )
    begun = Stream.objects.get(name="Archive").cursor
    assert lines[1].startswith(f"Archive,NDJSON files,First delivery waits,{begun},{last - begun},")
    assert lines[2].startswith(f"SIEM,HTTPS endpoint,Failing,0,{last},")


def test_test_button_says_what_works(cast: Cast, https: Streams, receiver: Receiver) -> None:
    stream, client = https(), cast.client("administrator")
    text = client.post(f"/audit/streams/{stream.pk}/test/").content.decode()
    assert f"{receiver.url} took an empty list." in text
    assert [one.body for one in receiver.requests] == [b"[]"]
    receiver.script = [403]
    assert "answers 403 to an empty list: it does not let us." in (
        client.post(f"/audit/streams/{stream.pk}/test/").content.decode()
    )
    assert Stream.objects.get().cursor == 0


def test_secret_that_cannot_be_read_any_more_is_told(
    cast: Cast, https: Streams, sealed: Seal, settings: object
) -> None:
    stream = https()
    settings.SECRET_KEY = "another one"  # type: ignore[attr-defined]
    done = delivery.deliver(stream=stream)
    assert done.error == "The secret cannot be read any more, because SECRET_KEY has changed. Enter it again."
    assert Stream.objects.get().last_error == done.error


def test_pausing_needs_a_reason(cast: Cast, https: Streams) -> None:
    stream, client = https(), cast.client("administrator")
    address = f"/audit/streams/{stream.pk}/switch/"
    text = client.post(address, {"enabled": "no"}, follow=True).content.decode()
    assert "Say why the stream is paused or resumed." in text
    assert Stream.objects.get().enabled
    client.post(address, {"enabled": "no", "reason": "the receiver moves"})
    assert not Stream.objects.get().enabled
    entry = Entry.objects.get(action="streaming.switched")
    assert (entry.reason, entry.changes) == ("the receiver moves", {"enabled": [True, False]})
    assert "1 stream is paused." in client.get("/audit/streams/").content.decode()


def test_who_reads_a_part_of_the_ledger_does_not_see_streams(cast: Cast, https: Streams) -> None:
    stream = https()
    for name in ("owner", "manager", "outsider"):
        client = cast.client(name)
        assert client.get("/audit/streams/").status_code == 403
        assert client.get(f"/audit/streams/{stream.pk}/").status_code == 403
        assert 'href="/audit/streams/"' not in client.get("/models/").content.decode()
    people.grant_role(actor=SYSTEM, user=cast.manager, role=Role.AUDITOR, team=None, seen_since=clock.now().date())
    assert cast.client("manager").get("/audit/streams/").status_code == 403, "an auditor of some days only"


def test_standing_names_what_people_must_look_at() -> None:
    stream, now = Stream(name="s"), clock.now()
    assert stream.standing(None) is Standing.WELL
    assert stream.standing(now) is Standing.NEW
    assert stream.standing(now - PATIENCE * 2) is Standing.BEHIND
    stream.last_success_at = now
    assert stream.standing(now) is Standing.WELL
    stream.last_error = "it is down"
    assert stream.standing(None) is Standing.FAILING
    stream.enabled = False
    assert stream.standing(None) is Standing.PAUSED


def test_list_costs_the_same_number_of_queries_for_more_streams(cast: Cast, sealed: Seal, tmp_path: Path) -> None:
    client = cast.client("administrator")

    def queries(upto: int) -> int:
        for number in range(Stream.objects.count(), upto):
            services.add_stream(actor=SYSTEM, kind="files", name=f"S{number}", settings={"path": str(tmp_path)})
            sealed(1)
        client.get("/audit/streams/")
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/audit/streams/").status_code == 200
        return len(caught)

    assert queries(3) == queries(9)
