"""Names the app."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """Floor 1, catalogue."""

    name = "audit.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        """Registers actions."""
        from audit.catalogue import ledger_actions  # noqa: F401
