"""Names the app."""

from django.apps import AppConfig


class LineageConfig(AppConfig):
    """Floor 1, lineage."""

    name = "audit.lineage"
    label = "lineage"

    def ready(self) -> None:
        """Registers actions, what is audited and the line of the rail, and follows the catalogue."""
        from audit.catalogue.followers import follow
        from audit.lineage import ledger_actions, ledger_records, projecting, recall, shown  # noqa: F401

        follow(projecting.project)
        follow(recall.follow_up)
        shown.register()
