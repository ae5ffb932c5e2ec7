"""Where monitoring shows in the shell."""

from config.ui import navigation


def register() -> None:
    """Adds the line of the rail."""
    navigation.register(
        floor="What happened", label="Monitoring", url_name="monitoring:models", order=20, key="e",
        prefixes=("monitoring:models",),
    )  # fmt: skip
