"""Names the app."""

from django.apps import AppConfig


class StreamingConfig(AppConfig):
    """Floor 1, streaming."""

    name = "audit.streaming"
    label = "streaming"

    def ready(self) -> None:
        """Registers kinds of destinations, actions, the job, and the line of the rail."""
        from audit.streaming import destinations, ledger_actions, ledger_records, tasks  # noqa: F401
        from audit.streaming.destinations.files import Files
        from audit.streaming.destinations.https import Https
        from config.ui import navigation

        destinations.register(Https)
        destinations.register(Files)
        navigation.register(
            floor="What happened",
            label="Event streams",
            url_name="streaming:streams",
            order=65,
            visible=lambda request: request.actor.may("ledger.read"),
        )
