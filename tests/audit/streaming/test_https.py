"""A receiver gets every entry, in order, at least once, whatever happens on the way; signed, so that it can tell."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from audit.base import clock, webhooks
from audit.jobs.models import Job, State
from audit.ledger.models import Entry, Leaf
from audit.streaming import delivery, reading, services
from audit.streaming.destinations import https as https_module
from audit.streaming.destinations.https import Https, HttpsForm
from audit.streaming.models import Stream
from tests.support.cast import SYSTEM
from tests.support.flush import triggers_lifted
from tests.support.jobs import Worker
from tests.support.receiver import DROP, HANG, SECRET, Receiver

Seal = Callable[[int], int]
Streams = Callable[..., Stream]


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of five, so that a few entries are many batches."""
    monkeypatch.setattr(delivery, "MOST_LINES", 5)


def again(stream: Stream) -> delivery.Delivered:
    """Delivers, as the job does when its time has come."""
    return delivery.deliver(stream=Stream.objects.get(pk=stream.pk))


def test_all_entries_arrive_once_in_order_and_signed(receiver: Receiver, https: Streams, sealed: Seal) -> None:
    last = sealed(12)
    stream = https()
    assert again(stream) == delivery.Delivered(last, last)
    assert receiver.numbers == list(range(1, last + 1))
    assert [len(one.numbers) for one in receiver.taken] == [5] * (last // 5) + ([last % 5] if last % 5 else [])
    for request in receiver.taken:
        assert Webhook(SECRET).verify(request.body, request.headers) == json.loads(request.body)
        assert request.headers["authorization"] == "Bearer of-tests"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["tollgate-sequence"] == f"{request.numbers[0]}-{request.numbers[-1]}"
        assert request.headers["idempotency-key"] == request.headers["webhook-id"]
    assert len({request.headers["webhook-id"] for request in receiver.taken}) == len(receiver.taken)
    stream.refresh_from_db()
    assert (stream.cursor, stream.pending, stream.delivered, stream.last_error) == (last, 0, last, "")
    assert again(stream) == delivery.Delivered(0, last)


def test_changed_body_or_header_is_told_by_the_signature(receiver: Receiver, https: Streams) -> None:
    again(https())
    request = receiver.taken[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body + b" ", request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body, request.headers | {"webhook-id": "other"})


def test_signature_is_that_of_the_published_example() -> None:
    # The example of the specification (standard-webhooks/spec, "Symmetric").
    key = webhooks.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    found = webhooks.signature(key=key, ident="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1_614_265_330, body=body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_receiver_that_fails_is_tried_again_and_nothing_is_skipped(
    receiver: Receiver, https: Streams, sealed: Seal
) -> None:
    last = sealed(8)
    stream = https()
    receiver.script = [204, 500]
    done = again(stream)
    assert (done.count, done.number) == (5, 5)
    assert done.error == f"{receiver.url} answers 500: it is out of order."
    stream.refresh_from_db()
    assert (stream.cursor, stream.failures) == (5, 1)
    assert stream.last_error == done.error
    assert stream.next_try_at is not None
    assert timedelta(seconds=10) < stream.next_try_at - clock.now() <= timedelta(seconds=15)
    assert not delivery.is_due(stream, last)
    receiver.script = [503]
    again(stream)
    stream.refresh_from_db()
    assert stream.failures == 2
    assert stream.next_try_at is not None
    assert timedelta(seconds=20) < stream.next_try_at - clock.now() <= timedelta(seconds=30), "later each time"
    assert again(stream).error == ""
    assert receiver.numbers == list(range(1, last + 1))
    after = Stream.objects.get(pk=stream.pk)
    assert (after.failures, after.last_error, after.next_try_at) == (0, "", None)


def test_lost_receipt_brings_the_same_batch_again_under_the_same_id(
    receiver: Receiver, https: Streams, sealed: Seal
) -> None:
    stream = https(name="lost")
    first = min(5, sealed(0))
    receiver.script = [DROP]
    assert "cannot be reached" in again(stream).error
    stream.refresh_from_db()
    assert (stream.cursor, stream.pending) == (0, first)
    last = sealed(7)
    again(stream)
    one, two = receiver.taken[:2]
    assert one.numbers == two.numbers, "entries that came meanwhile do not change the batch"
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.body == two.body
    assert receiver.known() == list(range(1, last + 1))
    assert receiver.numbers != receiver.known(), "at least once: a repeat is what a lost receipt costs"


def test_receiver_that_does_not_answer_is_given_up_in_time(
    receiver: Receiver, https: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https_module, "SECONDS", 0.3)
    stream = https()
    receiver.script = [HANG]
    assert again(stream).error == f"{receiver.url} does not answer within 0.3 seconds."
    assert Stream.objects.get(pk=stream.pk).cursor == 0


def test_receiver_that_nobody_runs_is_told(receiver: Receiver, https: Streams) -> None:
    stream = https()
    Stream.objects.filter(pk=stream.pk).update(settings={"url": "https://localhost:1/x"})
    assert again(stream).error == "https://localhost:1/x cannot be reached: Connection refused."


def test_receiver_without_a_trusted_certificate_gets_nothing(receiver: Receiver, https: Streams) -> None:
    stream = https()
    Stream.objects.filter(pk=stream.pk).update(settings={"url": receiver.url})
    assert "certificate verify failed" in again(stream).error
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(301, "redirects are not followed"), (307, "redirects are not followed"), (401, "signing secret"), (418, "418")],
)
def test_other_answers_are_told_in_words(receiver: Receiver, https: Streams, status: int, words: str) -> None:
    receiver.script = [status]
    stream = https()
    assert words in again(stream).error
    assert [one.path for one in receiver.requests] == ["/events"], "no redirect is followed"
    assert Stream.objects.get(pk=stream.pk).cursor == 0


def test_receiver_says_how_long_to_wait(receiver: Receiver, https: Streams) -> None:
    stream = https()
    for asked, least, most in (("120", 119, 120), ("99999", 899, 900), ("Wed, 21 Oct 2026 07:28:00 GMT", 0, 900)):
        receiver.script, receiver.retry_after = [429], asked
        again(stream)
        stream.refresh_from_db()
        assert stream.next_try_at is not None
        wait = (stream.next_try_at - clock.now()).total_seconds()
        assert least <= wait <= most
        assert not delivery.is_due(stream, stream.cursor + 1)


def test_batch_that_is_too_large_is_halved(receiver: Receiver, https: Streams, sealed: Seal) -> None:
    def at_most_two(request: Any) -> int:
        return 413 if len(request.numbers) > 2 else 204

    last = sealed(3)
    receiver.script = [at_most_two] * 100
    assert again(https()).error == ""
    assert receiver.numbers == list(range(1, last + 1))
    assert max(len(one.numbers) for one in receiver.taken) == 2


def test_single_event_that_is_too_large_stops_the_stream(receiver: Receiver, https: Streams) -> None:
    receiver.script = [413] * 10
    assert "a single event is too large for it" in again(https()).error


def test_batches_keep_to_their_bytes(
    receiver: Receiver, https: Streams, sealed: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1)
    last = sealed(2)
    again(https())
    assert [one.numbers for one in receiver.taken] == [[number] for number in range(1, last + 1)]


def test_hole_in_the_log_stops_the_stream_before_it(receiver: Receiver, https: Streams, sealed: Seal) -> None:
    sealed(6)
    stream = https()
    with triggers_lifted():
        Leaf.objects.filter(number=8).delete()
    assert again(stream).error == "Entry 8 is missing from the log; nothing behind it goes out."
    assert receiver.numbers == list(range(1, 6)), "what is whole went out"


def test_entry_that_was_changed_past_us_does_not_go_out(receiver: Receiver, https: Streams, sealed: Seal) -> None:
    sealed(6)
    stream = https()
    with triggers_lifted():
        Entry.objects.filter(leaf__number=7).update(reason="forged")
    assert again(stream).error == "Entry 7 is not what was sealed; nothing behind it goes out."
    assert receiver.numbers == list(range(1, 6))


def test_two_processes_at_once_do_not_skip(
    receiver: Receiver, https: Streams, sealed: Seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = sealed(9)
    stream = https()
    late = Stream.objects.get(pk=stream.pk)

    post = Https.deliver

    def overtaken(self: Https, batch: Any) -> None:
        monkeypatch.setattr(Https, "deliver", post)
        again(stream)  # before the first has its answer, another process delivers everything
        post(self, batch)

    monkeypatch.setattr(Https, "deliver", overtaken)
    assert delivery.deliver(stream=late) == delivery.Delivered(0, 0)
    assert Stream.objects.get(pk=stream.pk).cursor == last
    assert receiver.known() == list(range(1, last + 1))
    assert receiver.taken[-1].numbers == [1, 2, 3, 4, 5], "the late one brought a repeat, and moved nothing"


def test_paused_stream_gets_what_it_lacks_when_it_is_resumed(
    receiver: Receiver, https: Streams, sealed: Seal, worker: Worker
) -> None:
    stream = https()
    last = sealed(0)
    services.start_due()
    (done,) = worker.run_all()
    assert (done.kind, done.state, done.counts["number"]) == ("streaming.deliver", State.SUCCEEDED, last)
    services.switch_stream(actor=SYSTEM, stream=stream, enabled=False, reason="maintenance")
    last = sealed(4)
    services.start_due()
    assert worker.run_all() == []
    assert again(stream) == delivery.Delivered(0, Stream.objects.get(pk=stream.pk).cursor), "paused while it waited"
    services.switch_stream(actor=SYSTEM, stream=stream, enabled=True, reason="over")
    last = sealed(0)
    services.start_due()
    worker.run_all()
    assert receiver.numbers == list(range(1, last + 1))


def test_deliveries_are_started_once_and_do_not_bury_other_jobs(
    receiver: Receiver, https: Streams, sealed: Seal, worker: Worker
) -> None:
    https()
    for _ in range(3):
        sealed(1)
        services.start_due()
        services.start_due()
        worker.run_all()
    assert Job.objects.filter(kind="streaming.deliver").count() == 1
    assert Job.objects.filter(kind="streaming.deliver", state=State.SUCCEEDED).count() == 1
    receiver.script = [500]
    sealed(1)
    services.start_due()
    (failed,) = worker.run_all()
    assert failed.state == State.SUCCEEDED, "a receiver that is down is no fault of ours"
    assert "answers 500" in str(failed.lines.get())


def test_new_stream_begins_with_the_next_entry_unless_it_is_to_have_all(
    receiver: Receiver, https: Streams, sealed: Seal
) -> None:
    before = sealed(2)
    stream = https(from_beginning=False)
    last = sealed(1)
    again(stream)
    assert receiver.numbers == list(range(before + 1, last + 1))


def test_delivery_is_no_entry_so_that_it_never_feeds_itself(receiver: Receiver, https: Streams, sealed: Seal) -> None:
    stream = https()
    last = sealed(0)
    again(stream)
    assert sealed(0) == last
    assert again(stream).count == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://siem.example.org/x", "ftp://siem.example.org/x", "https://me:secret@siem.example.org/x",
        "https://siem.example.org/#x", "file:///etc/passwd", "siem.example.org", "", "http://localhost.example.org/",
        "http://127.0.0.2/", "http://[::2]/",
    ],
)  # fmt: skip
def test_address_that_is_not_allowed_is_refused(url: str) -> None:
    form = HttpsForm({"url": url})
    assert not form.is_valid()
    assert "url" in form.errors


@pytest.mark.parametrize(
    "url",
    ["https://siem.example.org/x?y=1", "https://10.0.0.7:8088/services", "http://localhost:9/", "http://[::1]:9/"],
)
def test_address_that_is_allowed_is_taken(url: str) -> None:
    assert HttpsForm({"url": url}).is_valid()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("signing_secret", "short"), ("signing_secret", base64.b64encode(b"x" * 23).decode()),
        ("signing_secret", base64.b64encode(b"x" * 65).decode()), ("authorization", "Bearer a\nX-Evil: 1"),
        ("authorization", "Bearer ü"), ("authority", "-----BEGIN CERTIFICATE-----"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(field: str, value: str) -> None:
    form = HttpsForm({"url": "https://siem.example.org/", field: value})
    assert field in form.errors
