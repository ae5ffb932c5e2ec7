"""Names the app."""

from django.apps import AppConfig


class AllocationConfig(AppConfig):
    """Floor 2, allocation."""

    name = "costs.allocation"
    label = "allocation"

    def ready(self) -> None:
        """Registers actions, jobs, the end of the data, and the line of the rail."""
        from audit.catalogue import horizon
        from config.ui import navigation
        from costs.allocation import answers, evidence, ledger_actions, ledger_records, tasks  # noqa: F401
        from costs.allocation.selectors import last_data

        horizon.register(last_data)
        evidence.register()
        answers.register_own()
        navigation.register(floor="What it costs", label="Spend", url_name="allocation:spend", order=10, key="s")
