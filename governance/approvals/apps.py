"""Names the app, and tells the floors below what it knows."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Floor 3, approvals."""

    name = "governance.approvals"
    label = "approvals"

    def ready(self) -> None:
        """Registers actions, the rail's entry, and what the model page shows."""
        from governance.approvals import (  # noqa: F401
            answers,
            evidence,
            first_steps,
            ledger_actions,
            ledger_records,
            process_steps,
            shown,
        )

        shown.register()
        evidence.register()
        answers.register_own()
        first_steps.register_own()
        process_steps.register_own()
