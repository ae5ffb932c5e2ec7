"""Names the app."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Floor 1, jobs."""

    name = "audit.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Registers actions, the way jobs are sent, what must be ready, and the pages."""
        from audit.jobs import celery_tasks, ledger_actions, ledger_records, readiness, shown, tasks  # noqa: F401

        readiness.register_own()
        shown.register()
