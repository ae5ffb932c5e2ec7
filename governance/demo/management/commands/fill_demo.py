"""Starts the filling of the demo organisation; the workers do it."""

from typing import Any

from django.core.management.base import BaseCommand

from audit.base.actors import Actor
from audit.jobs import services
from audit.people.models import User


class Command(BaseCommand):
    """Starts the job once; a second call changes nothing."""

    help = (
        "Fill the demo organisation: real flights of 2013, replayed through the product. Only into an empty database."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Starts the job ``demo.fill``, unless there are users."""
        if User.objects.exists():
            self.stdout.write("There are users already, so the demo organisation is not added.")
            return
        services.start("demo.fill", actor=Actor.service("demo"), trigger="person", key="once")
        self.stdout.write("The demo organisation is being filled; its progress is on the front page.")
