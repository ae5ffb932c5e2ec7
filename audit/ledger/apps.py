"""Names the app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    """Floor 1, ledger."""

    name = "audit.ledger"
    label = "ledger"

    def ready(self) -> None:
        """Registers the ledger's own actions and its line of the rail; the first migration makes the signing key."""
        from audit.ledger import ledger_actions, ledger_records, shown, signing  # noqa: F401

        shown.register()
        post_migrate.connect(signing.prepare, sender=self, dispatch_uid="ledger.signing_key")
