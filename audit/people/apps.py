"""Names the app."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Floor 1, people."""

    name = "audit.people"
    label = "people"

    def ready(self) -> None:
        """Signing in and out is recorded; the shell says who looks."""
        from audit.people import ledger_actions, ledger_records, searched, shown, signals  # noqa: F401

        shown.register()
        searched.register()
