"""Names the app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Floor 1, jobs."""

    name = "audit.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Registers actions, and the way jobs are sent."""
        from audit.jobs import celery_tasks, ledger_actions  # noqa: F401
