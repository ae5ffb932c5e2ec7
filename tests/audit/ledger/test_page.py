"""The audit page: entries by day, one with its proof, pages by key, CSV and API of the same rows, kept searches."""

import csv
import io
import json
from datetime import date

import pytest
from django.db import connection, transaction

from audit.base.actors import Actor, Role
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.ledger import completing, finding, indexing, on_demand, personal, services, views
from audit.ledger.models import Chain, Entry, Head, Incident, SavedView, Verification
from audit.ledger.sealing import seal
from audit.ledger.selectors import told
from audit.ledger.sentences import sentence
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted

REFUSED = "ledger.refused"


def write(count: int) -> None:
    """That many entries that say nothing."""
    with transaction.atomic():
        for number in range(count):
            services.record(actor=SYSTEM, action=REFUSED, subject_name=f"attempt {number}")


def registered(model: Model) -> Entry:
    """The entry of the model's registration, with its leaf."""
    return Entry.objects.select_related("leaf").get(action="catalogue.model_registered", subject_id=str(model.pk))


def states(answer) -> dict[str, str]:
    """What was checked of the entry that is shown, with the state."""
    return {check.name: check.state for check in answer.context["chosen"].checks}


def test_sentence_links_to_the_subject(cast: Cast, model: Model) -> None:
    found = sentence(told([registered(model)])[0])
    assert str(found) == "registered the model late-arrival"
    assert found.link == f"/models/by-id/{model.pk}/"


@pytest.mark.parametrize("indexed", [False, True])
def test_pages_by_key_show_each_entry_once(cast: Cast, indexed: bool) -> None:
    write(2 * views.PER_PAGE)
    if indexed:
        seal()
        indexing.catch_up(worth=1)
    client, seen, address = cast.client("auditor"), [], "/audit/?q=attempt"
    while True:
        page = client.get(address).context["page"]
        seen += [entry.pk for entry in page.rows]
        write(1)
        if page.next is None:
            break
        address = f"/audit/?q=attempt&before={page.next}"
    first = Entry.objects.filter(subject_name="attempt 0").earliest("pk").pk
    assert seen == list(range(first + 2 * views.PER_PAGE - 1, first - 1, -1))
    back = client.get(f"/audit/?q=attempt&after={seen[-1]}").context["page"]
    assert [entry.pk for entry in back.rows] == list(range(first + views.PER_PAGE, first, -1))


# --- one entry ---


def test_chosen_entry_shows_before_and_after_and_its_proof(cast: Cast, model: Model, version: ModelVersion) -> None:
    seal()
    entry, size, team = registered(model), Head.objects.get().size, Chain.objects.get(key=f"team:{cast.team.pk}")
    answer = cast.client("manager").get(f"/audit/?entry={entry.number}")
    text = answer.content.decode()
    assert bytes(entry.leaf.hash).hex() in text
    assert "after: </span>task: classification" in text
    assert states(answer) == {
        "Content fits what was sealed": "ok",
        f"In the tree of checkpoint {size}": "ok",
        "The checkpoint is signed": "ok",
        "Entry 1 of 1 of the subject late-arrival": "ok",
        "Entry 1 of 2 of the model late-arrival": "ok",
        "Entry 2 of 3 of the use case Late arrival alert": "ok",
        f"Entry {entry.leaf.team_at} of {team.count} of the team Flight operations": "ok",
    }
    assert f"/audit/?q=subject%3Acatalogue.model%3A{model.pk}" in text
    assert "/audit/?q=model%3Alate-arrival" in text
    for step in answer.context["chosen"].path:
        assert step in text


def test_tampered_entry_is_shown_as_changed(cast: Cast, model: Model) -> None:
    seal()
    entry = registered(model)
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_entry SET reason = 'tidied' WHERE id = %s", [entry.pk])
    found = states(cast.client("manager").get(f"/audit/?entry={entry.number}"))
    assert found["Content does not fit what was sealed"] == "bad"
    assert found[f"In the tree of checkpoint {Head.objects.get().size}"] == "ok"


def test_tampered_leaf_is_not_in_the_tree(cast: Cast, model: Model) -> None:
    seal()
    entry = registered(model)
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_leaf SET hash = %s WHERE entry_id = %s", [bytes(32), entry.pk])
    found = states(cast.client("manager").get(f"/audit/?entry={entry.number}"))
    assert found[f"Not in the tree of checkpoint {Head.objects.get().size}"] == "bad"


def test_chain_that_the_index_does_not_know_is_shown_as_broken(cast: Cast, model: Model) -> None:
    seal()
    Chain.objects.filter(key=f"model:{model.pk}").delete()
    found = states(cast.client("manager").get(f"/audit/?entry={registered(model).number}"))
    assert found["Place in the model late-arrival"] == "bad"


def test_entry_that_waits_can_be_sealed_now_by_who_audits(cast: Cast, model: Model) -> None:
    entry = registered(model)
    for name, may in (("auditor", True), ("manager", False)):
        text = cast.client(name).get(f"/audit/?waiting={entry.pk}").content.decode()
        assert "An entry that is not sealed yet" in text
        assert ("You may not seal what waits in the audit log here" in text) is not may
    client, manager = cast.client("administrator"), cast.client("manager")
    answer = client.post("/audit/seal/", follow=True)
    assert f"{Head.objects.get().size} entries sealed." in answer.content.decode()
    assert registered(model).number is not None
    assert "Nothing was waiting." in client.post("/audit/seal/", follow=True).content.decode()
    assert manager.post("/audit/seal/").status_code == 403
    Incident.objects.create(kind="fork", at="2013-07-08T00:00Z", sentence="Entry 4 differs.")
    answer = client.post("/audit/seal/")
    assert (answer.status_code, "Sealing has stopped: Entry 4 differs." in answer.content.decode()) == (409, True)


def test_entry_of_another_team_is_not_there(cast: Cast, model: Model) -> None:
    seal()
    entry = registered(model)
    for address in (f"?entry={entry.number}", f"?waiting={entry.pk}", f"entries/{entry.number}/proof/"):
        assert cast.client("outsider").get(f"/audit/{address}").status_code == 404
        assert cast.client("manager").get(f"/audit/{address}").status_code == 200
    assert cast.client("auditor").get("/audit/?entry=first").status_code == 422


def test_proof_can_be_downloaded(cast: Cast, model: Model) -> None:
    seal()
    entry = registered(model)
    answer = cast.client("manager").get(f"/audit/entries/{entry.number}/proof/")
    found = json.loads(answer.content)
    assert answer["Content-Disposition"] == f'attachment; filename="entry-{entry.number}-of-{found["size"]}.json"'
    assert list(found) == ["number", "size", "leaf", "leaf_hash", "path", "checkpoint", "vkey"]
    assert json.loads(found["leaf"])["body"]["subject_name"] == "late-arrival"


def test_personal_values_are_marked_and_erased_ones_said_to_be(cast: Cast) -> None:
    user = cast.owner
    actor = Actor(
        "person", user.email, user.name, {None: frozenset({Role.OWNER})}, address="10.4.18.77", user_id=user.pk
    )
    catalogue.register_use_case(actor=actor, team=cast.team, slug="x", name="X", problem="Y")
    seal()
    number = Entry.objects.get(subject_name="X").leaf.number
    client = cast.client("auditor")
    before = client.get(f"/audit/?entry={number}")
    assert before.context["chosen"].personal == {"actor_id", "actor_name", "address"}
    assert "Personal value: sealed as a commitment" in before.content.decode()
    signs = personal.signs_in(
        [*Entry.objects.filter(subject_name="X").values_list("actor_id", "actor_name", "address")[0]]
    )
    personal.erase(sorted(signs), person=str(user.pk))
    personal.forget()
    after = client.get(f"/audit/?entry={number}")
    assert "A person named here was erased" in after.content.decode()
    assert personal.label_of(str(user.pk)) in after.content.decode()
    assert user.email not in after.content.decode().replace(f"{user.name.lower()}@example.org by", "")
    assert set(states(after).values()) == {"ok"}


def test_pruned_entry_says_what_was_removed(cast: Cast, model: Model) -> None:
    seal()
    entry = registered(model)
    empty = dict.fromkeys(("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "address", "origin"), "")
    Entry.objects.filter(pk=entry.pk).update(**empty, changes={}, states={}, pruned=True)
    answer = cast.client("manager").get(f"/audit/?entry={entry.number}")
    assert states(answer)["Content"] == "off"
    assert states(answer)[f"In the tree of checkpoint {Head.objects.get().size}"] == "ok"
    assert "The rule of retention removed who, why and what changed." in answer.content.decode()


# --- how the log stands ---


def test_head_of_the_page_says_how_the_log_stands(cast: Cast) -> None:
    client = cast.client("administrator")
    text = client.get("/audit/").content.decode()
    assert "Not verified yet" in text
    assert f"{Entry.objects.count()} not sealed yet" in text
    size = seal().size
    text = client.get("/audit/").content.decode()
    assert f"{size} entries sealed, the newest checkpoint" in text
    assert "None waits for its seal" in text
    incident = Incident.objects.create(kind="fork", at="2013-07-08T00:00Z", sentence="Entry 4 differs.", first_number=4)
    text = client.get("/audit/").content.decode()
    assert "Open incident" in text and incident.sentence in text


def test_verify_shows_the_result_with_its_time(cast: Cast) -> None:
    seal()
    client = cast.client("auditor")
    text = client.post("/audit/verify/", follow=True).content.decode()
    found = Verification.objects.get()
    assert (found.broken_at, found.actor_name) == (None, "Auditor")
    assert f"{found.sentence} It took" in text


def test_long_log_is_verified_by_a_job(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seal()
    monkeypatch.setattr(views, "AT_ONCE", 3)
    answer = cast.client("auditor").post("/audit/verify/")
    assert answer["Location"].startswith("/jobs/")


# --- searching ---


def test_problem_is_shown_and_nothing_searched(cast: Cast) -> None:
    answer = cast.client("auditor").get("/audit/?q=team:nothing")
    text = answer.content.decode()
    assert "No team that you may see is called “nothing”" in text
    assert "Nothing was searched" in text
    assert 'aria-invalid="true"' in text
    assert cast.client("auditor").get("/audit/?q=team:nothing&format=csv").status_code == 422


def test_form_for_action_and_day_becomes_a_search(cast: Cast) -> None:
    answer = cast.client("auditor").get("/audit/?q=late&action=jobs.failed&since=2013-07-08&until=")
    assert answer["Location"] == "/audit/?q=late+action%3Ajobs.failed+after%3A2013-07-08"


def test_entries_beyond_the_index_are_said_to_be_left_out(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    seal()
    monkeypatch.setattr(finding, "NEWEST", 2)
    text = cast.client("auditor").get("/audit/").content.decode()
    assert f"{Head.objects.get().size - 2} entries are being indexed and were not searched" in text


def test_csv_holds_the_same_rows_and_is_an_entry(cast: Cast, model: Model) -> None:
    seal()
    answer = cast.client("auditor").get("/audit/?q=action:catalogue&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [row["subject"] for row in rows] == ["late-arrival", "Late arrival alert"]
    assert rows[0]["digest"] == bytes(registered(model).leaf.hash).hex()
    assert Entry.objects.get(action="ledger.exported").subject_name == "action:catalogue"


def test_cell_that_a_spreadsheet_would_run_is_defused(cast: Cast) -> None:
    with transaction.atomic():
        services.record(actor=SYSTEM, action=REFUSED, subject_name='=HYPERLINK("x")')
    answer = cast.client("auditor").get("/audit/?format=csv&q=action:ledger.refused")
    assert "'=HYPERLINK" in answer.getvalue().decode()


# --- kept searches ---


def test_search_is_kept_under_a_name_for_oneself_alone(cast: Cast) -> None:
    client = cast.client("auditor")
    text = client.post("/audit/views/", {"name": "Mine", "q": "action:jobs"}, follow=True).content.decode()
    assert "“Mine” is among your searches." in text
    assert "Delete “Mine”" in text
    assert "Mine" not in cast.client("manager").get("/audit/?q=action:jobs").content.decode()
    client.post("/audit/views/", {"name": "Mine", "q": "action:people"})
    view = SavedView.objects.get()
    assert (view.user, view.query) == (cast.auditor.pk, "action:people")
    assert cast.client("manager").post(f"/audit/views/{view.pk}/delete/").status_code == 404
    client.post(f"/audit/views/{view.pk}/delete/")
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [("", "x", 422), ("n" * 61, "x", 422), ("n", " ", 422), ("n", "x" * 501, 422), ("n" * 60, "x", 302)],
)
def test_kept_search_needs_a_name_and_words(cast: Cast, name: str, query: str, status: int) -> None:
    assert cast.client("auditor").post("/audit/views/", {"name": name, "q": query}).status_code == status


def test_kept_searches_have_a_bound(cast: Cast) -> None:
    actor = cast.actor("auditor")
    for number in range(on_demand.MOST_VIEWS):
        on_demand.save_view(actor=actor, name=f"{number}", query="x")
    assert cast.client("auditor").post("/audit/views/", {"name": "more", "q": "x"}).status_code == 422
    on_demand.save_view(actor=actor, name="0", query="y")
    assert SavedView.objects.get(name="0").query == "y"


# --- completions ---


def offered(viewer: Actor, text: str, caret: int | None = None) -> list[str]:
    found = completing.completions(
        viewer=viewer, text=text, caret=len(text) if caret is None else caret, today=date(2013, 7, 11)
    )
    for completion in found:
        assert completion.text[: completion.caret].rstrip().endswith(completion.shown)
    return [completion.shown for completion in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ["actor:", "action:", "after:", "address:"]),
        ("late -su", ["-subject:"]),
        ("model:la", ["model:late-arrival"]),
        ("model:LATE", ["model:late-arrival"]),
        ("use-case:alert", ["use-case:late-arrival-alert"]),
        ("team:fli", ["team:flight-operations"]),
        ("actor:own", ["actor:owner@example.org"]),
        ("-is:p", ["-is:pruned", "-is:person"]),
        ("action:approvals.v", ["action:approvals.voted"]),
        ("after:2013-07-0", ["after:2013-07-08", "after:2013-07-01"]),
        ("late", []),
        ('"ac', []),
        ("what:ever", []),
        ("model:nothing", []),
    ],
)
def test_completions_fit_what_was_typed(cast: Cast, model: Model, text: str, expected: list[str]) -> None:
    assert offered(cast.actor("manager"), text) == expected


def test_completion_goes_in_at_the_caret(cast: Cast, model: Model) -> None:
    (found,) = completing.completions(
        viewer=cast.actor("manager"), text='"a b" model:la after:2013-07-08', caret=14, today=date(2013, 7, 11)
    )
    assert (found.text, found.caret) == ('"a b" model:late-arrival after:2013-07-08', 24)


def test_completions_give_only_what_the_viewer_may_see(cast: Cast, model: Model) -> None:
    assert offered(cast.actor("outsider"), "model:la") == []
    assert offered(cast.actor("outsider"), "actor:owner@") == []
    assert offered(cast.actor("outsider"), "team:") == ["team:catering"]
    answer = cast.client("manager").get("/audit/complete/?q=model:la&at=8")
    assert 'data-text="model:late-arrival "' in answer.content.decode()
    assert cast.client("manager").get("/audit/complete/?q=model:la&at=x").status_code == 200


# --- the API ---


def test_api_gives_entries_proofs_and_chains(cast: Cast, model: Model, program) -> None:
    seal()
    reader, number = program("auditor", scopes=["read"]), registered(model).number
    page = reader.get("/ledger/entries?q=action:catalogue&limit=1").json()
    assert [entry["subject_name"] for entry in page["items"]] == ["late-arrival"]
    rest = reader.get(f"/ledger/entries?q=action:catalogue&cursor={page['next']}").json()
    assert ([entry["subject_name"] for entry in rest["items"]], rest["next"]) == (["Late arrival alert"], None)
    assert reader.get("/ledger/entries?q=team:nothing").status_code == 422
    assert reader.get("/ledger/entries?cursor=x").status_code == 422
    entry = reader.get(f"/ledger/entries/{number}").json()
    assert (entry["model"], entry["pruned"]) == (str(model.pk), False)
    proof = reader.get(f"/ledger/entries/{number}/proof").json()
    assert proof["size"] == Head.objects.get().size
    assert reader.get(f"/ledger/entries/{number}/proof?size=1").status_code == 404
    chain = reader.get(f"/ledger/chains/model:{model.pk}").json()
    assert (chain["count"], len(chain["path"])) == (1, 16)
    for key in ("model:", "x:y", "model:nothing", "team:", f"subject:catalogue.model:{cast.team.pk}"):
        assert reader.get(f"/ledger/chains/{key}").status_code == 404, key
    outsider = program("outsider", scopes=["read"])
    assert outsider.get(f"/ledger/chains/model:{model.pk}").status_code == 404


def test_api_seals_what_waits(cast: Cast, program) -> None:
    answer = program("auditor", scopes=["read"]).post("/ledger/seal", {})
    assert answer.status_code == 200
    assert answer.json() == {"count": Head.objects.get().size, "size": Head.objects.get().size}
    assert program("owner", scopes=["read"]).post("/ledger/seal", {}).status_code == 403
    Incident.objects.create(kind="fork", at="2013-07-08T00:00Z", sentence="Entry 4 differs.")
    assert program("administrator", scopes=["read"]).post("/ledger/seal", {}).status_code == 409
