"""Names the app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Floor 3, demo: the last slice, which may use every other."""

    name = "governance.demo"
    label = "demo"

    def ready(self) -> None:
        """Registers jobs, who follows them, readiness and the notice that pages show."""
        from governance.demo import leaving, replay, shown, tasks  # noqa: F401

        replay.register()
        shown.register()
        leaving.register()
