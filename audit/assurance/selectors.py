"""Reads how the log stands, and its witnesses: settings are for who reads the whole ledger."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from audit.assurance.models import Receipt, Witness
from audit.base import clock
from audit.base.actors import Actor
from audit.base.errors import NotFound
from audit.ledger.models import Checkpoint, Entry, Head, Incident, Key, Verification

READ = "ledger.read"


@dataclass(frozen=True, slots=True)
class State:
    """How the log stands now. ``waiting_since`` is when the oldest entry was written that is not sealed yet."""

    head: Head
    newest: Checkpoint | None
    verification: Verification | None
    incidents: list[Incident]
    waiting_since: datetime | None

    @property
    def halted(self) -> Incident | None:
        """What has stopped sealing."""
        return next((incident for incident in self.incidents if incident.halts), None)

    def waits_long(self, patience: timedelta) -> bool:
        """Whether an entry has waited longer than that for the sealer."""
        return self.waiting_since is not None and clock.now() - self.waiting_since > patience


def check_reader(viewer: Actor) -> None:
    """Nothing, when the viewer reads some of the ledger.

    Raises:
        NotPermitted: they do not.
    """
    if not viewer.may_anywhere(READ):
        viewer.check(READ)


def state() -> State:
    """How the log stands: nothing in it is anyone's."""
    head = Head.objects.get(pk=1)
    waiting = Entry.objects.filter(pk__gt=head.last).order_by("pk").values_list("at", flat=True).first()
    return State(
        head=head,
        newest=Checkpoint.objects.filter(origin=head.origin).order_by("-size").first(),
        verification=Verification.objects.first(),
        incidents=list(Incident.objects.filter(closed_at=None)),
        waiting_since=waiting,
    )


def checkpoints(*, viewer: Actor) -> QuerySet[Checkpoint]:
    """All that were signed, newest first.

    Raises:
        NotPermitted: the viewer may not read the ledger.
    """
    check_reader(viewer)
    return Checkpoint.objects.order_by("-pk")


def signing_keys() -> list[Key]:
    """The keys, newest first: anyone may know them."""
    return list(Key.objects.order_by("-at"))


def witnesses(*, viewer: Actor) -> QuerySet[Witness]:
    """All witnesses by name, for who reads some of the ledger: that they are there is part of its proof."""
    return Witness.objects.all() if viewer.may_anywhere(READ) else Witness.objects.none()


def witness(*, viewer: Actor, witness_id: str) -> Witness:
    """One witness with its settings.

    Raises:
        NotPermitted: the viewer does not read the whole ledger.
        NotFound: there is none with this id.
    """
    viewer.check(READ)
    found = Witness.objects.select_related("added_by").filter(pk=witness_id).first()
    if found is None:
        raise NotFound("There is no such witness.")
    return found


def receipts(*, viewer: Actor, witness: Witness) -> QuerySet[Receipt]:
    """What a witness took, newest first.

    Raises:
        NotPermitted: the viewer does not read the whole ledger.
    """
    viewer.check(READ)
    return Receipt.objects.filter(witness=witness)


def incident(*, viewer: Actor, incident_id: int) -> Incident:
    """One incident.

    Raises:
        NotPermitted: the viewer may not read the ledger.
        NotFound: there is none with this id.
    """
    check_reader(viewer)
    found = Incident.objects.filter(pk=incident_id).first()
    if found is None:
        raise NotFound("There is no such incident.")
    return found
