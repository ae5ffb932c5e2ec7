"""The pages say what is held, what is due and what an erasure would do, and do what they say."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from audit.base.actors import Role
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.jobs.models import Job
from audit.ledger import selectors
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.models import Entry
from audit.ledger.sealing import seal
from audit.ledger.services import record
from audit.people import services as people
from audit.people.models import User
from audit.retention import running, services, views
from audit.retention.models import Hold, Pruning
from tests.audit.retention.conftest import NOW, OLD, Clock, Ines, verified
from tests.support import raw
from tests.support.cast import SYSTEM, Cast
from tests.support.jobs import Worker

PAGE = "/audit/retention/"


def body(response: Any) -> str:
    """The page's text with entities of quotes put back."""
    text: str = response.content.decode()
    return text.replace("&#x27;", "'").replace("&quot;", '"')


def rows(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


def test_empty_page_says_what_comes(cast: Cast) -> None:
    text = body(cast.client("auditor").get(PAGE))
    for words in (
        "What must be kept, what must go, and what is on hold?",
        "Nothing is on hold",
        "It has not run yet",
        "The policy is new: the next run notes it",
        "13 months",
        "Nobody has been erased.",
        "You may not change keys, witnesses, holds or retention of the audit log here: an administrator",
        "Backups that were made before.",
    ):
        assert words in text


def test_hold_is_placed_shown_and_released(cast: Cast, model: Model) -> None:
    client = cast.client("administrator")
    assert "Which model is to be held, and why?" in body(client.get(f"{PAGE}holds/add/model/"))
    assert client.get(f"{PAGE}holds/add/planet/").status_code == 404
    missing = client.post(f"{PAGE}holds/add/model/", {"target": str(model.pk)})
    assert missing.status_code == 422
    placed = client.post(f"{PAGE}holds/add/model/", {"target": str(model.pk), "reason": "case 14"}, follow=True)
    assert "From now on the model late-arrival is on hold." in body(placed)
    assert "1 open hold" in body(placed)
    hold = Hold.objects.get()
    one = body(client.get(f"{PAGE}holds/{hold.pk}/"))
    assert "Why is the model late-arrival on hold?" in one
    assert "“case 14”" in one
    assert client.post(f"{PAGE}holds/{hold.pk}/", {}).status_code == 422
    released = client.post(f"{PAGE}holds/{hold.pk}/", {"reason": "case closed"}, follow=True)
    assert "The hold on the model late-arrival is released." in body(released)
    assert client.post(f"{PAGE}holds/{hold.pk}/", {"reason": "again"}).status_code == 409
    assert "Release it" not in body(client.get(f"{PAGE}holds/{hold.pk}/"))
    (line,) = rows(client.get(f"{PAGE}?format=csv&table=holds"))
    assert (line["kind"], line["on"], line["reason"]) == ("Model", "late-arrival", "case 14")
    assert (line["placed_by"], line["released_by"], line["why_released"]) == (
        "Administrator", "Administrator", "case closed"
    )  # fmt: skip


def test_preview_counts_what_would_go_and_what_holds_keep(cast: Cast, time: Clock) -> None:
    time.at = OLD
    record(actor=SYSTEM, action=REFUSED, subject_name="a", team=cast.team.pk)
    record(actor=SYSTEM, action=REFUSED, subject_name="b", team=cast.other_team.pk)
    time.at = NOW
    seal()
    running.prune(actor=SYSTEM)
    client = cast.client("auditor")
    assert "The next run would remove 2 more." in body(client.get(PAGE))
    services.place_hold(actor=SYSTEM, kind="team", target=str(cast.team.pk), reason="case 14")
    text = body(client.get(PAGE))
    assert "The next run would remove 1 more. Holds keep 1 that would have to go." in text
    lines = rows(client.get(f"{PAGE}?format=csv&table=clocks"))
    rest = next(one for one in lines if one["what"] == "Everything else")
    assert (rest["clock"], rest["keep"], rest["due"], rest["kept_by_holds"]) == (
        "Content of entries", "10 years", "1", "1"
    )  # fmt: skip
    running.prune(actor=SYSTEM)
    text = body(client.get(PAGE))
    assert "Removed the content of 1 entry. Holds kept 1 that were due. Nothing more is due." in text
    newest = rows(client.get(f"{PAGE}?format=csv&table=runs"))[0]
    assert (newest["entries"], newest["kept_by_holds"]) == ("1", "1")
    assert client.get(f"{PAGE}?format=csv&table=nonsense").status_code == 422


def test_page_says_what_is_wrong_with_the_policy(cast: Cast, home: Path) -> None:
    own = home / "retention.yaml"
    own.write_text("title: t\nlog: {keep: 1 month, why: w}\ndocuments: {keep: 1 year, why: w}\n")
    try:
        text = body(cast.client("auditor").get(PAGE))
    finally:
        own.unlink()
    assert "retention.yaml, line 2, column 13: Entries cannot be kept for 1 month only" in text
    assert "Until the file is mended nothing is removed." in text


def test_run_now_is_a_job(cast: Cast, worker: Worker) -> None:
    answer = cast.client("administrator").post(f"{PAGE}run/")
    job = Job.objects.get(kind="retention.prune")
    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert worker.run(job).state == "succeeded"
    assert Pruning.objects.get().sentence.startswith("The policy is new")


def test_person_page_counts_what_goes_and_erases(cast: Cast, ines: Ines) -> None:
    client = cast.client("administrator")
    listed = body(client.get("/people/"))
    assert f'href="{PAGE}people/{ines.user.pk}/"' in listed
    chosen = client.get(f"{PAGE}people/?person={ines.user.pk}")
    assert chosen["Location"] == f"{PAGE}people/{ines.user.pk}/"
    page = body(client.get(chosen["Location"]))
    called = f"Erased person {str(ines.user.pk)[-6:]}"
    assert "What goes when Ines Duarte is erased?" in page
    assert f"“Administrator erased a person, who is now {called}.”" in page
    assert "1 and 1: they end, each with an entry" in page
    assert User.objects.get(pk=ines.user.pk).name == "Ines Duarte"
    unsure = client.post(chosen["Location"], {"reason": "asked for"})
    assert unsure.status_code == 422
    assert "nobody can bring any of it back" in body(unsure)
    named = client.post(chosen["Location"], {"reason": "Ines Duarte asked", "sure": "on"})
    assert named.status_code == 422
    assert "it must not name the person" in body(named)
    done = client.post(chosen["Location"], {"reason": "asked for", "sure": "on"}, follow=True)
    assert f"The person is erased, and is now {called}." in body(done)
    assert "Ines" not in body(done)
    again = body(client.get(chosen["Location"]))
    assert f"{called} has been erased." in again
    assert f'value="{ines.user.pk}"' not in body(client.get(PAGE))


def test_person_page_says_what_blocks(cast: Cast, ines: Ines, model: Model) -> None:
    client = cast.client("administrator")
    services.place_hold(actor=SYSTEM, kind="person", target=str(ines.user.pk), reason="case 14")
    page = body(client.get(f"{PAGE}people/{ines.user.pk}/"))
    assert "Ines Duarte cannot be erased while the hold on the person Ines Duarte of" in page
    assert "Cannot be erased now" in page
    refused = client.post(f"{PAGE}people/{ines.user.pk}/", {"reason": "asked for", "sure": "on"})
    assert refused.status_code == 409
    assert Entry.objects.filter(action="retention.erasure_refused").count() == 1
    owner = body(client.get(f"{PAGE}people/{cast.owner.pk}/"))
    assert "Owner owns late-arrival: hand it over first." in owner
    assert 'href="/models/late-arrival/owner/"' in owner
    oneself = body(client.get(f"{PAGE}people/{cast.administrator.pk}/"))
    assert "Another administrator must do this" in oneself


def test_person_page_and_links_are_for_administrators(cast: Cast, ines: Ines) -> None:
    for name in ("auditor", "owner"):
        client = cast.client(name)
        assert client.get(f"{PAGE}people/{ines.user.pk}/").status_code == 403
        assert f"{PAGE}people/" not in body(client.get("/people/"))
    assert cast.client("administrator").get(f"{PAGE}people/{cast.team.pk}/").status_code == 404


def test_long_log_is_searched_in_a_job(cast: Cast, ines: Ines, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    seal()
    client = cast.client("administrator")
    place = f"{PAGE}people/{ines.user.pk}/"
    assert client.post(place, {"reason": "Ines Duarte asked", "sure": "on"}).status_code == 422
    assert not Job.objects.filter(kind="retention.erase").exists()
    answer = client.post(place, {"reason": "asked for", "sure": "on"})
    job = Job.objects.get(kind="retention.erase")
    assert answer["Location"] == f"/jobs/{job.pk}/"
    done = worker.run(job)
    assert (done.state, done.error) == ("succeeded", "")
    assert raw.places(ines.email) == {}
    (told,) = selectors.told(Entry.objects.filter(action="retention.person_erased"))
    assert (told.actor_name, told.on_behalf_of) == ("worker", "administrator@example.org")


def test_job_of_a_held_person_fails_with_the_sentence(
    cast: Cast, ines: Ines, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    seal()
    services.place_hold(actor=SYSTEM, kind="person", target=str(ines.user.pk), reason="case 14")
    cast.client("administrator").post(f"{PAGE}people/{ines.user.pk}/", {"reason": "asked for", "sure": "on"})
    job = worker.run(Job.objects.get(kind="retention.erase"))
    assert job.state == "failed"
    assert "cannot be erased while the hold on the person Ines Duarte" in job.error
    assert Entry.objects.filter(action="retention.erasure_refused").count() == 1


@pytest.fixture
def second_owner(cast: Cast) -> Iterator[User]:
    user = people.create_user(actor=SYSTEM, email="second@example.org", name="Second")
    people.grant_role(actor=SYSTEM, user=user, role=Role.OWNER, team=cast.team)
    yield user


def test_model_is_handed_over_and_the_owner_can_go(cast: Cast, model: Model, second_owner: User) -> None:
    client = cast.client("administrator")
    assert 'href="/models/late-arrival/owner/"' in body(client.get("/models/late-arrival/"))
    page = body(client.get("/models/late-arrival/owner/"))
    assert "Who is to answer for late-arrival?" in page
    assert "Second" in page
    assert (
        client.post("/models/late-arrival/owner/", {"owner": str(cast.validator.pk), "reason": "x"}).status_code == 422
    )
    done = client.post(
        "/models/late-arrival/owner/", {"owner": str(second_owner.pk), "reason": "Owner leaves"}, follow=True
    )
    assert "Second owns late-arrival now." in body(done)
    model.refresh_from_db()
    assert model.owner == second_owner
    (told,) = selectors.told(Entry.objects.filter(action="catalogue.model_handed_over"))
    assert (told.model, told.reason) == (model.pk, "Owner leaves")
    assert told.changes["owner_id"] == [str(cast.owner.pk), str(second_owner.pk)]
    catalogue.register_version(actor=SYSTEM, model=model, artefact="a", artefact_digest="8" * 64, author=second_owner)
    gone = services.erase_person(actor=cast.actor("administrator"), user=cast.owner, reason="left on 3 May")
    assert gone.name.startswith("Erased person")
    verified()


def test_owner_page_says_when_nobody_else_can(cast: Cast, model: Model) -> None:
    page = body(cast.client("administrator").get("/models/late-arrival/owner/"))
    assert "Nobody else can own it yet: grant the role of a model owner of Flight operations first" in page
    assert "You may not register or change models here" in body(
        cast.client("validator").get("/models/late-arrival/owner/")
    )


def test_old_run_is_not_due_again(cast: Cast, time: Clock) -> None:
    running.prune(actor=SYSTEM)
    time.at = NOW + timedelta(days=1)
    assert running.prune(actor=SYSTEM).sentence == "Nothing was removed."
