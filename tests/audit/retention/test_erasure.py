"""Erasing a person: nothing in the database tells who it was, everything sealed still verifies, holds are obeyed."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from audit.base.actors import Role
from audit.base.errors import InvalidInput, NotPermitted, Refused
from audit.catalogue.models import Model
from audit.jobs import services as jobs
from audit.ledger import personal, proofs, selectors
from audit.ledger.audited import AUDITED, digest_of, key_of
from audit.ledger.domain import merkle
from audit.ledger.models import Entry, Personal, State
from audit.ledger.sealing import seal
from audit.people import services as people
from audit.people.models import Membership, Token, User
from audit.retention import services
from tests.audit.retention.conftest import Ines, verified
from tests.support import raw
from tests.support.cast import SYSTEM, Cast


def erase(cast: Cast, ines: Ines, reason: str = "asked for on 3 May") -> User:
    return services.erase_person(actor=cast.actor("administrator"), user=ines.user, reason=reason)


def test_erase_leaves_no_trace_in_any_table(cast: Cast, ines: Ines) -> None:
    assert raw.places(ines.email)
    assert raw.places(ines.name)
    user = erase(cast, ines)
    assert raw.places(ines.email) == {}
    assert raw.places(ines.name) == {}
    assert raw.places("Ines") == {}
    assert user.name == f"Erased person {str(user.pk)[-6:]}"
    assert user.email.endswith("@erased.invalid")
    assert (user.is_active, user.has_usable_password(), user.last_login) == (False, False, None)


def test_erase_ends_roles_tokens_and_sessions_each_with_an_entry(cast: Cast, ines: Ines) -> None:
    client = cast.client("administrator")
    before = Entry.objects.count()
    erase(cast, ines)
    entries = list(Entry.objects.filter(pk__gt=before).values_list("action", flat=True))
    assert entries.count("people.role_revoked") == 1
    assert entries.count("people.token_revoked") == 1
    assert not Membership.objects.filter(user=ines.user).exists()
    assert not Token.objects.filter(user=ines.user, revoked_at=None).exists()
    assert client.get("/settings/").status_code == 200  # others stay signed in
    owners = [row.get_decoded().get("_auth_user_id") for row in Session.objects.all()]
    assert str(ines.user.pk) not in owners


def test_erased_person_cannot_sign_in(cast: Cast, ines: Ines) -> None:
    erase(cast, ines)
    answer = Client().post("/sign-in/", {"username": ines.email, "password": "correct horse battery staple"})
    assert answer.status_code == 200
    assert "do not belong together" in answer.content.decode()


def test_erase_keeps_every_root_and_proof(cast: Cast, ines: Ines) -> None:
    size = verified()
    roots = {one: proofs.inclusion(viewer=SYSTEM, number=one, size=size) for one in range(1, size + 1)}
    erase(cast, ines)
    verified()
    for number, before in roots.items():
        after = proofs.inclusion(viewer=SYSTEM, number=number, size=size)
        assert (after.leaf_hash, after.path, after.checkpoint) == (before.leaf_hash, before.path, before.checkpoint)
        assert merkle.leaf_hash(after.leaf.encode()).hex() == after.leaf_hash


def test_erased_entries_stay_together_and_say_erased_person(cast: Cast, ines: Ines) -> None:
    own = Entry.objects.filter(action="people.token_issued", actor_kind="person").latest("pk")
    sign = own.actor_id
    others = set(Entry.objects.filter(actor_id=sign).values_list("pk", flat=True))
    user = erase(cast, ines)
    called = f"erased person {str(user.pk)[-6:]}"
    told = selectors.told(Entry.objects.filter(pk__in=others))
    assert {one.actor_name for one in told} == {one.actor_id for one in told} == {called}
    assert set(Entry.objects.filter(actor_id=sign).values_list("pk", flat=True)) == others
    failed = selectors.told(Entry.objects.filter(action="people.sign_in_failed"))
    assert [one.subject_name for one in failed] == [called]
    assert {one.address for one in told if one.address} <= {called}


def test_erase_entry_does_not_name_the_person(cast: Cast, ines: Ines) -> None:
    user = erase(cast, ines)
    (told,) = selectors.told(Entry.objects.filter(action="retention.person_erased"))
    assert (told.subject_name, told.subject_id, told.reason) == (user.name, str(user.pk), "asked for on 3 May")
    assert told.actor_name == "Administrator"
    assert told.changes["roles"] == [None, 1]
    assert told.changes["tokens"] == [None, 1]
    assert told.changes["sessions"] == [None, 1]


def test_erase_destroys_value_and_salt_and_nothing_of_others(cast: Cast, ines: Ines) -> None:
    others = set(
        Personal.objects.exclude(value__icontains="ines").exclude(person=ines.user.pk).values_list("pk", "salt")
    )
    erase(cast, ines)
    gone = Personal.objects.filter(erased_at__isnull=False)
    assert gone.exists()
    assert set(gone.values_list("value", "salt", "person")) == {("", "", str(ines.user.pk))}
    assert others <= set(Personal.objects.filter(erased_at=None).values_list("pk", "salt"))


def test_audited_records_carry_the_digest_of_what_they_are_now(cast: Cast, ines: Ines, model: Model) -> None:
    from audit.catalogue import services as catalogue

    version = catalogue.register_version(
        actor=ines.actor, model=model, artefact="a", artefact_digest="9" * 64, author=ines.user
    )
    assert version.registered_by == ines.email
    erase(cast, ines)
    verified()
    states = dict(State.objects.values_list("key", "digest"))
    checked = 0
    for kind in {about.model for about in AUDITED.values()}:
        for row in kind._base_manager.all():
            if key_of(row) in states:
                checked += 1
                assert digest_of(row) == states[key_of(row)], key_of(row)
    assert checked > 10
    version.refresh_from_db()
    assert version.registered_by.endswith("@erased.invalid")


def test_erase_finds_former_names_too(cast: Cast, ines: Ines) -> None:
    people.change_profile(actor=ines.actor, user=ines.user, name="Ines Prado", zone="UTC")
    job = jobs.start("ledger.verify", actor=ines.actor, trigger="person", key="one")
    jobs.cancel(actor=SYSTEM, job=job, reason="no longer needed")
    people.change_profile(actor=ines.actor, user=ines.user, name="Ines Duarte", zone="UTC")
    assert raw.places("Ines Prado")
    erase(cast, ines)
    assert raw.places("Ines Prado") == {}


def test_erase_empties_entries_that_name_the_person_in_clear(cast: Cast, ines: Ines, model: Model) -> None:
    job = jobs.start("ledger.verify", actor=SYSTEM, trigger="person", key="one")
    jobs.cancel(actor=cast.actor("administrator"), job=job, reason="Ines Duarte asked me to")
    kept = jobs.start("ledger.verify", actor=SYSTEM, trigger="person", key="two")
    jobs.cancel(actor=cast.actor("administrator"), job=kept, reason="Duarte is a town")
    erase(cast, ines)
    emptied = Entry.objects.get(action="jobs.cancelled", subject_id=str(job.pk))
    assert (emptied.pruned, emptied.reason, emptied.changes) == (True, "", {})
    assert Entry.objects.get(action="jobs.cancelled", subject_id=str(kept.pk)).reason == "Duarte is a town"
    assert Entry.objects.get(action="retention.pruned").changes["numbers"] == [None, [[emptied.leaf.number] * 2]]
    verified()


def test_erase_leaves_another_person_of_the_same_name(cast: Cast, ines: Ines) -> None:
    other = people.create_user(actor=SYSTEM, email="other@example.net", name="Ines Duarte", password="x" * 12)
    people.grant_role(actor=SYSTEM, user=other, role=Role.OWNER, team=cast.team)
    seal()
    erase(cast, ines)
    other.refresh_from_db()
    assert other.name == "Ines Duarte"
    assert Personal.objects.filter(person=other.pk, value="Ines Duarte", erased_at=None).exists()
    assert raw.places(ines.email) == {}
    told = selectors.told(Entry.objects.filter(action="people.user_created", subject_id=str(other.pk)))
    assert told[0].subject_name == "Ines Duarte"


@pytest.mark.parametrize("name", ["manager", "owner", "auditor", "outsider"])
def test_erase_takes_an_administrator(cast: Cast, ines: Ines, name: str) -> None:
    with pytest.raises(NotPermitted, match="You may not erase people here: an administrator"):
        services.erase_person(actor=cast.actor(name), user=ines.user, reason="asked for")


def test_erase_oneself_is_refused(cast: Cast) -> None:
    with pytest.raises(NotPermitted, match="Another administrator must do this"):
        services.erase_person(actor=cast.actor("administrator"), user=cast.administrator, reason="asked for")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [(" ", "Say why"), ("ines DUARTE asked", "must not name"), ("ines@example.net wrote", "must not name")],
)
def test_erase_needs_a_reason_that_does_not_name_the_person(cast: Cast, ines: Ines, reason: str, sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        erase(cast, ines, reason)
    assert User.objects.get(pk=ines.user.pk).name == ines.name


def test_erase_of_an_owner_says_what_to_hand_over(cast: Cast, model: Model) -> None:
    with pytest.raises(Refused, match="Owner owns late-arrival: hand it over first"):
        services.erase_person(actor=cast.actor("administrator"), user=cast.owner, reason="asked for")


def test_erase_of_the_only_administrator_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="Administrator is the only administrator"):
        services.erase_person(actor=SYSTEM, user=cast.administrator, reason="asked for")


def test_erase_waits_for_jobs_of_the_person(cast: Cast, ines: Ines) -> None:
    jobs.start("ledger.verify", actor=ines.actor, trigger="person")
    with pytest.raises(Refused, match="Ines Duarte started a job that is not done"):
        erase(cast, ines)


def test_erase_twice_is_refused(cast: Cast, ines: Ines) -> None:
    erase(cast, ines)
    ines.user.refresh_from_db()
    with pytest.raises(Refused, match="has been erased"):
        erase(cast, ines)


def test_late_entry_of_an_erased_person_brings_no_value_back(cast: Cast, ines: Ines) -> None:
    """A request that was under way writes its entry after the erasure."""
    late = ines.actor.at("198.51.100.9", "request 2")
    erase(cast, ines)
    from audit.ledger.ledger_actions import REFUSED
    from audit.ledger.services import record

    entry = record(actor=late, action=REFUSED, subject_name="a page")
    (told,) = selectors.told([entry])
    assert told.actor_id == told.actor_name == told.address == f"erased person {str(ines.user.pk)[-6:]}"
    assert raw.places(ines.email) == {}
    assert raw.places("198.51.100.9") == {}


def test_commitment_that_another_process_erased_is_forgotten_within_a_second(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's value that was erased elsewhere: this process looks once a second, and then makes a new commitment."""
    now = [100.0]
    monkeypatch.setattr("audit.ledger.personal.time.monotonic", lambda: now[0])
    personal.forget()
    sign = personal.commit("", "Ines Duarte")
    personal._known["", "Ines Duarte"] = sign
    Personal.objects.filter(commitment=sign).update(value="", salt="", erased_at="2026-11-21T00:00:00Z")
    assert personal.commit("", "Ines Duarte") == sign  # within the second: of whom was erased, and it stays erased
    now[0] += 1.1
    fresh = personal.commit("", "Ines Duarte")
    assert fresh != sign
    assert personal.values([fresh, sign]) == {fresh: "Ines Duarte", sign: f"erased person {sign[9:15]}"}
