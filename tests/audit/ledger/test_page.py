"""The audit page: entries by day, one with its proof, pages by number, CSV of the same rows, the walk."""

import csv
import io

import pytest
from django.db import connection, transaction

from audit.catalogue.models import Model
from audit.ledger import services, views
from audit.ledger.models import Entry, Verification
from audit.ledger.sentences import sentence
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted


def write(count: int) -> None:
    """That many entries that say nothing."""
    with transaction.atomic():
        for number in range(count):
            services.record(actor=SYSTEM, action="ledger.refused", subject_name=f"attempt {number}")


def test_sentence_links_to_the_subject(cast: Cast, model: Model) -> None:
    entry = Entry.objects.get(action="catalogue.model_registered")
    found = sentence(entry)
    assert str(found) == "registered the model late-arrival"
    assert found.link == f"/models/by-id/{model.pk}/"


def test_pages_by_number_show_each_entry_once(cast: Cast) -> None:
    write(2 * views.PER_PAGE)
    client, seen, address = cast.client("auditor"), [], "/audit/"
    while True:
        page = client.get(address).context["page"]
        seen += [entry.number for entry in page.rows]
        write(1)
        if page.next is None:
            break
        address = f"/audit/?before={page.next}"
    total = Entry.objects.count()
    assert seen == list(range(seen[0], 0, -1))
    assert total == seen[0] + len(seen) // views.PER_PAGE + 1
    back = client.get(f"/audit/?after={seen[-1]}").context["page"]
    assert [entry.number for entry in back.rows] == list(range(views.PER_PAGE + 1, 1, -1))


def test_chosen_entry_shows_before_and_after_and_its_proof(cast: Cast, model: Model) -> None:
    entry = Entry.objects.get(action="catalogue.model_registered")
    answer = cast.client("manager").get(f"/audit/?entry={entry.number}")
    text = answer.content.decode()
    assert entry.digest in text
    assert entry.previous in text
    assert "after: </span>task: classification" in text
    assert (answer.context["chosen"]["fits"], answer.context["chosen"]["follows"]) == (True, True)


def test_tampered_entry_is_shown_as_changed(cast: Cast, model: Model) -> None:
    entry = Entry.objects.get(action="catalogue.model_registered")
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_entry SET reason = 'tidied' WHERE number = %s", [entry.number])
    chosen = cast.client("manager").get(f"/audit/?entry={entry.number}").context["chosen"]
    assert (chosen["fits"], chosen["follows"]) == (False, True)


def test_entry_of_another_team_is_not_there(cast: Cast, model: Model) -> None:
    entry = Entry.objects.get(action="catalogue.model_registered")
    assert cast.client("outsider").get(f"/audit/?entry={entry.number}").status_code == 404
    assert cast.client("auditor").get("/audit/?entry=first").status_code == 422


def test_csv_holds_the_same_rows_and_is_an_entry(cast: Cast, model: Model) -> None:
    client = cast.client("auditor")
    answer = client.get("/audit/?q=action:catalogue&format=csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["subject"] for row in rows] == ["late-arrival", "Late arrival alert"]
    assert rows[0]["digest"] == Entry.objects.get(action="catalogue.model_registered").digest
    assert Entry.objects.get(action="ledger.exported").subject_name == "action:catalogue"


def test_cell_that_a_spreadsheet_would_run_is_defused(cast: Cast) -> None:
    with transaction.atomic():
        services.record(actor=SYSTEM, action="ledger.refused", subject_name='=HYPERLINK("x")')
    answer = cast.client("auditor").get("/audit/?format=csv&q=action:ledger.refused")
    assert "'=HYPERLINK" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_verify_shows_the_result_with_its_time(cast: Cast) -> None:
    client = cast.client("auditor")
    assert "Not verified yet" in client.get("/audit/").content.decode()
    text = client.post("/audit/verify/", follow=True).content.decode()
    assert "The chain holds" in text
    found = Verification.objects.get()
    assert (found.broken_at, found.actor_name) == (None, "Auditor")


def test_long_chain_is_verified_by_a_job(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 3)
    answer = cast.client("auditor").post("/audit/verify/")
    assert answer["Location"].startswith("/jobs/")
    assert cast.client("manager").post("/audit/verify/")["Location"] == "/audit/"
