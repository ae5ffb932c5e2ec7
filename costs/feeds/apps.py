"""Names the app."""

from django.apps import AppConfig


class FeedsConfig(AppConfig):
    """Floor 2, feeds."""

    name = "costs.feeds"
    label = "feeds"

    def ready(self) -> None:
        """Registers the kinds of sources that bills come from."""
        from audit.sources import contract
        from costs.feeds import ledger_records  # noqa: F401
        from costs.feeds.connectors.athena import AthenaConnector
        from costs.feeds.connectors.explorer import CostExplorerConnector
        from costs.feeds.connectors.folder import BillFolderConnector
        from costs.feeds.connectors.s3 import BillS3Connector

        contract.register(BillFolderConnector())
        contract.register(BillS3Connector())
        contract.register(CostExplorerConnector())
        contract.register(AthenaConnector())
