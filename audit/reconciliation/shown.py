"""Comparing in the shell: a line of the rail."""

from config.ui import navigation


def register() -> None:
    """Adds it, for who reads some of the ledger."""
    navigation.register(
        floor="What happened",
        label="Reconciliation",
        url_name="reconciliation:comparison",
        order=62,
        visible=lambda request: request.actor.may_anywhere("ledger.read"),
        prefixes=("reconciliation:",),
    )
