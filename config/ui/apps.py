"""Names the app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """The shell and the components of every page."""

    name = "config.ui"
    label = "ui"
