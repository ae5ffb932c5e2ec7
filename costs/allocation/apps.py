"""Names the app."""

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Floor 2, allocation."""

    name = "costs.allocation"
    label = "allocation"
