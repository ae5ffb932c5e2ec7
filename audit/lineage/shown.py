"""Where lineage shows in the shell: a line of the rail, which who may see some models only does not have."""

from config.ui import navigation


def register() -> None:
    """Adds the line."""
    navigation.register(
        floor="What happened",
        label="Lineage",
        url_name="lineage:nodes",
        order=30,
        key="l",
        visible=lambda request: not request.actor.sees_models_only(),
        prefixes=("lineage:",),
    )
