"""Names the app."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Floor 1, ledger."""

    name = "audit.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Registers the ledger's own actions, and its line of the rail."""
        from audit.ledger import ledger_actions, shown  # noqa: F401

        shown.register()
