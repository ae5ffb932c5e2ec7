"""Names the app."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Floor 1, alerts."""

    name = "audit.alerts"
    label = "alerts"

    def ready(self) -> None:
        """Registers actions, the job and what it follows, kinds of messages, and what other pages show of alerts."""
        from audit.alerts import ledger_actions, ledger_records, shown, tasks, telling  # noqa: F401

        telling.register_own()
        shown.register()
