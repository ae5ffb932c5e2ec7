"""Names the app, and tells the floors below what it knows."""

from django.apps import AppConfig


class RetrainingConfig(AppConfig):
    """Floor 3, retraining."""

    name = "governance.retraining"
    label = "retraining"

    def ready(self) -> None:
        """Registers actions, jobs, the rail's entry, thresholds, and what the model page shows."""
        from governance.retraining import (  # noqa: F401
            evidence,
            ledger_actions,
            ledger_records,
            process_steps,
            shown,
            tasks,
        )

        shown.register()
        evidence.register()
        process_steps.register_own()
