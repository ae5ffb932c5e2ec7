"""Names the app."""

from django.apps import AppConfig
from django.urls import reverse


def _told(kind: str, slug: str) -> str:
    return reverse("sources:of_model", args=[slug])


class SourcesConfig(AppConfig):
    """Floor 1, sources."""

    name = "audit.sources"
    label = "sources"

    def ready(self) -> None:
        """Registers actions, the job, the connectors, and the line of the rail."""
        from audit.catalogue import links, notes
        from audit.sources import chain_of, contract, ledger_actions, ledger_records, searched, shown, tasks  # noqa: F401
        from audit.sources.azure_devops.connector import AzureDevOpsConnector
        from audit.sources.cloudtrail.connector import CloudTrailConnector
        from audit.sources.cloudwatch.connector import CloudWatchConnector
        from audit.sources.folder.connector import FolderConnector
        from audit.sources.github.connector import GitHubConnector
        from audit.sources.gitlab.connector import GitLabConnector
        from audit.sources.mlflow.connector import MlflowConnector
        from audit.sources.prometheus.connector import PrometheusConnector
        from audit.sources.s3.connector import S3Connector
        from audit.sources.sagemaker.connector import SageMakerConnector
        from config.ui import navigation

        contract.register(FolderConnector())
        contract.register(S3Connector())
        contract.register(GitHubConnector())
        contract.register(GitLabConnector())
        contract.register(AzureDevOpsConnector())
        contract.register(MlflowConnector())
        contract.register(SageMakerConnector())
        contract.register(CloudTrailConnector())
        contract.register(CloudWatchConnector())
        contract.register(PrometheusConnector())
        chain_of.register_own()
        searched.register()
        notes.register_notes(shown.notes)
        links.register(links.Link("What sources say of it", "read", _told, kinds=("model",)))
        navigation.register(
            floor="What happened",
            label="Sources",
            url_name="sources:sources",
            order=50,
            key="u",
            visible=lambda request: not request.actor.sees_models_only(),
        )
