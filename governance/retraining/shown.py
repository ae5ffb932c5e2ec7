"""What approvals tell the floors below."""


def register() -> None:
    """Fills the registries."""
