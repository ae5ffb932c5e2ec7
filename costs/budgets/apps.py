"""Names the app."""

from django.apps import AppConfig


class BudgetsConfig(AppConfig):
    """Floor 2, budgets."""

    name = "costs.budgets"
    label = "budgets"

    def ready(self) -> None:
        """Registers actions, records, the job, the kind of message, and the line of the rail."""
        from config.ui import navigation
        from costs.budgets import evaluating, ledger_actions, ledger_records, tasks  # noqa: F401

        evaluating.register_kind()
        navigation.register(floor="What it costs", label="Budgets", url_name="budgets:budgets", order=20, key="g")
