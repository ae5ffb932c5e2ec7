"""What a place outside of the app must do: take one message, or say why not."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from django import forms

from audit.notifications.domain.wording import Note

Settings = Mapping[str, Any]
Secrets = Mapping[str, str]


class Undelivered(Exception):
    """The place did not take the message.

    ``wait`` is how long it asks us to wait. ``final``: trying again is of no use. ``place``: it takes nothing at all
    now, so what else waits for it waits as long.
    """

    def __init__(
        self, sentence: str, *, wait: timedelta | None = None, final: bool = False, place: bool = False
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.wait, self.final, self.place = sentence, wait, final, place


class Place(Protocol):
    """A kind of channel. ``secret`` names the settings that are kept encrypted, all of which it needs.

    ``do_not_call_in_templates``: a template that names the class means the class, and makes nothing of it.
    """

    do_not_call_in_templates: ClassVar[bool]
    kind: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    form: ClassVar[type[forms.Form]]
    secret: ClassVar[tuple[str, ...]]

    def __init__(self, settings: Settings, secrets: Secrets, *, inside: bool) -> None: ...

    def send(self, ident: str, note: Note) -> str:
        """Sends the message under the id ``ident``, and says in a sentence that it was taken.

        Raises:
            Undelivered: it was not.
        """
        ...
