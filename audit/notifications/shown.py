"""Where messages show in the shell: a line of the rail, with how many are not read."""

from django.http import HttpRequest

from audit.notifications import selectors
from config.ui import navigation


def register() -> None:
    """Adds it."""
    navigation.register(
        floor=None,
        label="Notifications",
        url_name="notifications:notifications",
        order=8,
        key="b",
        count=_unread,
        count_words="not read",
        visible=lambda request: request.actor.user_id is not None,
        prefixes=("notifications:",),
    )


def _unread(request: HttpRequest) -> int:
    return selectors.notifications(viewer=request.actor, unread=True).count()
