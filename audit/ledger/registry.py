"""Each action is registered once, with its sentence, the page of its subject, and what in it is personal."""

from collections.abc import Callable
from dataclasses import dataclass

from audit.base.actors import Actor


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of entry. ``sentence`` follows the actor's name: "registered model {subject}".

    ``link`` names the URL of the subject's page; it takes the subject's id, or nothing shows a link. ``personal``
    names what in such an entry tells about a person beside the actor: "subject_name", "reason", and changed fields
    ("changes.email"); these enter as commitments. ``weighty`` marks what reports list one by one. ``touches`` says
    whether the action changes its subject: an entry that only names it says nothing of its state, which another
    change may just be moving.
    """

    code: str
    sentence: str
    link: str = ""
    personal: tuple[str, ...] = ()
    weighty: bool = False
    touches: bool = True


ACTIONS: dict[str, Action] = {}


def register(action: Action) -> str:
    """Makes the action known, and returns its code.

    Raises:
        ValueError: the code is taken by another action.
    """
    known = ACTIONS.setdefault(action.code, action)
    if known != action:
        raise ValueError(f"The ledger action {action.code} is registered twice.")
    return action.code


class Background:
    """How a verification too long for a request is started; the slice of jobs, which stands above, names it."""

    verify: Callable[[Actor], str] | None = None
    """Takes who asks; returns the address where they see its progress, empty when they may not see it."""
