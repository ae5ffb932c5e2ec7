"""An auditor who is limited to a model sees nothing of another, on no address; an auditor changes nothing, on none."""

import hashlib
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.test import Client

from audit.base import clock
from audit.base.actors import Role
from audit.ledger import sealing
from audit.people import services as people
from audit.people.models import Membership, User
from tests.support.addresses import LINES, address_of, is_api, send
from tests.support.cast import PASSWORD, SYSTEM
from tests.support.hidden import MARK, Hidden
from tests.support.world import World

READS = [line for line, method in LINES if method == "get" and line["get"]["others"] != 405]
WRITES = [(line, method) for line, method in LINES if method != "get"]
SEARCHES = (
    *(f"/audit/?q={part}" for part in ("zqhid", "subject:zqhid", "model:zqhid", "use-case:zqhid", "reason:zqhid")),
    *(f"/audit/complete/?q={part}" for part in ("model:zqhid", "use-case:zqhid", "subject:zqhid", "source:zqhid")),
    *("/models/?q=zqhid", "/jobs/?q=zqhid", "/api/v1/ledger/entries?q=zqhid", "/api/v1/ledger/entries?limit=200"),
)


def limited(world: World, **limits: Any) -> User:
    """An auditor who sees the world's model only."""
    user = people.create_user(actor=SYSTEM, email="guest@audit.example", name="Guest", password=PASSWORD)
    given = {"team": None, "only_models": [world.rows["model"].pk], **limits}
    people.grant_role(actor=SYSTEM, user=user, role=Role.AUDITOR, **given)
    return user


def session(user: User) -> Client:
    """A browser in which this person has signed in."""
    client = Client(raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def token_of(user: User) -> str:
    """A token of this person, with all scopes."""
    return people.issue_token(actor=SYSTEM, user=user, name="t", scopes=["read", "write"], days=1)[1]


def text_of(answer: Any) -> str:
    """What the answer holds; what is packed (a ZIP) as it is."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def walk(user: User, addresses: list[tuple[str, bool]]) -> dict[str, tuple[int, str]]:
    """Status and text of each address, as this person gets them by browser or token, and as CSV."""
    client, token = session(user), token_of(user)
    found = {}
    for address, api in addresses:
        variants = [address] if api else [address, f"{address}{'&' if '?' in address else '?'}format=csv"]
        for one in variants:
            cache.clear()
            answer = send(
                Client(raise_request_exception=False) if api else client, "get", one, {}, token=token, api=api
            )
            found[one] = (answer.status_code, text_of(answer))
    return found


def everything(world: World) -> list[tuple[str, bool]]:
    """Each address that can be read, of the world's records; and searches for the hidden name."""
    own = [(address_of(line, world), is_api(line["url"])) for line in READS]
    return own + [(address, address.startswith("/api/")) for address in SEARCHES]


@pytest.mark.parametrize("where", ["organisation", "team"])
def test_limited_auditor_never_meets_another_model(world: World, hidden: Hidden, where: str) -> None:
    user = limited(world, team=world.cast.team if where == "team" else None)
    found = walk(user, everything(world))
    leaks = {at for at, (_, text) in found.items() if MARK in text or str(hidden.model.pk) in text}
    assert leaks == set()
    assert {at: status for at, (status, _) in found.items() if status >= 500 and "readyz" not in at} == {}
    seen = {at for at, (status, text) in found.items() if status == 200 and "late-arrival" in text}
    assert {"/", "/models/", "/models/late-arrival/", "/audit/", "/spend/", "/maturity/", "/retraining/"} <= seen
    assert {"/models/?format=csv", "/decisions/?format=csv", "/api/v1/models", "/api/v1/ledger/entries"} <= seen


def test_unlimited_auditor_meets_both_models_so_that_the_walk_can_fail(world: World, hidden: Hidden) -> None:
    found = walk(world.cast.auditor, everything(world))
    met = {at for at, (status, text) in found.items() if status == 200 and MARK in text}
    assert {
        "/datasets/", "/datasets/?format=csv",
        "/", "/models/", "/models/?format=csv", "/use-cases/late-arrival-alert/", "/audit/", "/jobs/", "/sources/",
        "/spend/", "/spend/bills/", "/spend/?format=csv", "/returns/", "/decisions/", "/retraining/", "/maturity/",
        "/api/v1/models", "/api/v1/datasets", "/api/v1/uploads", "/api/v1/jobs", "/api/v1/costs", "/api/v1/bills",
        "/budgets/", "/budgets/?format=csv", "/api/v1/budgets",
        "/api/v1/promotion-requests", "/api/v1/retrainings", "/api/v1/ledger/entries?limit=200", "/audit/?q=zqhid",
        "/api/v1/ledger/entries?q=zqhid", "/audit/?q=subject:zqhid", "/audit/?q=reason:zqhid",
        "/audit/complete/?q=model:zqhid", "/audit/complete/?q=use-case:zqhid",
    } <= met  # fmt: skip


def test_what_is_hidden_cannot_be_asked_for_by_its_address(world: World, hidden: Hidden) -> None:
    lines = [line for line in READS if set(line.get("fill", {}).values()) & set(hidden.instead)]
    addresses = [(address_of(line, world, hidden.instead), is_api(line["url"])) for line in lines]
    found = walk(limited(world), addresses)
    assert {at: status for at, (status, _) in found.items() if status != 404} == {}
    assert [at for at, (_, text) in found.items() if f"{MARK}-one name" in text or f"{MARK} case" in text] == []
    both = walk(world.cast.auditor, addresses)
    assert {at: status for at, (status, _) in both.items() if status not in {200, 302}} == {}


def test_owner_elsewhere_keeps_their_rights_beside_the_limit(world: World, hidden: Hidden) -> None:
    user = limited(world)
    people.grant_role(actor=SYSTEM, user=user, role=Role.OWNER, team=world.cast.other_team)
    found = walk(user, everything(world))
    assert {at for at, (_, text) in found.items() if MARK in text} == set()
    assert found["/sources/"][0] == 200, "sources of the own team are shown"
    assert "As an auditor you see 1 model" in found["/models/"][1]


def test_pages_of_no_model_say_that_they_lie_outside(world: World) -> None:
    client = session(limited(world))
    for address in ("/sources/", "/people/", "/spend/bills/"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "your access as an auditor is limited to some models." in text_of(answer)
    rail = text_of(client.get("/models/"))
    assert 'href="/sources/"' not in rail
    assert 'href="/spend/"' in rail


def test_days_limit_entries_decisions_and_figures(world: World, hidden: Hidden) -> None:
    today = clock.now().date()
    now = limited(world, only_models=None, seen_since=today - timedelta(days=1))
    text = text_of(session(now).get("/audit/"))
    assert MARK in text
    people.grant_role(
        actor=SYSTEM, user=now, role=Role.AUDITOR, team=None, seen_since=date(2013, 1, 1), seen_until=date(2013, 6, 30)
    )
    client = session(now)
    assert "You see all models, entries from 1 January to 30 June 2013" in text_of(client.get("/models/"))
    entries = text_of(client.get("/audit/?format=csv")).splitlines()
    assert len(entries) == 1, "no entry is of 2013"
    assert text_of(client.get("/decisions/?format=csv")).count("\n") == 1
    assert f"{MARK}-one" in text_of(client.get("/models/")), "models are shown whole"
    assert "2.00" in text_of(client.get("/spend/")), "costs of June 2013 are within"
    people.grant_role(actor=SYSTEM, user=now, role=Role.AUDITOR, team=None, seen_since=date(2013, 7, 1))
    assert "2.00" not in text_of(session(now).get("/spend/"))


def _tables() -> dict[str, str]:
    """A digest of the rows of each table."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        rows = sorted(map(repr, model._default_manager.values_list()))
        found[model._meta.label_lower] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


MAY_CHANGE = {
    "sign-out/": {"axes.accesslog"},
    "settings/": {"people.user"},
    "audit/exports/": {"jobs.job", "exports.export"},
    "api/v1/exports": {"jobs.job", "exports.export"},
    "audit/standing/check/": {"jobs.job"},
    "api/v1/ledger/seal": {"assurance.witness"},
    "audit/seal/": {"assurance.witness"},
    "hooks/<uuid:source_id>/": {"sources.delivery"},
    "models/<slug:slug>/alerts/follow/": {"alerts.following"},
}
"""What an auditor's own writes change beside the ledger: their session, their own name and zone, of whose alerts they
are told, the export that they ask for with the job that makes it, the job that asks the witnesses, what these answer
before the first seal, and that somebody, whoever it was, sent a delivery that nothing vouched for."""
KEPT = {"sessions.session", "people.reading"}
"""What every request may touch: the session, and that something was read in this hour."""


@pytest.mark.parametrize(("line", "method"), WRITES, ids=[f"{method} {line['url']}" for line, method in WRITES])
def test_auditor_changes_nothing(world: World, line: dict[str, Any], method: str) -> None:
    for user in (world.cast.auditor, limited(world)):
        api, client, token = is_api(line["url"]), session(user), token_of(user)
        before = _tables()
        asked = Client(raise_request_exception=False) if api else client
        answer = send(asked, method, address_of(line, world), line.get("body", {}), token=token, api=api)
        after = _tables()
        allowed = KEPT | MAY_CHANGE.get(line["url"], set()) | ({"people.token"} if api else set())
        changed = {name for name in after if after[name] != before[name] and not name.startswith("ledger.")}
        assert changed <= allowed, f"{answer.status_code}"


def test_owner_changes_tables_so_that_the_comparison_can_fail(world: World) -> None:
    client, before = world.cast.client("owner"), _tables()
    body = {"name": "New", "path": "", "every_seconds": "30"}
    assert client.post(f"/sources/{world.id_of('source')}/", body).status_code == 302
    after = _tables()
    changed = {name for name in after if after[name] != before[name]}
    assert {name for name in changed - KEPT if not name.startswith("ledger.")} == {"sources.source"}


def test_access_ends_by_itself_for_session_and_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = clock.now() + timedelta(days=3)
    user = limited(world, until=ends)
    client, (_, token) = session(user), people.issue_token(actor=SYSTEM, user=user, name="t", scopes=["read"], days=9)
    address = "/api/v1/models/late-arrival"

    def asked() -> tuple[int, int, int]:
        page, api = client.get("/models/late-arrival/"), send(Client(), "get", address, {}, token=token, api=True)
        return page.status_code, api.status_code, client.get("/audit/").status_code

    assert asked() == (200, 200, 200)
    at = ends - timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: at)
    assert asked() == (200, 200, 200)
    at = ends
    assert asked() == (404, 404, 403)
    words = text_of(client.get("/settings/"))
    day = ends - timedelta(microseconds=1)
    assert f"Your access as auditor ended on {day.day} {day:%B %Y}. An administrator can grant it again." in words


def test_ended_role_stands_on_the_page_of_people_as_ended(world: World) -> None:
    user = limited(world)
    Membership.objects.filter(user=user).update(until=clock.now() - timedelta(days=1))
    text = text_of(world.cast.client("administrator").get("/people/"))
    assert "1 model (late-arrival)" in text
    assert "Ended" in text


@pytest.fixture
def reader(world: World) -> Callable[[str], list[tuple[str, str]]]:
    """Asks for an address as the limited auditor, and gives what entries say was read so far."""
    from audit.ledger.models import Entry
    from audit.ledger.selectors import told

    client = session(limited(world))

    def ask(address: str) -> list[tuple[str, str]]:
        assert client.get(address).status_code == 200
        rows = told(Entry.objects.filter(action="people.read").order_by("pk"))
        return [(row.actor_name, row.subject_name) for row in rows]

    return ask


def test_reading_is_one_entry_a_subject_and_hour(
    world: World, reader: Callable[[str], list[tuple[str, str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ("Guest", "late-arrival")
    assert reader("/models/late-arrival/") == [model]
    assert reader("/models/late-arrival/?format=csv") == [model]
    assert reader(f"/decisions/{world.id_of('request')}/") == [model], "the decision is about the same model"
    log = ("Guest", "the audit log")
    assert reader("/audit/?q=x") == [model, log]
    assert reader("/settings/") == [model, log], "one's own settings are no reading"
    use_case = ("Guest", "Late arrival alert")
    assert reader("/use-cases/late-arrival-alert/") == [model, log, use_case]
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert reader("/models/late-arrival/") == [model, log, use_case, model]


def test_reading_by_token_is_an_entry_and_stands_in_the_models_chain(world: World) -> None:
    from audit.ledger.models import Entry

    user = limited(world)
    answer = send(Client(), "get", "/api/v1/models/late-arrival", {}, token=token_of(user), api=True)
    assert answer.status_code == 200
    entry = Entry.objects.get(action="people.read")
    assert (entry.actor_kind, entry.model, entry.team) == ("token", world.rows["model"].pk, world.cast.team.pk)
    assert entry.states == {}, "who only looks says nothing of the record's state"
    sealing.seal()
    assert Entry.objects.filter(action="people.read", leaf__model_at__gt=0).exists()


def test_who_reads_by_another_role_is_not_written_down(world: World) -> None:
    from audit.ledger.models import Entry

    people.grant_role(actor=SYSTEM, user=world.cast.owner, role=Role.AUDITOR, team=world.cast.team)
    world.cast.client("owner").get("/models/late-arrival/")
    world.cast.client("manager").get("/models/late-arrival/")
    assert not Entry.objects.filter(action="people.read").exists()
