"""The ledger in the shell: a line of the rail, the search of every page, and the newest proof at its foot."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from audit.ledger import selectors
from config.ui import format as say
from config.ui import navigation, shell


def register() -> None:
    """Adds them."""
    navigation.register(floor="What happened", label="Audit log", url_name="ledger:ledger", order=60, key="a")
    navigation.register_search("ledger:ledger")
    shell.register_footer(_foot)


def _foot(request: HttpRequest) -> str | None:
    """The newest entry and when the chain was verified, for who is signed in."""
    if not request.user.is_authenticated:
        return None
    size, found = selectors.head().size, selectors.last_verification()
    if selectors.open_incidents().exists():
        words = "audit log has an open incident"
    elif found is None:
        words = "audit log not verified yet"
    elif found.broken_at is not None:
        words = f"audit log broken at entry {say.number(found.broken_at)}"
    else:
        words = f"audit log verified {say.moment(found.at, 'short')}"
    return format_html('Entry {} · <a href="{}">{}</a>', say.number(size), reverse("ledger:ledger"), words)
