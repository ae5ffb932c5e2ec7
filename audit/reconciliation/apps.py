"""Names the app."""

from django.apps import AppConfig


class ReconciliationConfig(AppConfig):
    """Floor 1, reconciliation."""

    name = "audit.reconciliation"
    label = "reconciliation"

    def ready(self) -> None:
        """Registers actions, the job, and the line of the rail."""
        from audit.reconciliation import ledger_actions, ledger_records, shown, tasks  # noqa: F401

        shown.register()
