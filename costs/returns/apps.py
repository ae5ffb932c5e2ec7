"""Names the app."""

from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    """Floor 2, returns."""

    name = "costs.returns"
    label = "returns"

    def ready(self) -> None:
        """Registers actions, sections of pages of models and use cases, timelines' statements, and the rail's line."""
        from audit.catalogue import panels, subjects
        from audit.catalogue.models import UseCase
        from audit.people import reading
        from config.ui import navigation
        from costs.returns import evidence, first_steps, ledger_actions, ledger_records  # noqa: F401
        from costs.returns.panels import ANCHOR, TITLE, cost_panel, use_case_panel
        from costs.returns.selectors import statements_about

        panels.register(panels.Panel(50, ANCHOR, TITLE, "returns/panel.html", cost_panel))
        panels.register_for_use_case(panels.UseCasePanel(10, "returns", "returns/use_case_panel.html", use_case_panel))
        subjects.register_above(statements_about)
        reading.by_slug("returns", UseCase)
        first_steps.register_own()
        evidence.register()
        navigation.register(floor="What it costs", label="Returns", url_name="returns:returns", order=30, key="v")
