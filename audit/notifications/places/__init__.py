"""Places that messages can go to beside people, by kind."""

from typing import Final

from audit.base.errors import InvalidInput
from audit.notifications.places.contract import Place
from audit.notifications.places.webhooks import Chat, Signed

KINDS: Final[dict[str, type[Place]]] = {one.kind: one for one in (Chat, Signed)}


def kind(name: str) -> type[Place]:
    """The kind of this name.

    Raises:
        InvalidInput: there is none.
    """
    if name not in KINDS:
        raise InvalidInput(f"{name!r} is no kind of channel.", mend=f"Use one of {', '.join(KINDS)}.")
    return KINDS[name]
