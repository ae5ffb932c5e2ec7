"""Where retention shows: a line of the rail, and the way to an erasure from the page of people."""

from audit.people import links
from audit.retention import selectors
from config.ui import navigation


def register() -> None:
    """Adds them."""
    navigation.register(
        floor="What happened",
        label="Retention",
        url_name="retention:page",
        order=66,
        visible=lambda request: request.actor.may(selectors.READ),
        prefixes=("retention:",),
    )
    links.register(links.Link("Erase", "retention:person", right="people.erase"))
