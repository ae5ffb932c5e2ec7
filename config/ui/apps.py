"""Names the app, and checks what the slices registered."""

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from config.ui import navigation


def check_go_keys(**kwargs: Any) -> list[CheckMessage]:
    """Two lines of the rail cannot have one key."""
    return [Error(sentence, id="ui.E001") for sentence in navigation.clashes()]


class UiConfig(AppConfig):
    """The shell and the components of every page."""

    name = "config.ui"
    label = "ui"

    def ready(self) -> None:
        """Registers the check."""
        register(check_go_keys)
