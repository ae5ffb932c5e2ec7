"""What a connector must do: say what settings it needs, test them, and pull what is new since its cursor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from django import forms

from audit.jobs.run import Run
from audit.people.models import Team

Settings = Mapping[str, Any]
Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a test of the settings looked at, and what it found in a sentence."""

    ok: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class PullContext:
    """Whose source it is, and the job that pulls: its actor, its progress, its log, and the jobs it starts."""

    team: Team
    run: Run


@dataclass(frozen=True, slots=True)
class PullResult:
    """Where the next pull goes on, how much came (name -> number), and what could not be used, in sentences."""

    cursor: Cursor
    counts: dict[str, int]
    problems: list[str] = field(default_factory=list)


class Connector(Protocol):
    """One kind of source. A pull may run twice with the same cursor and must take effect once."""

    kind: str
    title: str
    description: str
    form: type[forms.Form]

    def test(self, settings: Settings) -> list[Check]:
        """What works and what does not, with these settings, from this machine. Changes nothing."""

    def pull(self, context: PullContext, settings: Settings, cursor: Cursor) -> PullResult:
        """Takes in what is new since ``cursor`` (empty at first).

        Raises:
            InvalidInput: the source cannot be read with these settings.
        """


CONNECTORS: dict[str, Connector] = {}


def register(connector: Connector) -> None:
    """Makes a kind of source known, from ``AppConfig.ready``."""
    CONNECTORS[connector.kind] = connector
