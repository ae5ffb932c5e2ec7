"""Names the app."""

from django.apps import AppConfig
from django.urls import reverse


def _describing(kind: str, slug: str) -> str:
    return reverse("catalogue:describe", args=[slug])


class CatalogueConfig(AppConfig):
    """Floor 1, catalogue."""

    name = "audit.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        """Registers actions, the sections of the model page and the line of the rail."""
        from audit.catalogue import (  # noqa: F401
            entries,
            first_steps,
            ledger_actions,
            ledger_records,
            links,
            own_panels,
            process_steps,
            searched,
            selectors,
        )
        from audit.catalogue.models import Deployment, Model, PipelineRun, UseCase
        from audit.people import reading, scopes
        from config.ui import navigation

        scopes.register(models=selectors.model_names, use_cases=selectors.use_cases_of)
        reading.subjects(selectors.subject_of)
        reading.by_slug("models", Model)
        reading.by_slug("use-cases", UseCase)
        reading.by_id(deployment_id=Deployment, run_id=PipelineRun)
        searched.register()
        links.register(links.Link("Say what it is for", "catalogue.write", _describing, kinds=("model",)))
        own_panels.register_own()
        entries.register_own()
        first_steps.register_own()
        process_steps.register_own()
        navigation.register(
            floor="What happened",
            label="Models",
            url_name="catalogue:models",
            order=10,
            key="m",
        )
        navigation.register(
            floor="What happened",
            label="Data",
            url_name="catalogue:datasets",
            order=12,
            key="i",
            prefixes=("catalogue:dataset",),
        )
