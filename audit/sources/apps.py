"""Names the app."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    """Floor 1, sources."""

    name = "audit.sources"
    label = "sources"

    def ready(self) -> None:
        """Registers actions, the job, the connectors, and the line of the rail."""
        from audit.sources import contract, ledger_actions, ledger_records, searched, tasks  # noqa: F401
        from audit.sources.folder.connector import FolderConnector
        from config.ui import navigation

        contract.register(FolderConnector())
        searched.register()
        navigation.register(
            floor="What happened",
            label="Sources",
            url_name="sources:sources",
            order=50,
            key="u",
            visible=lambda request: not request.actor.sees_models_only(),
        )
