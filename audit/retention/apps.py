"""Names the app."""

from django.apps import AppConfig


class RetentionConfig(AppConfig):
    """Floor 1, retention."""

    name = "audit.retention"
    label = "retention"

    def ready(self) -> None:
        """Registers actions, jobs, the documents and traces of people of the slices below, and the pages."""
        from audit.retention import ledger_actions, ledger_records, own_documents, own_erasers, shown, tasks  # noqa: F401

        own_documents.register_own()
        own_erasers.register_own()
        shown.register()
