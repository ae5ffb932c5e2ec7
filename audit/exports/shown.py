"""Evidence in the shell: a line of the rail for who may export."""

from config.ui import navigation


def register() -> None:
    """Adds it."""
    navigation.register(
        floor="What happened",
        label="Evidence",
        url_name="exports:exports",
        order=65,
        visible=lambda request: request.user.is_authenticated and request.actor.may_anywhere("ledger.export"),
    )
