"""Names the app."""

from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    """Floor 1, documents."""

    name = "audit.documents"
    label = "documents"

    def ready(self) -> None:
        """Registers actions, what the catalogue's pages show of documents, and the line of the rail."""
        from audit.documents import answers, ledger_actions, ledger_records, panels  # noqa: F401
        from config.ui import navigation

        panels.register_own()
        answers.register_own()
        navigation.register(
            floor="What happened",
            label="Documents",
            url_name="documents:documents",
            order=20,
            key="f",
            prefixes=("documents:",),
        )
