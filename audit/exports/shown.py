"""Where evidence shows: a line of the rail, and a link on the pages of models and use cases, for who may export."""

from urllib.parse import urlencode

from django.urls import reverse

from audit.catalogue import links
from config.ui import navigation


def register() -> None:
    """Adds both."""
    navigation.register(
        floor="What happened",
        label="Evidence",
        url_name="exports:exports",
        order=65,
        visible=lambda request: request.user.is_authenticated and request.actor.may_anywhere("ledger.export"),
    )
    links.register(links.Link("Export its evidence", "ledger.export", _asked))


def _asked(kind: str, name: str) -> str:
    """The form, filled for one model or use case."""
    return f"{reverse('exports:exports')}?{urlencode({'kind': kind, 'name': name})}"
