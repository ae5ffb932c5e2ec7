"""Names the app."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Floor 1, notifications."""

    name = "audit.notifications"
    label = "notifications"

    def ready(self) -> None:
        """Registers actions, the job, and the line of the rail."""
        from audit.notifications import ledger_actions, ledger_records, shown, tasks  # noqa: F401

        shown.register()
