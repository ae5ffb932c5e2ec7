"""Names the app."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """Floor 1, exports."""

    name = "audit.exports"
    label = "exports"

    def ready(self) -> None:
        """Adds what the first floor knows to every report, the job that builds, and the page."""
        from audit.exports import ledger_actions, own, shown, storing, tasks  # noqa: F401

        own.register()
        shown.register()
        storing.register_own()
