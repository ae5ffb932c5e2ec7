"""Names the app."""

from django.apps import AppConfig


class LineageConfig(AppConfig):
    """Floor 1, lineage."""

    name = "audit.lineage"
    label = "lineage"

    def ready(self) -> None:
        """Registers actions and what is audited."""
        from audit.lineage import ledger_actions, ledger_records  # noqa: F401
