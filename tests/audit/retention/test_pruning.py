"""What a clock lets go goes and nothing else, and pruning is told from tampering."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from audit.base.errors import InvalidInput, NotPermitted
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model
from audit.ledger import proofs, selectors, verification
from audit.ledger import services as ledger
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.models import Entry, Leaf, Personal, State
from audit.ledger.sealing import seal
from audit.people import ledger_actions as people_actions
from audit.retention import pruning, running, services
from audit.retention.models import Pruning
from tests.audit.retention.conftest import NOW, OLD, Clock, Ines, verified
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted

AGO = NOW - timedelta(days=500)


@pytest.fixture
def taken_up(cast: Cast) -> None:
    """The policy that is given has been seen by a run."""
    running.prune(actor=SYSTEM)


def refuse(number: int, **more: object) -> Entry:
    return ledger.record(actor=SYSTEM, action=REFUSED, subject_name=f"attempt {number}", reason="why", **more)  # type: ignore[arg-type]


def sign_in(cast: Cast, name: str = "owner") -> Entry:
    actor = cast.actor(name).at("192.0.2.50", "request 1")
    return ledger.record(actor=actor, action=people_actions.SIGNED_IN, subject=getattr(cast, name))


def pruned() -> set[int]:
    return set(Entry.objects.filter(pruned=True).values_list("pk", flat=True))


def test_new_policy_is_taken_up_by_one_run_and_rules_from_the_next(cast: Cast, time: Clock) -> None:
    time.at = OLD
    old = refuse(1)
    time.at = NOW
    seal()
    first = running.prune(actor=SYSTEM)
    assert first.sentence.startswith("The policy is new")
    assert pruned() == set()
    (told,) = selectors.told(Entry.objects.filter(action="retention.policy_taken_up"))
    assert told.subject_name == "Ten years, and thirteen months for sign-ins"
    assert told.changes["log: everything else"] == [None, "10 years"]
    second = running.prune(actor=SYSTEM)
    assert (second.entries, second.sentence) == (1, "Removed the content of 1 entry.")
    assert pruned() == {old.pk}


def test_each_clock_lets_go_what_is_older_and_keeps_the_rest(cast: Cast, time: Clock, taken_up: None) -> None:
    size = verified()
    time.at = AGO
    due, young_refusal = sign_in(cast), refuse(1)
    time.at = OLD
    old = refuse(2)
    time.at = NOW - timedelta(days=390)
    young = sign_in(cast)
    time.at = NOW
    verified()
    before = {row.number: bytes(row.hash) for row in Leaf.objects.all()}
    running.prune(actor=SYSTEM)
    assert pruned() == {due.pk, old.pk}
    assert not pruned() & {young.pk, young_refusal.pk}
    row = Entry.objects.get(pk=due.pk)
    assert [getattr(row, name) for name in pruning.EMPTY] == list(pruning.EMPTY.values())
    assert (row.action, row.subject_id, row.at) == (due.action, due.subject_id, due.at)
    assert {number: bytes(h) for number, h in Leaf.objects.values_list("number", "hash") if number in before} == before
    assert verified() > size
    proof = proofs.inclusion(viewer=SYSTEM, number=row.leaf.number)
    assert (proof.leaf, proof.leaf_hash) == ("", before[row.leaf.number].hex())


def test_entry_of_a_run_names_numbers_rule_and_policy(cast: Cast, time: Clock, taken_up: None) -> None:
    time.at = AGO
    first, between, second = sign_in(cast), refuse(1), sign_in(cast)
    time.at = NOW
    seal()
    running.prune(actor=SYSTEM)
    entry = Entry.objects.get(action="retention.pruned")
    numbers = [Leaf.objects.get(entry=one.pk).number for one in (first, second)]
    assert numbers[1] == numbers[0] + 2
    assert entry.changes["numbers"] == [None, [[numbers[0]] * 2, [numbers[1]] * 2]]
    assert entry.changes["entries"] == [None, 2]
    assert entry.changes["rule"] == [None, "people.signed_in, people.signed_out, people.sign_in_failed"]
    assert len(entry.changes["policy"][1]) == 64
    assert not Entry.objects.get(pk=between.pk).pruned
    assert not Entry.objects.filter(action="retention.pruned", pruned=True).exists()


def test_what_is_not_sealed_is_not_pruned(cast: Cast, time: Clock, taken_up: None) -> None:
    time.at = OLD
    entry = refuse(1)
    time.at = NOW
    assert running.prune(actor=SYSTEM).entries == 0
    seal()
    assert running.prune(actor=SYSTEM).entries == 1
    assert pruned() == {entry.pk}


def test_what_says_what_was_pruned_is_never_pruned(cast: Cast, time: Clock, taken_up: None) -> None:
    time.at = OLD
    refuse(1)
    time.at = OLD + timedelta(days=1)
    seal()
    time.at = NOW
    running.prune(actor=SYSTEM)
    time.at = NOW + timedelta(days=20 * 366)
    seal()
    running.prune(actor=SYSTEM)
    kept = Entry.objects.filter(pruned=False).values_list("action", flat=True)
    assert "retention.pruned" in kept
    assert not Entry.objects.filter(action="retention.pruned", pruned=True).exists()
    verified()


def test_many_entries_go_in_batches_of_few_ranges(
    cast: Cast, time: Clock, taken_up: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "MOST_RANGES", 3)
    monkeypatch.setattr(pruning, "AT_ONCE", 8)
    time.at = AGO
    for number in range(20):
        sign_in(cast)
        refuse(number)
    time.at = NOW
    seal()
    assert running.prune(actor=SYSTEM).entries == 20
    told = Entry.objects.filter(action="retention.pruned")
    assert all(len(one.changes["numbers"][1]) <= 3 for one in told)
    assert sum(one.changes["entries"][1] for one in told) == 20
    verified()


@pytest.mark.parametrize("kind", ["all", "model", "use_case", "team", "person"])
def test_hold_keeps_what_it_is_on(cast: Cast, time: Clock, taken_up: None, model: Model, kind: str) -> None:
    time.at = OLD
    held = catalogue.register_pipeline(
        actor=cast.actor("owner"), model=model, name="train", engine="local", parameters={}
    )
    entry = Entry.objects.get(action="catalogue.pipeline_registered", subject_id=str(held.pk))
    other = refuse(1)
    time.at = NOW
    seal()
    targets = {
        "model": model.pk,
        "use_case": model.use_case_id,
        "team": cast.team.pk,
        "person": cast.owner.pk,
    }
    hold = services.place_hold(actor=SYSTEM, kind=kind, target=str(targets.get(kind, "")), reason="case 14")
    run = running.prune(actor=SYSTEM)
    free = set() if kind == "all" else {other.pk}
    assert pruned() == free
    assert (run.entries, run.kept) == (len(free), 2 - len(free))
    (told,) = selectors.told(Entry.objects.filter(action="retention.pruning_refused"))
    assert told.changes["holds"] == [None, [str(hold.pk)]]
    assert told.changes["entries"] == [None, 2 - len(free)]
    running.prune(actor=SYSTEM)  # the same again says nothing new
    assert Entry.objects.filter(action="retention.pruning_refused").count() == 1
    services.release_hold(actor=SYSTEM, hold=hold, reason="over")
    running.prune(actor=SYSTEM)
    assert pruned() == {entry.pk, other.pk}
    verified()


def test_states_stay_known_when_entries_are_pruned(cast: Cast, time: Clock, taken_up: None, model: Model) -> None:
    time.at = OLD
    catalogue.register_pipeline(actor=SYSTEM, model=model, name="train", engine="local", parameters={})
    time.at = NOW
    seal()
    before = dict(State.objects.values_list("key", "digest"))
    running.prune(actor=SYSTEM)
    assert pruned()
    assert dict(State.objects.values_list("key", "digest")) == before


def test_addresses_go_with_the_sign_ins_in_which_they_stood(cast: Cast, time: Clock, taken_up: None) -> None:
    time.at = AGO
    sign_in(cast)
    time.at = NOW
    refuse(1)
    seal()
    assert Personal.objects.filter(value="192.0.2.50").exists()
    run = running.prune(actor=SYSTEM)
    assert run.personal == 1
    assert not Personal.objects.filter(value="192.0.2.50").exists()
    assert Personal.objects.filter(value="owner@example.org").exists()  # other entries still name the owner
    fresh = sign_in(cast)
    assert selectors.told([fresh])[0].address == "192.0.2.50"
    assert selectors.told([fresh])[0].actor_name == "Owner"


def test_run_ends_what_was_under_way_during_an_erasure(cast: Cast, ines: Ines, taken_up: None) -> None:
    services.erase_person(actor=cast.actor("administrator"), user=ines.user, reason="asked for")
    late = Personal.objects.create(
        person=str(ines.user.pk), value="198.51.100.9", salt="00" * 16, commitment="personal:x"
    )
    run = running.prune(actor=SYSTEM)
    late.refresh_from_db()
    assert (run.personal, late.value, late.salt) == (1, "", "")


def test_prune_takes_an_administrator(cast: Cast) -> None:
    for name in ("owner", "auditor", "manager"):
        with pytest.raises(NotPermitted):
            running.prune(actor=cast.actor(name))


def test_own_policy_rules_and_a_wrong_one_stops_the_run(cast: Cast, home: Path, time: Clock) -> None:
    own = home / "retention.yaml"
    own.write_text("title: Short\nlog: {keep: 7 months, why: test}\ndocuments: {keep: 1 year, why: test}\n")
    try:
        time.at = NOW - timedelta(days=300)
        entry = refuse(1)
        time.at = NOW
        seal()
        running.prune(actor=SYSTEM)
        assert running.prune(actor=SYSTEM).entries >= 1
        assert entry.pk in pruned()
        own.write_text("title: Shorter\nlog: {keep: 1 month, why: test}\ndocuments: {keep: 1 year, why: test}\n")
        with pytest.raises(
            InvalidInput, match=r"retention\.yaml, line 2, column 13: Entries cannot be kept for 1 month"
        ):
            running.prune(actor=SYSTEM)
        own.write_bytes(b"title: \xff\n")
        with pytest.raises(InvalidInput, match=r"retention\.yaml: The file is not UTF-8"):
            running.prune(actor=SYSTEM)
    finally:
        own.unlink()
    verified()


class TestTampering:
    """What looks like pruning and is not is named."""

    @pytest.fixture
    def sealed(self, cast: Cast) -> Iterator[int]:
        """The number of an entry that is sealed and due for nothing."""
        entry = refuse(1)
        seal()
        yield Leaf.objects.get(entry=entry.pk).number

    def _empty(self, number: int) -> None:
        entry = Leaf.objects.get(number=number).entry
        Entry.objects.filter(pk=entry.pk).update(**pruning.EMPTY, pruned=True)

    def test_content_emptied_without_an_entry_is_named(self, sealed: int) -> None:
        self._empty(sealed)
        found = verification.compute()
        assert (found.broken_at, found.sentence) == (
            sealed, f"The content of entry {sealed:,} is gone, and no entry says that retention removed it."
        )  # fmt: skip

    def test_content_of_what_says_what_was_pruned_is_named(self, cast: Cast, time: Clock, taken_up: None) -> None:
        time.at = OLD
        refuse(1)
        time.at = NOW
        seal()
        running.prune(actor=SYSTEM)
        verified()
        said = Entry.objects.get(action="retention.pruned").leaf.number
        self._empty(said)
        assert verification.compute().broken_at is not None

    def test_widened_range_is_named_as_a_change_of_that_entry(self, cast: Cast, time: Clock, taken_up: None) -> None:
        time.at = OLD
        entry = refuse(1)
        time.at = NOW
        other = refuse(2)
        seal()
        running.prune(actor=SYSTEM)
        seal()
        first, second = (Leaf.objects.get(entry=one.pk).number for one in (entry, other))
        said = Entry.objects.get(action="retention.pruned")
        self._empty(second)
        changes = dict(said.changes) | {"numbers": [None, [[first, second]]]}
        with triggers_lifted():
            Entry.objects.filter(pk=said.pk).update(changes=changes)
        assert verification.compute().broken_at == said.leaf.number

    @pytest.mark.parametrize("listed", ['"all"', "[1,2]", '[[1,"9"]]', "[[true,9]]", "null"])
    def test_range_that_is_none_covers_nothing(self, cast: Cast, sealed: int, listed: str) -> None:
        import json

        ledger.record(actor=SYSTEM, action="retention.pruned", changes={"numbers": (None, json.loads(listed))})
        self._empty(sealed)
        seal()
        assert verification.compute().broken_at == sealed

    def test_pruned_while_the_walk_is_under_way_is_no_tampering(self, cast: Cast, time: Clock, taken_up: None) -> None:
        from audit.ledger.pruning import Covered

        covered = Covered()
        assert 1 not in covered
        time.at = OLD
        entry = refuse(1)
        time.at = NOW
        seal()
        running.prune(actor=SYSTEM)
        assert Leaf.objects.get(entry=entry.pk).number in covered


def test_run_tells_what_it_did(cast: Cast, time: Clock, taken_up: None) -> None:
    assert running.run_words(0, 0, 0) == "Nothing was removed."
    assert running.run_words(1, 2, 0) == "Removed the content of 1 entry and 2 documents."
    assert running.run_words(0, 1, 3) == "Removed 1 document. Holds kept 3 that were due."
    found = running.prune(actor=SYSTEM)
    assert found == Pruning.objects.first()
    assert [line["rule"] for line in found.counts if line["clock"] == "log"][-1] == "everything else"


def test_triggers_refuse_to_fill_what_was_emptied(cast: Cast, time: Clock, taken_up: None) -> None:
    time.at = OLD
    entry = refuse(1)
    time.at = NOW
    seal()
    running.prune(actor=SYSTEM)
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(reason="another")
    assert connection.is_usable()


def test_hold_that_is_placed_during_a_run_is_obeyed_at_once(
    cast: Cast, time: Clock, taken_up: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes after the look for entries that are due and before the first of them is emptied."""
    time.at = OLD
    held, free = refuse(1, team=cast.team.pk), refuse(2, team=cast.other_team.pk)
    time.at = NOW
    seal()
    look = pruning._batch
    placed: list[object] = []

    def look_and_place(*asked: object) -> list[dict[str, object]]:
        found = look(*asked)  # type: ignore[arg-type]
        if found and not placed:
            placed.append(services.place_hold(actor=SYSTEM, kind="team", target=str(cast.team.pk), reason="case 14"))
        return found

    monkeypatch.setattr(pruning, "_batch", look_and_place)
    running.prune(actor=SYSTEM)
    assert placed
    assert pruned() == {free.pk}
    assert not Entry.objects.get(pk=held.pk).pruned
    verified()
