"""A delivery is proven, kept without its secrets, and taken in once; what failed can be tried again."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from django.test import Client

from audit.base.errors import NotPermitted, Refused
from audit.jobs.models import Job
from audit.ledger.models import Entry
from audit.sources import deliveries
from audit.sources import services as sources
from audit.sources.domain import scrubbing
from audit.sources.models import Delivery, Happening, Source
from tests.support.cast import Cast
from tests.support.jobs import Worker

GONE = scrubbing.REMOVED
SECRET = "a secret of the webhook"
PUSH = {
    "ref": "refs/heads/main",
    "after": "6db8a1c0d7e5f0a9b3c2d1e0f9a8b7c6d5e4f3a2",
    "repository": {"full_name": "bank/fraud", "html_url": "https://github.com/bank/fraud"},
    "pusher": {"name": "alice"},
    "sender": {"login": "alice", "type": "User"},
    "token": "ghs_never_keep_this",
    "head_commit": {"id": "6db8a1c0d7e5f0a9b3c2d1e0f9a8b7c6d5e4f3a2", "timestamp": "2026-03-03T12:00:00Z"},
    "commits": [
        {
            "id": "6db8a1c0d7e5f0a9b3c2d1e0f9a8b7c6d5e4f3a2",
            "message": "Look at the amount as well",
            "timestamp": "2026-03-03T12:00:00Z",
            "author": {"name": "Alice", "username": "alice"},
        }
    ],
}


@pytest.fixture
def source(cast: Cast) -> Source:
    """A source to which GitHub sends."""
    actor = cast.actor("owner")
    return sources.add_source(actor=actor, kind="github", name="Code", team=cast.team, settings={"secret": SECRET})


def send(source: Source, body: Any, *, key: str = "1", secret: str = SECRET, event: str = "push") -> int:
    """What GitHub would send; the status of the answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()
    answer = Client().post(
        f"/hooks/{source.pk}/",
        content,
        content_type="application/json",
        headers={"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Delivery": key, "X-GitHub-Event": event,
                 "Authorization": "Bearer never keep this"},
    )  # fmt: skip
    return answer.status_code


def run_all(worker: Worker) -> None:
    """Runs every job that takes in a delivery."""
    for job in Job.objects.filter(kind="sources.take", state="queued").order_by("pk"):
        worker.run(job)


def test_delivery_is_taken_in_once_however_often_it_comes(source: Source, worker: Worker) -> None:
    assert [send(source, PUSH), send(source, PUSH)] == [202, 200]
    run_all(worker)
    assert send(source, PUSH) == 200
    run_all(worker)
    kept = Delivery.objects.get()
    assert (kept.state, kept.times, kept.event) == ("taken", 3, "push")
    assert set(Happening.objects.values_list("commit", "kind")) == {(PUSH["after"], "commit"), (PUSH["after"], "push")}
    assert Entry.objects.filter(action="sources.delivered").count() == 1


def test_secrets_are_kept_nowhere(source: Source, worker: Worker) -> None:
    send(source, PUSH)
    run_all(worker)
    kept = Delivery.objects.get()
    written = json.dumps([kept.headers, kept.body, [entry.changes for entry in Entry.objects.all()]])
    assert "never" not in written and SECRET not in written
    assert SECRET not in json.dumps(source.settings) + source.secret
    assert json.loads(kept.body)["token"] == "(removed)" and "x-hub-signature-256" in kept.headers


def test_forged_delivery_is_refused_and_cannot_be_tried_again(source: Source, cast: Cast) -> None:
    assert send(source, PUSH, secret="guessed") == 401
    kept = Delivery.objects.get()
    assert (kept.state, kept.body) == ("refused", "")
    with pytest.raises(Refused, match="Nothing showed who sent it"):
        deliveries.replay(actor=cast.actor("owner"), delivery=kept)
    for at in range(deliveries.KEPT_REFUSED + 5):
        send(source, {"n": at}, secret="guessed")
    assert Delivery.objects.count() == deliveries.KEPT_REFUSED


def test_what_cannot_be_read_says_why_and_is_taken_in_after_a_fix(source: Source, worker: Worker, cast: Cast) -> None:
    assert send(source, b"{") == 400
    broken = dict(PUSH, commits="none", repository=7)
    assert send(source, broken, key="2") == 202
    run_all(worker)
    unread, failed = Delivery.objects.order_by("pk")
    assert (unread.state, failed.state) == ("failed", "failed") and failed.reason
    page = cast.client("owner").get(f"/sources/{source.pk}/deliveries/?state=failed").content.decode()
    assert failed.reason.split("“")[0] in page and "Take in again" in page
    with pytest.raises(NotPermitted):
        deliveries.replay(actor=cast.actor("manager"), delivery=failed)
    failed.body = json.dumps(PUSH)  # stands for the fix: the same content can be read now
    failed.save()
    deliveries.replay(actor=cast.actor("owner"), delivery=failed)
    run_all(worker)
    failed.refresh_from_db()
    assert (failed.state, Happening.objects.count()) == ("taken", 2)


def test_source_that_is_off_or_unknown_takes_nothing(source: Source, cast: Cast) -> None:
    sources.switch_source(actor=cast.actor("owner"), source=source, enabled=False, reason="moving")
    assert send(source, PUSH) == 404
    folder = sources.add_source(
        actor=cast.actor("owner"), kind="folder", name="Files", team=cast.team, settings={"path": ""}
    )
    assert send(folder, PUSH) == 404
    folder.pk = cast.team.pk
    assert send(folder, PUSH) == 404


def test_settings_change_without_the_secret_keeps_it(source: Source, cast: Cast) -> None:
    client, page = cast.client("owner"), f"/sources/{source.pk}/"
    shown = client.get(page).content.decode()
    assert "Set; never shown again" in shown and SECRET not in shown
    changed = client.post(page, {"name": "Code of ours", "secret": "", "steps": "", "every_seconds": "300"})
    source.refresh_from_db()
    assert (changed.status_code, source.name) == (302, "Code of ours") and send(source, PUSH) == 202
    client.post(page, {"name": "Code of ours", "secret": "another one", "every_seconds": "300"})
    assert (send(source, PUSH, key="2"), send(source, PUSH, key="3", secret="another one")) == (401, 202)


def test_too_large_a_delivery_is_refused(source: Source) -> None:
    assert send(source, b"x" * (deliveries.LARGEST + 1)) == 413


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"password": "x", "name": "n"}, {"password": "(removed)", "name": "n"}),
        ([{"api_key": "y"}], [{"api_key": "(removed)"}]),
        ({"clone_url": "https://bob:hunter2@example.org/r.git"}, {"clone_url": "https://example.org/r.git"}),
        ({"token": "", "tokens_used": 5, "page_token": "p"}, {"token": "", "tokens_used": 5, "page_token": GONE}),
        ("a@b.example has no address://", "a@b.example has no address://"),
    ],
)  # fmt: skip
def test_scrubbing_takes_out_what_is_called_a_secret(value: Any, kept: Any) -> None:
    assert scrubbing.value(value) == kept
