"""The kinds of places that events go to."""

from audit.base.errors import InvalidInput
from audit.streaming.destinations.contract import Destination

KINDS: dict[str, type[Destination]] = {}


def register(kind: type[Destination]) -> None:
    """Makes a kind known, from ``AppConfig.ready``."""
    KINDS[kind.kind] = kind


def kind(name: str) -> type[Destination]:
    """The kind of this name.

    Raises:
        InvalidInput: there is none.
    """
    found = KINDS.get(name)
    if found is None:
        raise InvalidInput(f"There is no destination {name!r}.", where="kind", mend=f"Use {', '.join(KINDS)}.")
    return found
