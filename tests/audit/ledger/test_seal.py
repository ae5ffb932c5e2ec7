"""The sealer numbers what was written, extends tree and chains, and signs; whoever gets past triggers is found."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotPermitted
from audit.catalogue.models import Model
from audit.ledger import keys, proofs, sealing, selectors, services, signing, verification
from audit.ledger.domain import index, merkle
from audit.ledger.models import Chain, Checkpoint, Entry, Head, Key, Leaf, Node, State, Verification
from audit.ledger.services import Event
from audit.ledger.tree import Tree
from tests.support.cast import SYSTEM, Cast
from tests.support.flush import triggers_lifted

REFUSED = "ledger.refused"


def write(count: int) -> None:
    """So many entries."""
    with transaction.atomic():
        services.record_many(actor=SYSTEM, events=[Event(REFUSED, subject_name=str(n)) for n in range(count)])


@pytest.fixture
def sealed(cast: Cast, model: Model) -> int:
    """The size of a log that was sealed in two steps."""
    sealing.seal()
    write(5)
    return sealing.seal().size


def test_numbers_follow_ids_without_gaps(sealed: int) -> None:
    numbers = list(Entry.objects.order_by("pk").values_list("leaf__number", flat=True))
    assert numbers == list(range(1, sealed + 1)) and Head.objects.get().size == sealed


def test_root_is_the_one_over_the_bytes_of_the_entries(sealed: int) -> None:
    rows = Entry.objects.select_related("leaf").order_by("pk")
    stack = verification.Stack()
    for row in rows:
        stack.push(merkle.leaf_hash(proofs.leaf_bytes(row, row.leaf)))
    signed = Checkpoint.objects.get(size=sealed)
    assert signing.check(signed.note, keys.vkeys()).root == stack.root()


@pytest.mark.parametrize("steps", [(255, 1, 1), (256,), (300, 300), (513,)])
def test_subtrees_are_stored_when_they_are_whole(db: None, steps: tuple[int, ...]) -> None:
    for count in steps:
        write(count)
        sealing.seal()
    hashes = [bytes(hashed) for hashed in Leaf.objects.order_by("number").values_list("hash", flat=True)]
    stored = [
        bytes(hashed) for hashed in Node.objects.filter(level=8).order_by("position").values_list("hash", flat=True)
    ]
    assert stored == [merkle.perfect(hashes[at : at + 256]) for at in range(0, sum(steps) - 255, 256)]
    assert verification.compute().broken_at is None


@pytest.mark.slow
def test_subtrees_of_subtrees_are_stored_too(db: None) -> None:
    write(65_536 + 300)
    sealing.seal()
    assert Node.objects.filter(level=16).count() == 1
    assert verification.compute().broken_at is None


def test_nothing_to_seal_signs_nothing(sealed: int) -> None:
    before = Checkpoint.objects.count()
    assert sealing.seal() == sealing.Sealed(0, sealed)
    assert Checkpoint.objects.count() == before


def test_entry_whose_transaction_ended_late_gets_its_place(sealed: int) -> None:
    # As on PostgreSQL when a transaction takes its id first and commits last.
    head = Head.objects.get()
    late = Entry(pk=head.last + 1, at=clock.now(), actor_kind="service", action=REFUSED, subject_name="late")
    Entry.objects.create(pk=head.last + 2, at=clock.now(), actor_kind="service", action=REFUSED, subject_name="first")
    sealing.seal()
    assert late.pk in Head.objects.get().gaps
    late.save(force_insert=True)
    assert sealing.waiting()
    sealing.seal()
    assert list(Entry.objects.order_by("-leaf__number").values_list("subject_name", flat=True)[:2]) == ["late", "first"]
    assert late.pk not in Head.objects.get().gaps and verification.compute().broken_at is None


def test_each_subject_model_and_team_has_a_counted_chain(sealed: int, model: Model, cast: Cast) -> None:
    about = Entry.objects.filter(subject_type="catalogue.model", subject_id=str(model.pk)).count()
    found = proofs.chain(key=f"subject:catalogue.model:{model.pk}")
    assert found.count == about > 0
    assert proofs.chain(key=f"team:{cast.team.pk}").count == Entry.objects.filter(team=cast.team.pk).count()


def test_index_proof_leads_from_the_chain_to_the_checkpoint(sealed: int, cast: Cast) -> None:
    found = proofs.chain(key=f"team:{cast.team.pk}")
    assert [found.key, found.count, found.head] in found.rows
    bucket = index.bucket_hash([(key, count, head) for key, count, head in found.rows])
    path = [bytes.fromhex(step) for step in found.path]
    root = merkle.root_from_inclusion(bucket, found.bucket, index.BUCKETS, path)
    newest = selectors.checkpoint()
    assert newest is not None and root == signing.check(newest.note, keys.vkeys()).index_root


def test_head_of_a_chain_folds_its_leaves(sealed: int, cast: Cast) -> None:
    rows = Leaf.objects.filter(entry__team=cast.team.pk).order_by("number")
    head = index.START
    for place, row in enumerate(rows, 1):
        assert row.team_at == place
        head = index.next_head(head, bytes(row.hash))
    assert proofs.chain(key=f"team:{cast.team.pk}").head == head.hex()


def test_inclusion_and_consistency_proofs_hold(sealed: int) -> None:
    for number in (1, sealed):
        proof = proofs.inclusion(viewer=SYSTEM, number=number)
        root = signing.check(proof.checkpoint, [proof.vkey]).root
        leaf = merkle.leaf_hash(proof.leaf.encode())
        merkle.check_inclusion(leaf, number - 1, proof.size, [bytes.fromhex(step) for step in proof.path], root)
    first = Checkpoint.objects.order_by("size")[0].size
    grown = proofs.consistency(first=first)
    old, new = (signing.check(text, [grown.vkey]) for text in (grown.checkpoint_from, grown.checkpoint_to))
    path = [bytes.fromhex(step) for step in grown.path]
    merkle.check_consistency(old.size, new.size, path, old.root, new.root)


def test_verification_is_an_entry_and_needs_the_right(sealed: int, cast: Cast) -> None:
    found = services.verify(actor=SYSTEM)
    assert (found.broken_at, found.size) == (None, sealed)
    assert Entry.objects.order_by("pk").last().action == "ledger.verified"  # type: ignore[union-attr]
    with pytest.raises(NotPermitted):
        services.verify(actor=Actor.nobody())
    assert Verification.objects.count() == 1


def run(statement: str) -> None:
    """SQL past the triggers."""
    with triggers_lifted(), connection.cursor() as cursor:
        cursor.execute(statement)


OF = "(SELECT entry_id FROM ledger_leaf WHERE number = {})"


def _without_last(size: int) -> list[str]:
    return [
        f"DELETE FROM ledger_entry WHERE id IN (SELECT entry_id FROM ledger_leaf WHERE number > {size - 10})",
        f"DELETE FROM ledger_leaf WHERE number > {size - 10}",
    ]


TAMPERING: dict[str, tuple[Callable[[int], list[str]], Callable[[int], int], str]] = {
    "one changed": (
        lambda size: [f"UPDATE ledger_entry SET reason = 'tidied' WHERE id = {OF.format(3)}"],
        lambda size: 3,
        "was changed",
    ),
    "actor changed": (
        lambda size: [f"UPDATE ledger_entry SET actor_name = 'x' WHERE id = {OF.format(5)}"],
        lambda size: 5,
        "was changed",
    ),
    "taken from its team": (
        lambda size: [f"UPDATE ledger_entry SET team = NULL WHERE id = {OF.format(1)}"],
        lambda size: 1,
        "was changed",
    ),
    "one deleted": (
        lambda size: [f"DELETE FROM ledger_entry WHERE id = {OF.format(4)}"],
        lambda size: 4,
        "deleted",
    ),
    "one deleted with its leaf": (
        lambda size: [
            f"DELETE FROM ledger_entry WHERE id = {OF.format(4)}",
            "DELETE FROM ledger_leaf WHERE number = 4",
        ],
        lambda size: 4,
        "missing",
    ),
    "newest ten deleted": (_without_last, lambda size: size - 9, "missing"),
    "newest ten deleted and the head put back": (
        lambda size: [*_without_last(size), f"UPDATE ledger_head SET size = {size - 10}"],
        lambda size: size - 9,
        "ends at entry",
    ),
    "two swapped": (
        lambda size: [
            "UPDATE ledger_entry SET id = -id",
            f"UPDATE ledger_entry SET id = {OF.format(7)} WHERE id = -{OF.format(6)}",
            f"UPDATE ledger_entry SET id = {OF.format(6)} WHERE id = -{OF.format(7)}",
            "UPDATE ledger_entry SET id = -id WHERE id < 0",
        ],
        lambda size: 6,
        "entry 6",
    ),
    "chain shortened": (lambda size: ["UPDATE ledger_chain SET count = count - 1"], lambda size: 1, "index"),
}


@pytest.mark.parametrize("how", TAMPERING)
def test_tampering_past_the_triggers_is_found_and_named(sealed: int, how: str) -> None:
    statements, expected, words = TAMPERING[how]
    for statement in statements(sealed):
        run(statement)
    found = verification.compute()
    assert found.broken_at == expected(sealed)
    assert words.lower() in found.sentence.lower()


def test_rewriting_an_entry_with_its_leaf_differs_from_what_was_signed(sealed: int) -> None:
    row = Entry.objects.select_related("leaf").get(leaf__number=3)
    row.reason = "rewritten"
    forged = merkle.leaf_hash(proofs.leaf_bytes(row, row.leaf))
    run(f"UPDATE ledger_entry SET reason = 'rewritten' WHERE id = {row.pk}")
    with triggers_lifted():
        Leaf.objects.filter(number=3).update(hash=forged)
    found = verification.compute()
    assert found.broken_at == 1 and "differs from checkpoint" in found.sentence


def test_states_follow_the_last_entry(cast: Cast, sealed: int) -> None:
    for state in State.objects.all():
        entry = Entry.objects.filter(pk=state.entry).get()
        assert entry.states[state.key] == state.digest


def test_tree_without_a_leaf_says_so(sealed: int) -> None:
    with pytest.raises(LookupError, match="lacks a hash"):
        Tree().subtree(0, sealed)


def test_first_key_is_registered_with_the_first_seal(sealed: int) -> None:
    assert Key.objects.get().since_size == 0
    assert keys.vkeys() == [signing.load(Head.objects.get().origin).vkey]
    assert Chain.objects.exists()
