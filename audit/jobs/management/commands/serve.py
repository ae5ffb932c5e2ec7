"""Serve Tollgate on one machine: prepare the database, then hand over to the supervisor."""

import os
import signal
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from config.lifeline import tie_to_parent
from config.serve import Options, become_supervisor, check_port, hold_home, say


class Command(BaseCommand):
    """Runs until Ctrl-C; PORT, DEMO, TOLLGATE_WORKERS and TOLLGATE_HOME come from the environment."""

    help = "Run the web server, the workers and the scheduler on this machine until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--end-with-parent", action="store_true", help="stop when the calling process ends")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check, migrate, start the demo on an empty database, and become the supervisor."""
        if options["end_with_parent"]:
            tie_to_parent(os.getppid(), signal.SIGTERM)
        chosen = Options.from_environment()
        check_port(chosen)
        hold_home(chosen)
        migrate_if_needed()
        if chosen.demo:
            start_demo_if_empty()
        connections.close_all()
        become_supervisor()


def migrate_if_needed() -> None:
    """Apply what is missing; asking first is what makes a second start fast."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say("Preparing the database.")
        call_command("migrate", interactive=False, verbosity=0)


def start_demo_if_empty() -> None:
    """Start the jobs that fill the demo organisation, once: an installation with people in it is left alone."""
    if "fill_demo" in get_commands() and not get_user_model()._default_manager.exists():
        say("Starting to fill the demo organisation; the pages fill within two minutes.")
        call_command("fill_demo")
