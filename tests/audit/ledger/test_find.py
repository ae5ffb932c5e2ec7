"""Entries are found by every qualifier, waiting, sealed or indexed; a page never repeats or leaves out one."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.base.actors import Actor, Limit, Role
from audit.base.errors import NotPermitted
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, ModelVersion
from audit.ledger import finding, indexing, personal, postings, search, selectors, services
from audit.ledger.domain import bits
from audit.ledger.models import Block, Entry, Head, Indexed, Leaf, Posting
from audit.ledger.sealing import seal
from audit.people import services as people
from audit.people.models import Team
from audit.sources import services as sources
from tests.support.cast import SYSTEM, Cast

REFUSED = "ledger.refused"
BEGIN = datetime(2013, 7, 8, tzinfo=UTC)
ALL = Actor.service("test")


def leave_waiting() -> None:
    """Nothing is sealed."""


def only_seal() -> None:
    """Sealed and not indexed."""
    seal()


def index_all() -> None:
    """Sealed and indexed."""
    seal()
    indexing.catch_up(worth=1)


def index_half() -> None:
    """The first half is indexed, the rest is sealed."""
    seal()
    Indexed.objects.get_or_create(pk=1)
    size = Head.objects.get().size
    Head.objects.update(size=size // 2)
    indexing.catch_up(worth=1)
    Head.objects.update(size=size)


STATES = [leave_waiting, only_seal, index_half, index_all]


def found(text: str, viewer: Actor = ALL, **where: Any) -> list[int]:
    """Ids that fit the search, as one page."""
    answer = finding.find(viewer=viewer, query=search.parse(text, zone=UTC), limit=10_000, **where)
    assert answer.problems == ()
    assert where or answer.total == len(answer.ids)
    return answer.ids


def names(text: str, viewer: Actor = ALL) -> set[str]:
    """What is found, by the name of its subject or else its action."""
    told = selectors.told(selectors.by_ids(viewer=viewer, ids=found(text, viewer)))
    return {entry.subject_name or entry.action for entry in told}


def problems(text: str, viewer: Actor = ALL) -> str:
    answer = finding.find(viewer=viewer, query=search.parse(text, zone=UTC))
    assert (answer.ids, answer.total) == ([], 0)
    return " ".join(answer.problems)


@pytest.fixture
def ines(cast: Cast) -> Actor:
    """A person who acts from an address, in a request."""
    return Actor(
        "person", "ines.duarte@example.org", "Inês Duarte", {None: frozenset({Role.ADMINISTRATOR})},
        address="10.4.18.77", origin="request 0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", user_id=cast.administrator.pk,
    )  # fmt: skip


@pytest.fixture
def told(cast: Cast, model: Model, version: ModelVersion, ines: Actor) -> None:
    """Entries of every kind."""
    catalogue.register_dataset(actor=ines, team=cast.team, slug="flights", name="Flights of 2013")
    sources.add_source(actor=ines, kind="folder", name="Arrivals", team=cast.other_team, settings={"path": "/in"})
    with transaction.atomic():
        job = f"job {UUID(int=7)}"
        sweep = Actor.service("sweep", origin=job, on_behalf_of="ines.duarte@example.org")
        services.record(actor=sweep, action="jobs.failed", subject_name="nightly", reason="Disk is full: 0 bytes left")
        services.record(actor=ines, action=REFUSED, subject_name="POST /sources/", reason="Größe of small carriers")


CASES = [
    ("nightly", {"nightly"}),
    ("night", {"nightly"}),
    ('"night"', set()),
    ("ightly", set()),
    ("NIGHTLY disk", {"nightly"}),
    ("disk carriers", set()),
    ('"bytes disk"', {"nightly"}),
    ("grosse", {"POST /sources/"}),
    ("duarte", {"Flights of 2013", "Arrivals", "nightly", "POST /sources/"}),
    ("actor:duarte is:person", {"Flights of 2013", "Arrivals", "POST /sources/"}),
    ('actor:"Inês Duarte"', {"Flights of 2013", "Arrivals", "POST /sources/"}),
    ("actor:sweep", {"nightly"}),
    ("actor:sweep -is:person", {"nightly"}),
    ("actor:nightly", set()),
    ("action:jobs.failed", {"nightly"}),
    ("action:jobs", {"nightly"}),
    ("action:catalogue.model", {"late-arrival"}),
    ("action:connected", {"Arrivals"}),
    ("action:sources. -action:sources.added", set()),
    ("subject:late", {"late-arrival", "late-arrival v1", "Late arrival alert"}),
    ("subject:catalogue.model", {"late-arrival"}),
    ("subject:catalogue.", {"late-arrival", "late-arrival v1", "Late arrival alert", "Flights of 2013"}),
    ("model:late-arrival", {"late-arrival", "late-arrival v1"}),
    ("model:LATE-arrival -subject:catalogue.model", {"late-arrival v1"}),
    ("use-case:late-arrival-alert", {"late-arrival", "late-arrival v1", "Late arrival alert"}),
    ('use-case:"Late arrival alert" action:catalogue.use_case', {"Late arrival alert"}),
    ("team:catering action:sources", {"Arrivals"}),
    ('team:"Catering" is:person', {"Arrivals"}),
    ("source:arrivals", {"Arrivals"}),
    ("source:sweep", {"nightly"}),
    ("reason:full", {"nightly"}),
    ("reason:nightly", set()),
    ("reason:ful disk", {"nightly"}),
    ("reason:0", {"nightly"}),
    ("origin:job", {"nightly"}),
    (f"origin:{UUID(int=7)}", {"nightly"}),
    ("origin:0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b", {"Flights of 2013", "Arrivals", "POST /sources/"}),
    ("address:10.4.18.77", {"Flights of 2013", "Arrivals", "POST /sources/"}),
    ("address:10.4.18", {"Flights of 2013", "Arrivals", "POST /sources/"}),
    ("address:10.4.18.7 -reason:carriers", {"Flights of 2013", "Arrivals"}),
    ("is:pruned", set()),
    ("is:machine action:jobs", {"nightly"}),
    ("after:2100-01-01", set()),
    ("before:2013-01-01", set()),
    ("nightly after:2013-01-01 before:2100-01-01", {"nightly"}),
    ("-after:2013-01-01", set()),
]


@pytest.mark.parametrize("state", STATES)
def test_entries_are_narrowed(told: None, state: Callable[[], None]) -> None:
    state()
    for text, expected in CASES:
        assert names(text) == expected, text


@pytest.mark.parametrize("state", STATES)
def test_subjects_are_found_by_id_and_everything_by_a_pasted_id(
    told: None, model: Model, cast: Cast, state: Callable[[], None]
) -> None:
    state()
    assert names(f"subject:{model.pk}") == {"late-arrival"}
    assert names(f"subject:catalogue.model:{model.pk}") == {"late-arrival"}
    assert names(f"subject:catalogue.usecase:{model.pk}") == set()
    assert names(f"model:{model.pk.hex}") == {"late-arrival", "late-arrival v1"}
    assert names(f"{model.pk}") == {"late-arrival", "late-arrival v1"}
    assert names(f"{cast.other_team.pk} action:sources") == {"Arrivals"}


def test_waiting_entries_are_told_from_sealed_ones(told: None) -> None:
    assert (found("is:sealed"), found("is:waiting")) == ([], found(""))
    seal()
    with transaction.atomic():
        entry = services.record(actor=ALL, action=REFUSED, subject_name="late one")
    for worth in (1000, 1):
        indexing.catch_up(worth=worth)
        assert found("is:waiting") == [entry.pk]
        assert found("-is:waiting") == found("is:sealed") == found("")[1:]
    seal()
    assert (found("is:waiting"), found("is:sealed")) == ([], found(""))


def test_few_entries_wait_for_more_before_they_are_indexed(told: None) -> None:
    seal()
    assert indexing.catch_up(worth=10_000) == 0
    assert not Posting.objects.exists()
    assert indexing.catch_up(worth=1) == Head.objects.get().size


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("model:nothing", "No model that you may see is called “nothing”; write its short name, name or id."),
        ("use-case:nothing", "No use case that you may see is called “nothing”"),
        ("-team:nothing", "No team that you may see is called “nothing”"),
        ("nightly after:soon", "“soon” after after: is not a day"),
    ],
)
def test_what_is_not_understood_is_told_and_nothing_is_searched(told: None, text: str, problem: str) -> None:
    assert problem in problems(text)


def test_beginning_of_too_many_words_is_told(told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    index_all()
    monkeypatch.setattr(postings, "MOST", 2)
    assert "Too many words begin with “people”; write more of it, or put it in quotes." in problems("action:people")
    assert found('"people"') != []


def test_value_of_too_many_people_is_told(told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.ledger.meaning.MOST_PEOPLE", 3)
    assert "“example” stands in more than 3 personal values; write more of it." in problems("actor:example")


def test_model_of_another_team_is_not_known_by_name(told: None, cast: Cast, model: Model) -> None:
    outsider = cast.actor("outsider")
    assert "No model that you may see" in problems("model:late-arrival", outsider)
    assert found(f"model:{model.pk}", outsider) == []


# --- who sees what ---


@pytest.mark.parametrize("state", STATES)
def test_viewer_sees_own_team_only(told: None, cast: Cast, state: Callable[[], None]) -> None:
    state()
    assert "late-arrival" in names("", cast.actor("manager"))
    assert not names("", cast.actor("manager")) & {"Arrivals", "nightly"}
    assert {"Arrivals", "Catering"} <= names("", cast.actor("outsider"))
    assert not names("", cast.actor("outsider")) & {"late-arrival", "Flights of 2013"}
    assert names("", cast.actor("auditor")) == names("")
    for name in ("manager", "outsider", "auditor"):
        viewer = cast.actor(name)
        assert found("", viewer) == [entry.pk for entry in selectors.entries(viewer=viewer)]


@pytest.mark.parametrize("state", STATES)
def test_limited_auditor_sees_the_models_and_days_of_the_limit(
    told: None, model: Model, cast: Cast, state: Callable[[], None]
) -> None:
    state()
    use_cases = frozenset({model.use_case_id})
    day = Entry.objects.latest("at").at.date()
    limits = [
        Limit(models=frozenset({model.pk}), use_cases=use_cases),
        Limit(team=cast.other_team.pk),
        Limit(models=frozenset({uuid4()}), use_cases=frozenset({uuid4()})),
        Limit(since=day, until=day),
        Limit(team=cast.team.pk, until=date(2013, 1, 1)),
        Limit(models=frozenset({model.pk}), since=day + timedelta(days=1)),
    ]
    for some in (*((limit,) for limit in limits), (limits[0], limits[1])):
        viewer = Actor("person", "a", "A", {}, some)
        assert found("", viewer) == [entry.pk for entry in selectors.entries(viewer=viewer)], some
    only = Actor("person", "a", "A", {}, tuple(limits[:1]))
    assert names("", only) == {"late-arrival", "late-arrival v1", "Late arrival alert"}


def test_role_that_ended_shows_nothing(cast: Cast, model: Model) -> None:
    held = cast.manager.memberships.get(role=Role.VIEWER)
    people.revoke_role(actor=SYSTEM, membership=held, reason="left")
    with pytest.raises(NotPermitted):
        finding.find(viewer=cast.actor("manager"))


# --- personal values ---


def test_erased_person_is_found_by_the_sign_alone(told: None, ines: Actor) -> None:
    index_all()
    ids = found("actor:duarte is:person")
    rows = Entry.objects.filter(pk__in=ids).values_list("actor_id", "actor_name")
    signs = personal.signs_in([list(row) for row in rows])
    person = str(ines.user_id)
    personal.erase(sorted(signs), person=person)
    assert found("actor:duarte is:person") == []
    assert set(found(f'actor:"{personal.label_of(person)}"')) >= set(ids)


def test_personal_values_are_not_in_the_index(told: None) -> None:
    index_all()
    kept = " ".join(Posting.objects.values_list("word", flat=True))
    for part in ("duarte", "ines", "example", "10.4.18.77", "administrator"):
        assert part not in kept


def test_pruned_content_leaves_the_index_before_or_after_it_is_emptied(told: None) -> None:
    index_all()
    ids = found("nightly")
    empty = dict.fromkeys(("actor_id", "actor_name", "on_behalf_of", "subject_name", "reason", "address", "origin"), "")
    before = Posting.objects.filter(word__in=["s:nightly", "r:full", "c:sweep"]).count()
    Entry.objects.filter(pk__in=ids).update(**empty, changes={}, states={}, pruned=True)
    indexing.forget(ids)
    assert (before, Posting.objects.filter(word__in=["s:nightly", "r:full", "c:sweep"]).count()) == (3, 0)
    assert found("nightly") == found("reason:full") == found("actor:sweep") == []
    assert found("is:pruned") == found("action:jobs") == ids
    kept = dict(Posting.objects.values_list("word", "count"))
    indexing.begin_anew()
    indexing.catch_up(worth=1)
    assert dict(Posting.objects.values_list("word", "count")) == kept


def test_entries_forgotten_while_they_are_indexed_do_not_come_back(told: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seal()
    ids = found("nightly")
    gather = indexing.gathered

    def meanwhile(rows: list[Any]) -> Any:
        monkeypatch.setattr(indexing, "gathered", gather)
        answer = gather(rows)
        indexing.forget(ids)
        return answer

    monkeypatch.setattr(indexing, "gathered", meanwhile)
    assert indexing.catch_up(worth=1) == 0
    assert not Posting.objects.exists()


# --- many blocks ---


@pytest.fixture
def spread(db: None) -> list[Entry]:
    """Entries around the borders of four blocks; some were sealed late, and a clock once went back by an hour."""
    pick = random.Random(5)
    team = Team.objects.create(slug="spread", name="Spread")
    around = (-300, -2, -1, 0, 1, 255, 256, 999)
    ids = [1, 2, 300, *(bits.SPAN * block + offset for block in (1, 2, 4) for offset in around)]
    rows = []
    for order, ident in enumerate(ids):
        at = BEGIN + timedelta(minutes=20 * order) - timedelta(hours=1 if order in {11, 12} else 0)
        rows.append(
            Entry(
                id=ident, at=at, actor_kind="service", actor_id="spread", actor_name="spread", action=REFUSED,
                subject_type="", subject_id="", subject_name=f"n{order % 3} all", team=team.pk if order % 4 else None,
                reason=pick.choice(["early", "late"]), changes={}, states={},
            )
        )  # fmt: skip
    Entry.objects.bulk_create(rows)
    late = [ids[4], ids[9]]
    sealed = [ident for ident in ids if ident not in late] + late
    Leaf.objects.bulk_create(Leaf(number=n, entry_id=ident, hash=bytes(32)) for n, ident in enumerate(sealed, 1))
    Head.objects.update(size=len(ids), last=ids[-1], gaps=[])
    return rows


def index_up_to(size: int) -> None:
    """Indexes the first ``size`` leaves."""
    real = Head.objects.get().size
    Head.objects.update(size=size)
    indexing.catch_up(worth=1)
    Head.objects.update(size=real)


TESTS: dict[str, Callable[[Entry], bool]] = {
    "": lambda e: True,
    "late": lambda e: e.reason == "late",
    "-late": lambda e: e.reason != "late",
    "n1": lambda e: e.subject_name == "n1 all",
    "subject:all reason:early": lambda e: e.reason == "early",
    "team:spread": lambda e: e.team is not None,
    "team:spread -n2": lambda e: e.team is not None and e.subject_name != "n2 all",
    "after:2013-07-08T03:00": lambda e: e.at >= BEGIN + timedelta(hours=3),
    "before:2013-07-08T03:10": lambda e: e.at < BEGIN + timedelta(hours=3, minutes=10),
    "after:2013-07-08T02:30 before:2013-07-08T04:30 late": lambda e: (
        BEGIN + timedelta(hours=2, minutes=30) <= e.at < BEGIN + timedelta(hours=4, minutes=30) and e.reason == "late"
    ),
    "-after:2013-07-08T03:00 is:machine": lambda e: e.at < BEGIN + timedelta(hours=3),
    "is:person": lambda e: False,
}


@pytest.mark.parametrize("indexed", [(), (9,), (14, 20), (99,)], ids=str)
def test_blocks_are_searched_wherever_the_index_ends(spread: list[Entry], indexed: tuple[int, ...]) -> None:
    for size in indexed:
        index_up_to(min(size, len(spread)))
    for text, fits in TESTS.items():
        expected = [entry.pk for entry in reversed(spread) if fits(entry)]
        assert found(text) == expected, text
        pages, before = [], None
        while True:
            page = finding.find(viewer=ALL, query=search.parse(text, zone=UTC), before=before, limit=3)
            assert (page.newer, page.total) == (before is not None and bool(page.ids), len(expected))
            pages += page.ids
            if not page.older:
                break
            before = page.ids[-1]
        assert pages == expected, text
        if len(expected) > 4:
            back = finding.find(viewer=ALL, query=search.parse(text, zone=UTC), after=expected[4], limit=3)
            assert (back.ids, back.newer, back.older) == (expected[1:4], True, True)
        pieces = list(finding.every_id(viewer=ALL, query=search.parse(text, zone=UTC), at_once=4))
        assert [ident for piece in pieces for ident in piece] == expected


def test_index_made_in_pieces_is_the_index_made_at_once(spread: list[Entry]) -> None:
    def kept() -> tuple[Any, Any]:
        rows = Posting.objects.order_by("block", "word").values_list("block", "word", "count", "bits")
        return [(*row[:3], bytes(row[3])) for row in rows], [
            (row.pk, row.oldest, row.newest, bytes(row.times)) for row in Block.objects.order_by("pk")
        ]

    for size in (3, 4, 11, len(spread)):
        index_up_to(size)
    pieces = kept()
    indexing.begin_anew()
    indexing.catch_up(worth=1)
    assert kept() == pieces
    assert len(pieces[1]) == 5


def test_command_makes_a_doubtful_index_anew(told: None, capsys: pytest.CaptureFixture[str]) -> None:
    index_all()
    expected = found("late")
    Posting.objects.filter(word__startswith="s:").delete()
    assert found("late") == []
    call_command("index_log")
    assert found("late") == expected != []
    assert f"{Head.objects.get().size} entries are indexed." in capsys.readouterr().out


def test_common_matches_are_counted_up_to_a_limit(spread: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST", 10)
    assert finding.find(viewer=ALL).total is None
    assert finding.find(viewer=ALL, query=search.parse("after:2013-07-08T07:00", zone=UTC)).total == 6


def test_entries_beyond_what_is_looked_at_are_said_to_be_unseen(spread: list[Entry], monkeypatch) -> None:
    monkeypatch.setattr(finding, "NEWEST", 5)
    answer = finding.find(viewer=ALL)
    assert (len(answer.ids), answer.unseen) == (5, len(spread) - 5)
    index_up_to(len(spread) - 2)
    assert finding.find(viewer=ALL).unseen == 0
    Head.objects.update(last=spread[0].pk, size=1)
    assert finding.find(viewer=ALL).unseen == len(spread) - 1 - 5


def test_entry_of_a_late_transaction_is_found_at_once(spread: list[Entry]) -> None:
    index_all_but = len(spread)
    index_up_to(index_all_but)
    entry = Entry.objects.create(
        id=77, at=BEGIN, actor_kind="service", actor_id="x", actor_name="x", action=REFUSED, subject_name="came late",
        changes={}, states={},
    )  # fmt: skip
    Head.objects.update(gaps=[76, 77])
    assert found("came") == found("is:waiting") == [entry.pk]


def test_search_of_many_blocks_takes_few_queries(spread: list[Entry]) -> None:
    index_up_to(len(spread))
    with CaptureQueriesContext(connection) as caught:
        found("late after:2013-07-08T01:00 -n1 team:spread")
    assert len(caught) < 30
