"""The kinds of places that vouch for the log: one module each, with one contract."""

from audit.assurance.witnesses.contract import Place
from audit.base.errors import InvalidInput

KINDS: dict[str, type[Place]] = {}


def register(place: type[Place]) -> None:
    """Makes a kind of witness known, from ``AppConfig.ready``."""
    KINDS[place.kind] = place


def kind(code: str) -> type[Place]:
    """The kind with this code.

    Raises:
        InvalidInput: there is none.
    """
    found = KINDS.get(code)
    if found is None:
        raise InvalidInput(f"There is no kind of witness {code!r}.", where="kind", mend=f"Use {', '.join(KINDS)}.")
    return found
