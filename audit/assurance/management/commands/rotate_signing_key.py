"""A new signing key: the old one signs the hand-over, unless it is said to be lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.assurance import services
from audit.base.actors import Actor
from audit.base.errors import TollgateError


class Command(BaseCommand):
    """Who may run commands on this machine may change the key; the entry says that the command line did."""

    help = "Change the key that signs the audit log's checkpoints."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why; it stands in the audit log")
        parser.add_argument("--lost", action="store_true", help="the old key cannot sign the hand-over")

    def handle(self, *args: Any, **options: Any) -> None:
        """Changes the key, and prints the new verifier key."""
        actor = Actor.service("command line")
        try:
            key = services.change_signing_key(actor=actor, reason=options["reason"], lost=options["lost"])
        except TollgateError as error:
            raise CommandError(error.sentence) from None
        self.stdout.write(f"Key {key.key_id} signs after entry {key.since_size:,}.")
        self.stdout.write(f"Verifier key: {key.vkey}")
        if key.lost:
            self.stdout.write("The key before it did not sign the hand-over: tell whoever checks the log.")
