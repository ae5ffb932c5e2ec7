"""Names the app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class BillingConfig(AppConfig):
    """Floor 2, billing."""

    name = "costs.billing"
    label = "billing"

    def ready(self) -> None:
        """Registers actions and jobs, and teaches SQLite to add exactly."""
        from costs.billing import first_steps, kept, ledger_actions, ledger_records, tasks  # noqa: F401
        from costs.billing.amounts import teach_sqlite

        connection_created.connect(teach_sqlite, dispatch_uid="costs.billing.teach_sqlite")
        first_steps.register_own()
        kept.register_own()
