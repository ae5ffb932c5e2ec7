"""While a hold is open nothing in its scope is erased; a refusal names the hold, and is an entry that stays."""

from collections.abc import Callable

import pytest

from audit.base.errors import InvalidInput, NotFound, NotPermitted, Refused
from audit.catalogue import services as catalogue
from audit.catalogue.models import Model, UseCase
from audit.ledger import selectors
from audit.ledger.models import Entry
from audit.people.models import User
from audit.retention import services
from audit.retention.models import Hold
from tests.audit.retention.conftest import Ines, verified
from tests.support.cast import SYSTEM, Cast


def place(cast: Cast, kind: str, target: object = "", reason: str = "case 14") -> Hold:
    return services.place_hold(actor=cast.actor("administrator"), kind=kind, target=str(target), reason=reason)


def erase(cast: Cast, user: User) -> User:
    return services.erase_person(actor=cast.actor("administrator"), user=user, reason="asked for on 3 May")


def test_place_and_release_are_entries_in_the_life_of_what_is_held(cast: Cast, model: Model) -> None:
    hold = place(cast, "model", model.pk)
    assert (str(hold), hold.placed_by) == ("the model late-arrival", cast.administrator)
    services.release_hold(actor=cast.actor("administrator"), hold=hold, reason="case closed")
    placed, released = selectors.told(Entry.objects.filter(action__startswith="retention.hold").order_by("pk"))
    assert (placed.action, placed.subject_name, placed.reason) == (
        "retention.hold_placed", "the model late-arrival", "case 14"
    )  # fmt: skip
    assert (released.action, released.reason) == ("retention.hold_released", "case closed")
    assert {placed.model, released.model} == {model.pk}
    verified()


def test_name_of_a_held_person_stands_in_no_leaf(cast: Cast, ines: Ines) -> None:
    place(cast, "person", ines.user.pk, reason="Duarte against us")
    entry = Entry.objects.get(action="retention.hold_placed")
    assert entry.subject_name.startswith("personal:")
    assert entry.reason.startswith("personal:")
    assert "Ines" not in str(entry.changes)


@pytest.mark.parametrize("name", ["owner", "auditor", "manager"])
def test_holds_take_an_administrator(cast: Cast, model: Model, name: str) -> None:
    hold = place(cast, "model", model.pk)
    with pytest.raises(NotPermitted):
        services.place_hold(actor=cast.actor(name), kind="all", target="", reason="x")
    with pytest.raises(NotPermitted):
        services.release_hold(actor=cast.actor(name), hold=hold, reason="x")


def test_holds_need_reasons_and_something_to_hold(cast: Cast, model: Model) -> None:
    with pytest.raises(InvalidInput, match="Say why it is held"):
        place(cast, "model", model.pk, reason=" ")
    for kind, target in (("model", "nonsense"), ("team", model.pk), ("person", "")):
        with pytest.raises(NotFound, match="There is no such"):
            place(cast, kind, target)
    with pytest.raises(InvalidInput, match="nothing that a hold can be on"):
        place(cast, "planet")
    hold = place(cast, "model", model.pk)
    with pytest.raises(InvalidInput, match="Say why"):
        services.release_hold(actor=SYSTEM, hold=hold, reason="")
    services.release_hold(actor=SYSTEM, hold=hold, reason="over")
    with pytest.raises(Refused, match="released before"):
        services.release_hold(actor=SYSTEM, hold=hold, reason="over")


def test_hold_on_an_erased_person_is_refused(cast: Cast, ines: Ines) -> None:
    erase(cast, ines.user)
    with pytest.raises(Refused, match="has been erased"):
        place(cast, "person", ines.user.pk)


Target = Callable[[Cast, Model, Ines], object]
HOLDS: dict[str, Target] = {
    "all": lambda cast, model, ines: "",
    "person": lambda cast, model, ines: ines.user.pk,
    "model": lambda cast, model, ines: model.pk,
    "use_case": lambda cast, model, ines: model.use_case_id,
    "team": lambda cast, model, ines: cast.team.pk,
}


@pytest.mark.parametrize("kind", HOLDS)
def test_hold_blocks_erasure_with_a_sentence_and_an_entry(cast: Cast, model: Model, ines: Ines, kind: str) -> None:
    catalogue.register_version(actor=ines.actor, model=model, artefact="a", artefact_digest="9" * 64, author=cast.owner)
    hold = place(cast, kind, HOLDS[kind](cast, model, ines))
    with pytest.raises(Refused) as refused:
        erase(cast, ines.user)
    assert refused.value.sentence.startswith(f"Ines Duarte cannot be erased while the hold on {hold.words} of ")
    assert refused.value.sentence.endswith("(“case 14”) stands. Release it first.")
    (told,) = selectors.told(Entry.objects.filter(action="retention.erasure_refused"))
    assert told.reason == refused.value.sentence
    assert told.changes == {"holds": [None, [str(hold.pk)]]}
    assert User.objects.get(pk=ines.user.pk).email == ines.email
    services.release_hold(actor=SYSTEM, hold=hold, reason="over")
    assert erase(cast, ines.user).name.startswith("Erased person")
    assert "Ines" not in selectors.told(Entry.objects.filter(action="retention.erasure_refused"))[0].reason
    verified()


@pytest.mark.parametrize("kind", ["model", "use_case", "person"])
def test_hold_on_what_the_person_is_not_in_blocks_nothing(cast: Cast, model: Model, ines: Ines, kind: str) -> None:
    targets = {"model": model.pk, "use_case": model.use_case_id, "person": cast.validator.pk}
    place(cast, kind, targets[kind])
    assert erase(cast, ines.user).name.startswith("Erased person")


def test_hold_of_a_model_blocks_whom_its_entries_tell_of(cast: Cast, use_case: UseCase, ines: Ines) -> None:
    """Ines did nothing: her name stands in what somebody else did, as the owner of the model."""
    model = catalogue.register_model(
        actor=cast.actor("owner"),
        use_case=use_case,
        slug="m",
        name="m",
        task="regression",
        owner=ines.user,
        outcome="x",
    )
    Model.objects.filter(pk=model.pk).update(owner=cast.owner)
    place(cast, "model", model.pk)
    if not Entry.objects.filter(model=model.pk, changes__contains="personal:").exists():
        pytest.fail("the owner of a model no longer stands in its registration; name another entry here")
    with pytest.raises(Refused, match="the hold on the model m of"):
        erase(cast, ines.user)


def test_two_holds_are_both_named(cast: Cast, ines: Ines) -> None:
    place(cast, "person", ines.user.pk, reason="one")
    place(cast, "all", reason="two")
    with pytest.raises(Refused) as refused:
        erase(cast, ines.user)
    assert "(“one”) and the hold on everything" in refused.value.sentence
    assert refused.value.sentence.endswith("(“two”) stand. Release them first.")


@pytest.mark.django_db(transaction=True)
def test_refusal_stays_although_nothing_else_was_changed(cast: Cast, ines: Ines) -> None:
    """In real transactions: what fails takes nothing with it but itself."""
    place(cast, "person", ines.user.pk)
    before = Entry.objects.count()
    with pytest.raises(Refused):
        erase(cast, ines.user)
    assert list(Entry.objects.order_by("pk").values_list("action", flat=True)[before:]) == ["retention.erasure_refused"]
    assert erase_after_release(cast, ines).name.startswith("Erased person")
    verified()


def erase_after_release(cast: Cast, ines: Ines) -> User:
    services.release_hold(actor=SYSTEM, hold=Hold.objects.get(), reason="over")
    return erase(cast, ines.user)
