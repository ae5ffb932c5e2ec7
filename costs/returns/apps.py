"""Names the app."""

from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    """Floor 2, returns."""

    name = "costs.returns"
    label = "returns"
