"""Where jobs show in the shell: a line of the rail that counts what failed or runs."""

from config.ui import navigation


def register() -> None:
    """Adds the line."""
    navigation.register(floor="What happened", label="Jobs", url_name="jobs:jobs", order=70, key="j")
