"""Names the app."""

from django.apps import AppConfig


class PortfolioConfig(AppConfig):
    """Floor 3, portfolio."""

    name = "governance.portfolio"
    label = "portfolio"

    def ready(self) -> None:
        """Adds the first line of the rail."""
        from config.ui import navigation

        navigation.register(floor=None, label="Overview", url_name="portfolio:home", order=0, key="o")
