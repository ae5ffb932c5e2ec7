"""A message arrives once for who drops repeats, whatever happens on the way; what does not arrive says so."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox
from standardwebhooks import Webhook

from audit.base import clock, outgoing
from audit.base.errors import NotPermitted, Refused
from audit.jobs.models import Job, State
from audit.ledger.models import Entry
from audit.notifications import delivering, selectors, services
from audit.notifications.domain.times import ATTEMPTS
from audit.notifications.models import Delivery, Notification
from audit.notifications.places.contract import Undelivered
from audit.people import services as people
from tests.audit.notifications.conftest import Channels, Tell, make_due, send_due
from tests.audit.notifications.test_notify import choose
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker
from tests.support.post_office import DROP as LOST
from tests.support.post_office import PostOffice
from tests.support.receiver import DROP, HANG, SECRET, Receiver


def the_only() -> Delivery:
    """The delivery that there is."""
    return Delivery.objects.get()


def seconds_until(delivery: Delivery) -> float:
    """How long until it is tried next."""
    return (delivery.due_at - clock.now()).total_seconds()


def test_letter_arrives_with_its_id(tell: Tell, post_office: PostOffice) -> None:
    tell("AUC < 0.6 fällt")
    (sent,) = send_due()
    (letter,) = post_office.taken
    assert letter["To"] == "owner@example.org"
    assert letter["Subject"] == "AUC < 0.6 fällt"
    assert letter["Message-ID"] == f"<{sent.pk}@localhost>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "http://127.0.0.1:8000/models/" in post_office.texts()[0]
    assert "http://127.0.0.1:8000/notifications/settings/" in post_office.texts()[0]
    assert (sent.state, sent.attempts, sent.outcome) == ("sent", 1, "The mail server took it.")
    assert sent.ended_at is not None
    assert send_due() == []


def test_letter_that_is_refused_for_good_is_not_tried_again(tell: Tell, post_office: PostOffice) -> None:
    tell()
    post_office.script = ["550 No such person here"]
    (sent,) = send_due()
    assert (sent.state, sent.attempts) == ("failed", 1)
    assert sent.outcome == "The mail server answers 550: No such person here."


def test_letter_that_is_refused_for_now_comes_again(tell: Tell, post_office: PostOffice) -> None:
    tell()
    post_office.script = ["451 Greylisted", "DATA 452 No room"]
    (first,) = send_due()
    assert (first.state, first.outcome) == ("waiting", "The mail server answers 451: Greylisted.")
    assert 20 < seconds_until(first) <= 36
    make_due()
    (second,) = send_due()
    assert second.outcome == "The mail server answers 452: No room."
    assert 40 < seconds_until(second) <= 72
    make_due()
    assert send_due()[0].state == "sent"
    assert len(post_office.taken) == 1


def test_lost_receipt_brings_the_same_letter_under_the_same_id(tell: Tell, post_office: PostOffice) -> None:
    tell()
    post_office.script = [LOST]
    (first,) = send_due()
    assert first.state == "waiting"
    assert "mail server cannot be reached" in first.outcome
    make_due()
    assert send_due()[0].state == "sent"
    one, two = post_office.taken
    assert one["Message-ID"] == two["Message-ID"]
    assert one.get_content() == two.get_content()


def test_mail_server_that_is_down_holds_all_letters_back_without_a_try_of_each(
    cast: Cast, tell: Tell, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    tell(to=[cast.owner, cast.validator, cast.approver])
    (tried,) = send_due()
    assert "The mail server cannot be reached: " in tried.outcome
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert len(set(Delivery.objects.values_list("due_at", flat=True))) == 1


def test_without_a_mail_server_letters_are_kept_and_that_is_said(tell: Tell, settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    tell()
    (sent,) = send_due()
    assert sent.outcome == f"Written to {tmp_path}: no mail server is set."
    (file,) = tmp_path.iterdir()
    assert "Subject: AUC fell" in file.read_text()
    assert outbox.outbox == []


def test_webhook_is_signed_and_says_all(cast: Cast, tell: Tell, channel: Channels, receiver: Receiver) -> None:
    channel()
    message = tell(to=[])
    (sent,) = send_due()
    (request,) = receiver.taken
    assert Webhook(SECRET).verify(request.body, request.headers) == {
        "type": "alert",
        "timestamp": message.created_at.isoformat(),
        "data": {
            "id": str(message.pk),
            "title": "AUC fell",
            "text": "It fell.",
            "link": "http://127.0.0.1:8000/models/",
            "team": "Flight operations",
            "urgent": False,
        },
    }
    assert request.headers["webhook-id"] == request.headers["idempotency-key"] == str(sent.pk)
    assert (sent.state, sent.outcome) == ("sent", f"{receiver.url} took it (204).")


def test_chat_gets_text_and_its_address_stands_nowhere(tell: Tell, channel: Channels, receiver: Receiver) -> None:
    receiver.url += "/T0/B0/secret-part"
    channel("chat")
    tell(to=[])
    receiver.script = [500]
    (first,) = send_due()
    assert first.outcome == "The chat at localhost answers 500: it is out of order."
    make_due()
    assert send_due()[0].outcome == "The chat at localhost took it (204)."
    (request,) = receiver.taken
    assert request.path == "/events/T0/B0/secret-part"
    assert json.loads(request.body) == {"text": "AUC fell\nIt fell.\nhttp://127.0.0.1:8000/models/"}


def test_repeat_has_the_same_bytes_and_id_but_a_new_time_and_signature(
    tell: Tell, channel: Channels, receiver: Receiver
) -> None:
    channel()
    tell(to=[])
    receiver.script = [DROP]
    send_due()
    make_due()
    send_due()
    one, two = receiver.taken
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert one.body == two.body
    Webhook(SECRET).verify(two.body, two.headers)


def test_worker_that_dies_in_between_costs_a_repeat_under_one_id_and_no_more(
    tell: Tell, channel: Channels, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel()
    tell(to=[])

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(delivering, "_end", killed)
        delivering.attempt(delivery_id=the_only().pk)
    assert (the_only().state, the_only().attempts) == ("waiting", 1)
    assert delivering.attempt(delivery_id=the_only().pk) is None, "another worker leaves it alone while it may live"
    assert send_due() == []
    Delivery.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    (again,) = send_due()
    assert (again.state, again.attempts) == ("sent", 2)
    assert len(receiver.taken) == 2
    assert len({request.headers["webhook-id"] for request in receiver.taken}) == 1
    assert len({request.body for request in receiver.taken}) == 1


def test_message_that_no_worker_survives_is_given_up(tell: Tell, channel: Channels, receiver: Receiver) -> None:
    channel()
    tell(to=[])
    Delivery.objects.update(attempts=ATTEMPTS, lease_until=clock.now() - timedelta(seconds=1))
    (tried,) = send_due()
    assert (tried.state, tried.outcome) == ("failed", "No try came to an end: the worker was lost each time.")
    assert receiver.requests == []


def test_slower_of_two_workers_does_not_undo_what_the_other_noted(
    tell: Tell, channel: Channels, receiver: Receiver
) -> None:
    channel()
    tell(to=[])

    slower = delivering._take(the_only().pk)
    Delivery.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    (faster,) = send_due()
    assert (faster.state, faster.attempts) == ("sent", 2)
    assert slower is not None
    delivering._failed(slower, Undelivered("It answered late.", place=True))
    assert (the_only().state, the_only().outcome) == ("sent", faster.outcome)


def test_receiver_says_how_long_to_wait_and_the_rest_waits_with_it(
    tell: Tell, channel: Channels, receiver: Receiver
) -> None:
    channel()
    for number in range(3):
        tell(str(number), to=[])
    receiver.script, receiver.retry_after = [429], "120"
    (tried,) = send_due()
    assert tried.outcome == f"{receiver.url} answers 429: it gets more than it wants."
    assert [119 < seconds_until(row) <= 120 for row in Delivery.objects.all()] == [True] * 3
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0, 0, 1]
    assert len(receiver.requests) == 1
    make_due()
    assert [row.state for row in send_due()] == ["sent"] * 3


def test_one_channel_that_is_slow_does_not_hold_another(
    cast: Cast, tell: Tell, channel: Channels, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    slow, well = channel(name="slow"), channel(name="well")
    tell(to=[])
    receiver.script = [HANG]
    done = {row.channel: row for row in send_due()}
    assert done[slow].outcome == f"{receiver.url} does not answer within 0.3 seconds."
    assert (done[slow].state, done[well].state) == ("waiting", "sent")


def test_it_gives_up_after_its_tries_and_says_so(tell: Tell, channel: Channels, receiver: Receiver) -> None:
    channel()
    tell(to=[])
    receiver.script = [503] * ATTEMPTS
    for number in range(1, ATTEMPTS + 1):
        make_due()
        (tried,) = send_due()
        assert tried.attempts == number
    assert (tried.state, len(receiver.requests)) == ("failed", ATTEMPTS)
    assert tried.outcome == f"{receiver.url} answers 503: it is out of order."
    assert Entry.objects.filter(subject_type="notifications.delivery").count() == 0
    again = delivering.send_again(actor=SYSTEM, delivery=tried)
    assert (again.state, again.attempts) == ("waiting", 0)
    assert send_due()[0].state == "sent"
    assert receiver.taken[0].headers["webhook-id"] == str(tried.pk)


def test_receiver_that_is_gone_is_asked_once(tell: Tell, channel: Channels, receiver: Receiver) -> None:
    channel()
    tell(to=[])
    receiver.script = [410]
    assert send_due()[0].state == "failed"


def test_redirect_is_not_followed(tell: Tell, channel: Channels, receiver: Receiver) -> None:
    channel()
    tell(to=[])
    receiver.script = [307]
    assert "redirects are not followed" in send_due()[0].outcome
    assert [request.path for request in receiver.requests] == ["/events"]


def test_secret_that_cannot_be_read_any_more_is_told(tell: Tell, channel: Channels, settings: Any) -> None:
    channel()
    tell(to=[])
    settings.SECRET_KEY = "another one"
    (tried,) = send_due()
    assert tried.state == "failed"
    assert tried.outcome == "The secret cannot be read any more, because SECRET_KEY has changed. Enter it again."


def test_digest_tells_all_in_one_letter_and_goes_once(cast: Cast, tell: Tell, post_office: PostOffice) -> None:
    choose(cast, cast.owner, "digest")
    for number in range(3):
        tell(f"message {number}")
    assert send_due() == [], "its hour has not come"
    make_due()
    (sent,) = send_due()
    (letter,) = post_office.taken
    assert letter["Subject"].startswith("3 messages from Tollgate, ")
    text = post_office.texts()[0]
    assert [f"{number + 1}. Alerts: message {number}" in text for number in range(3)] == [True] * 3
    assert (sent.state, sent.way) == ("sent", "digest")
    tell("later")
    assert Notification.objects.get(message__title="later").digest != sent


def test_who_has_left_the_team_gets_no_letter_about_it(cast: Cast, tell: Tell, post_office: PostOffice) -> None:
    tell("of the team")
    tell("of nobody", team=None)
    people.revoke_role(actor=SYSTEM, membership=cast.owner.memberships.get(), reason="left")
    states = {row.title: (row.state, row.outcome) for row in send_due()}
    assert states["of the team"] == (
        "dropped",
        "They have left the team since, or their account is switched off.",
    )
    assert states["of nobody"][0] == "sent"
    assert [letter["Subject"] for letter in post_office.taken] == ["of nobody"]


def test_jobs_are_one_for_each_place_and_send_all(
    cast: Cast, tell: Tell, channel: Channels, receiver: Receiver, post_office: PostOffice, worker: Worker
) -> None:
    delivering.start_due()
    assert not Job.objects.exists(), "nothing is due"
    one, two = channel(name="one"), channel(name="two")
    tell("first")
    tell("second")
    delivering.start_due()
    delivering.start_due()
    assert {job.args["lane"] for job in Job.objects.all()} == {"mail", str(one.pk), str(two.pk)}
    assert Job.objects.count() == 3, "what is at work is not started again"
    receiver.script = [204, 500]
    done = {job.args["lane"]: job for job in worker.run_all()}
    assert {job.state for job in done.values()} == {State.SUCCEEDED}
    assert done["mail"].counts == {"sent": 2, "not_taken": 0}
    counts = [(job.counts["sent"], job.counts["not_taken"]) for lane, job in done.items() if lane != "mail"]
    assert sorted(counts) == [(1, 1), (2, 0)], "the second request failed"
    assert Delivery.objects.filter(state="sent").count() == 5
    make_due()
    delivering.start_due()
    worker.run_all()
    assert Delivery.objects.filter(state="sent").count() == 6
    assert Job.objects.count() == 3, "of jobs that went well the last of each place is kept"


def test_job_that_starts_twice_sends_once(tell: Tell, channel: Channels, receiver: Receiver, worker: Worker) -> None:
    channel()
    tell(to=[])
    delivering.start_due()
    (job,) = worker.run_all()
    Job.objects.filter(pk=job.pk).update(state=State.QUEUED)
    worker.run(job)
    assert len(receiver.requests) == 1


def test_only_who_may_sends_again(cast: Cast, tell: Tell, channel: Channels, receiver: Receiver) -> None:
    channel()
    tell(to=[cast.validator])
    to_channel, to_person = Delivery.objects.get(way="channel"), Delivery.objects.get(way="email")
    with pytest.raises(Refused, match="Only what failed"):
        delivering.send_again(actor=cast.actor("owner"), delivery=to_channel)
    Delivery.objects.update(state="failed")
    for found in (to_channel, to_person):
        found.refresh_from_db()
    for name in ("manager", "validator", "auditor", "outsider"):
        with pytest.raises(NotPermitted):
            delivering.send_again(actor=cast.actor(name), delivery=to_channel)
    with pytest.raises(NotPermitted):
        delivering.send_again(actor=cast.actor("owner"), delivery=to_person)
    for name, found in (("owner", to_channel), ("validator", to_person)):
        assert delivering.send_again(actor=cast.actor(name), delivery=found).state == "waiting"


def test_each_sees_their_own_letters_and_what_went_to_their_teams(cast: Cast, tell: Tell, channel: Channels) -> None:
    channel()
    tell(to=[cast.validator])

    def seen(name: str) -> set[str]:
        return {row.way for row in selectors.deliveries(viewer=cast.actor(name))}

    assert seen("validator") == {"email", "channel"}
    assert seen("owner") == seen("auditor") == {"channel"}
    assert seen("administrator") == {"email", "channel"}, "who looks after it must see that mail fails"
    assert seen("outsider") == seen("nobody") == set()


def test_wake_is_the_start_of_what_is_due() -> None:
    assert services.wake is delivering.start_due
