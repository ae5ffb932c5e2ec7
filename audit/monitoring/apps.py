"""Names the app."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from django.apps import AppConfig

if TYPE_CHECKING:
    from audit.base.actors import Actor
    from audit.catalogue.models import Model
    from audit.catalogue.states import Week


class MonitoringConfig(AppConfig):
    """Floor 1, monitoring."""

    name = "audit.monitoring"
    label = "monitoring"

    def ready(self) -> None:
        """Registers actions, job handlers, and what the catalogue's pages show of monitoring."""
        from audit.catalogue import followers, horizon, states
        from audit.monitoring import (  # noqa: F401
            estimate_tasks,
            first_steps,
            ledger_actions,
            ledger_records,
            panels,
            process_steps,
            selectors,
            serving,
            shown,
            tasks,
        )
        from audit.monitoring.estimates import panel as estimates_panel
        from audit.monitoring.inputs import panel as inputs_panel
        from audit.monitoring.models import Upload
        from audit.monitoring.outcomes import panel as outcomes_panel
        from audit.monitoring.quality import panel as quality_panel
        from audit.monitoring.service import panel as service_panel
        from audit.monitoring.service import reading as reading_service
        from audit.people import reading

        horizon.register(selectors.last_data)
        horizon.register(reading_service.last_hour)
        states.register_weeks(weeks)
        states.register_judged(selectors.served_weeks)
        followers.follow(serving.note)
        reading.by_id(upload_id=Upload)
        shown.register()
        panels.register_own()
        outcomes_panel.register_own()
        inputs_panel.register_own()
        estimates_panel.register_own()
        quality_panel.register_own()
        service_panel.register_own()
        first_steps.register_own()
        process_steps.register_own()


def weeks(viewer: "Actor", models: "Sequence[Model]", count: int) -> "Mapping[UUID, tuple[str, Sequence[Week]]]":
    """The last weeks of each model's main metric, as the catalogue's states read them."""
    from audit.catalogue.states import Week
    from audit.catalogue.words import MAIN_METRIC
    from audit.monitoring import selectors

    tasks = {model.pk: model.task for model in models}
    return {
        pk: (
            MAIN_METRIC[tasks[pk]],
            [Week(one.start, one.value, one.low, one.high, one.n, one.version_number) for one in points],
        )
        for pk, points in selectors.serving(viewer=viewer, models=models, count=count).items()
    }
