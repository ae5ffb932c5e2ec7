"""Names the app, and tells the floors below what it knows."""

from django.apps import AppConfig


class RetrainingConfig(AppConfig):
    """Floor 3, retraining."""

    name = "governance.retraining"
    label = "retraining"

    def ready(self) -> None:
        """Registers actions, jobs, the rail's entry, thresholds, and what the model page shows."""
        from governance.retraining import evidence, ledger_actions, ledger_records, shown, tasks  # noqa: F401

        shown.register()
        evidence.register()
