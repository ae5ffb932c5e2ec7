"""After any sequence of recording, sealing, erasing, pruning and holding, every entry, root and chain still holds."""

from datetime import timedelta

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.base import clock
from audit.base.actors import Role
from audit.base.errors import Refused
from audit.ledger import personal, selectors, verification
from audit.ledger.ledger_actions import REFUSED
from audit.ledger.models import Checkpoint, Entry, Leaf
from audit.ledger.sealing import seal
from audit.ledger.services import record
from audit.people import ledger_actions as people_actions
from audit.people import services as people
from audit.people.models import User
from audit.people.selectors import actor_of
from audit.retention import running, services
from audit.retention.models import Hold
from audit.retention.persons import erased
from tests.audit.retention.conftest import NOW, OLD, Clock
from tests.support import raw
from tests.support.cast import SYSTEM, Cast

STEPS = ("record", "mention", "sign in", "seal", "erase", "prune", "hold", "release", "join", "later")
NAMES = ("Ines Duarte", "Max Moser", "Ana de Sá")


class Story:
    """A log, and the people who act in it."""

    def __init__(self, time: Clock) -> None:
        self.time, self.count = time, 0
        self.people: list[User] = []
        self.erased: list[tuple[str, str]] = []
        self.leaves: dict[int, bytes] = {}
        self.notes: dict[int, str] = {}

    def step(self, name: str, which: int) -> None:
        getattr(self, f"do_{name.replace(' ', '_')}")(which)
        self.time.at += timedelta(minutes=1)

    def do_join(self, which: int) -> None:
        self.count += 1
        name = NAMES[which % len(NAMES)]
        if name in {user.name for user in self.people}:
            return
        user = people.create_user(actor=SYSTEM, email=f"p{self.count}@example.net", name=name)
        people.grant_role(actor=SYSTEM, user=user, role=Role.VIEWER, team=None)
        self.people.append(user)

    def one(self, which: int) -> User | None:
        return self.people[which % len(self.people)] if self.people else None

    def do_record(self, which: int) -> None:
        user = self.one(which)
        actor = actor_of(user, address=f"192.0.2.{which}", origin="request") if user else SYSTEM
        record(actor=actor, action=REFUSED, subject_name=f"page {which}")

    def do_mention(self, which: int) -> None:
        user = self.one(which)
        record(actor=SYSTEM, action=REFUSED, reason=f"{user.name} or {user.email}" if user else "nobody")

    def do_sign_in(self, which: int) -> None:
        user = self.one(which)
        if user:
            record(actor=actor_of(user, address="192.0.2.9"), action=people_actions.SIGNED_IN, subject=user)

    def do_seal(self, which: int) -> None:
        seal()

    def do_erase(self, which: int) -> None:
        user = self.one(which)
        if user is None:
            return
        email, name = user.email, user.name
        try:
            gone = services.erase_person(actor=SYSTEM, user=user, reason="asked for")
        except Refused:
            assert Hold.objects.filter(released_at=None).exists()
            return
        assert erased(gone)
        self.people.remove(user)
        self.erased.append((email, name))

    def do_prune(self, which: int) -> None:
        held = Hold.objects.filter(released_at=None).exists()
        before = Entry.objects.filter(pruned=True).count()
        running.prune(actor=SYSTEM)
        assert not held or Entry.objects.filter(pruned=True).count() == before

    def do_hold(self, which: int) -> None:
        services.place_hold(actor=SYSTEM, kind="all", target="", reason="case")

    def do_release(self, which: int) -> None:
        for hold in Hold.objects.filter(released_at=None):
            services.release_hold(actor=SYSTEM, hold=hold, reason="over")

    def do_later(self, which: int) -> None:
        self.time.at += timedelta(days=150 * (which + 1))

    def check(self) -> None:
        seal()
        found = verification.compute()
        assert found.broken_at is None, found.sentence
        leaves = {row.number: bytes(row.hash) for row in Leaf.objects.all()}
        notes = dict(Checkpoint.objects.values_list("size", "note"))
        assert self.leaves.items() <= leaves.items()
        assert self.notes.items() <= notes.items()
        self.leaves, self.notes = leaves, notes
        selectors.told(Entry.objects.all())


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9)), min_size=3, max_size=14))
def test_log_holds_after_any_sequence(cast: Cast, time: Clock, steps: list[tuple[str, int]]) -> None:
    assert clock.now is time
    time.at = OLD
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # it stands for the test's own: refusals are durable
    with block:
        story = Story(time)
        running.prune(actor=SYSTEM)
        for name, which in [("join", 0), ("join", 1), *steps]:
            story.step(name, which)
        story.check()
        time.at = max(time.at, NOW)
        story.do_release(0)
        story.do_prune(0)
        story.check()
        for email, name in story.erased:
            assert raw.places(email) == {}
            assert name in {user.name for user in story.people} or raw.places(name) == {}
        transaction.set_rollback(True)
    personal.forget()
