"""Names the app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Floor 1, monitoring."""

    name = "audit.monitoring"
    label = "monitoring"

    def ready(self) -> None:
        """Registers actions and job handlers."""
        from audit.monitoring import ledger_actions, tasks  # noqa: F401
