"""Computes the whole log anew and asks its witnesses; exit code 1 when something does not hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.assurance.checking import check_witnesses
from audit.assurance.selectors import state
from audit.base.actors import Actor
from audit.ledger.services import verify


class Command(BaseCommand):
    """Prints each thing that was looked at; what does not hold is named last."""

    help = "Verify the audit log, and compare it with what its witnesses have."

    def handle(self, *args: Any, **options: Any) -> None:
        """Looks, and says what was found."""
        actor, wrong = Actor.service("command line"), []
        found = verify(actor=actor)
        self.stdout.write(found.sentence)
        if found.broken_at is not None:
            wrong.append(found.sentence)
        findings = check_witnesses(actor=actor)
        for finding in findings:
            self.stdout.write(finding.sentence)
        wrong += [finding.sentence for finding in findings if finding.agrees is False]
        if not findings:
            self.stdout.write("No witness is switched on: nobody else vouches for this log.")
        wrong += [incident.sentence for incident in state().incidents if incident.sentence not in wrong]
        if wrong:
            raise CommandError("This does not hold: " + " ".join(wrong), returncode=1)
        self.stdout.write("Everything that could be looked at holds.")
