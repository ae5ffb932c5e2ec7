"""What a connector must do: say what settings it needs, test them, pull what is new, and read what is sent to it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from django import forms

from audit.base.actors import Actor
from audit.base.errors import TollgateError
from audit.jobs.run import Run
from audit.people.models import Team
from audit.sources.domain.told import Kind, Told

Settings = Mapping[str, Any]
"""What the form took, secrets among it, in clear: for the connector alone, never for a log, a page or the ledger."""
Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a test of the settings looked at, and what it found in a sentence."""

    ok: bool
    sentence: str


class PullContext(Protocol):
    """Whose source it is, the job that pulls (its actor, progress, log), and the ways to hand in what was found.

    Each call is one transaction. What was handed in before an error stays, and so does the cursor given with it: the
    next pull goes on there.
    """

    source_id: UUID
    team: Team
    run: Run
    cursor: Cursor
    """Where reading stands: for a delivery, where the last pull ended. A connector changes only a copy of it."""

    def take(self, told: Told, *, cursor: Cursor | None = None) -> None:
        """Takes in what the source tells; with ``cursor`` the next pull begins there. Again, it changes nothing."""

    def gone(self, kind: Kind, present: Collection[str], *, within: str = "") -> None:
        """Of this kind the source has only ``present`` (ids): what it told of before and is not there is marked so.

        ``within`` confines that to ids that begin with it.
        """

    def problem(self, sentence: str) -> None:
        """Something that came could not be used, and why; the pull goes on, and coverage says "read in part"."""


@dataclass(frozen=True, slots=True)
class PullResult:
    """Where the next pull goes on, how much came (name -> number), and what could not be used, in sentences.

    What was handed in through the context is counted there; ``counts`` and ``problems`` are what comes on top of it.
    """

    cursor: Cursor
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Connector(Protocol):
    """One kind of source. A pull may run twice with the same cursor and must take effect once.

    ``secret`` names the fields of the form that are kept encrypted and never shown again.
    """

    kind: str
    title: str
    description: str
    form: type[forms.Form]
    secret: tuple[str, ...]

    def test(self, settings: Settings) -> list[Check]:
        """What works and what does not, with these settings, from this machine, and which right is missing.

        Changes nothing.
        """

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Takes in what is new since ``cursor`` (empty at first, and when everything is asked for anew).

        Raises:
            InvalidInput: the source cannot be read with these settings.
            Unavailable: it cannot be read now; the next pull tries again.
        """


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery (webhook) as it came: its headers, by lower-case name, and its raw body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """A delivery that was read. ``key`` is the same when it comes again; ``event`` is its kind."""

    key: str
    event: str
    body: Any


class Unavailable(TollgateError):
    """The system is down, slow, or answers what it should not; a later pull goes on where this one ended."""


class Unproven(Exception):
    """Nothing shows that the delivery is from the system: its signature is missing, wrong or too old."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Malformed(Exception):
    """The delivery is from the system, and cannot be read; ``sentence`` says what is wrong, and where."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@runtime_checkable
class Receiver(Protocol):
    """A connector to which its system sends deliveries as well."""

    hook: str
    """How the system is told to send, in a sentence for people who set it up; the page shows the address beside it."""

    def prove(self, parcel: Parcel, settings: Settings) -> None:
        """Nothing, when the delivery is from the system. Compares in constant time; asks nobody, changes nothing.

        Raises:
            Unproven: nothing shows that it is; for 401.
        """

    def open(self, parcel: Parcel) -> Opened:
        """Reads a delivery that is proven, or was when it came: then without the headers and values that are secret.

        Raises:
            Malformed: it cannot be read; for 400.
        """

    def take(self, context: PullContext, settings: Settings, opened: Opened) -> None:
        """Takes in what it tells, itself or by asking the system for it: what a pull would find, and nothing else.

        Raises:
            Malformed: it cannot be used; it is kept with the reason, and can be tried again after a fix.
            Unavailable: the system that it needs to ask does not answer now; it is tried again.
        """


@dataclass(frozen=True, slots=True)
class Mover:
    """Someone who could move a name of a model in the system, and by which right."""

    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Movers:
    """Everyone who could, as the system tells now. ``whole`` is False where it does not tell of all; why, in words."""

    people: tuple[Mover, ...]
    whole: bool
    sentence: str


@runtime_checkable
class TellsMovers(Protocol):
    """A connector whose system tells who may move the names of a model."""

    def movers(self, settings: Settings, model: str) -> Movers:
        """Asks the system about the model with this id of its.

        Raises:
            InvalidInput: the system refuses to tell.
            Unavailable: it does not answer now.
        """


@runtime_checkable
class Priced(Protocol):
    """A connector whose system charges for being asked."""

    every_seconds: int
    """How often such a source is pulled, where nobody says otherwise."""

    def price(self, source_id: UUID, settings: Settings, cursor: Cursor) -> list[str]:
        """What the next pull will cost, where it stops, and what was spent so far, in sentences; asks nobody.

        ``settings`` come without the secrets.
        """


@runtime_checkable
class Restricted(Protocol):
    """A connector that needs another right than that to connect sources: what it brings in is not for every team."""

    right: str

    def check(self, actor: Actor, team_id: UUID, settings: Settings) -> None:
        """Nothing, when the actor may connect, change and pull such a source of the team.

        Raises:
            NotPermitted: the actor may not.
        """


CONNECTORS: dict[str, Connector] = {}


def register(connector: Connector) -> None:
    """Makes a kind of source known, from ``AppConfig.ready``."""
    CONNECTORS[connector.kind] = connector
