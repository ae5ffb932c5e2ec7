"""Reads a bill at once: ``manage.py import_bill FILE... --source NAME``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from audit.base.actors import Actor
from audit.base.errors import TollgateError
from audit.jobs import services as jobs
from audit.jobs.models import Job, State
from audit.jobs.run import execute
from audit.people.models import Team
from costs.billing import services
from costs.billing.models import BillFile

CHUNK = 1024 * 1024


class Command(BaseCommand):
    """Takes a bill in, reads it in this process, and prints what it holds."""

    help = "Reads a bill (FOCUS or an AWS report; CSV, gzipped CSV or Parquet) and prints its rows and totals."

    def add_arguments(self, parser: CommandParser) -> None:
        """The files of one bill, where it comes from, and whose it is."""
        parser.add_argument("files", type=Path, nargs="+", metavar="file")
        parser.add_argument("--source", required=True, help="short name of where such bills come from, like aws-main")
        parser.add_argument("--team", default="", help="short name of the team whose own bill this is")
        parser.add_argument("--simulated", action="store_true", help="the bill is made up; pages then say so")

    def handle(self, *args: Any, **options: Any) -> None:
        """Runs the same job that an upload starts."""
        for path in options["files"]:
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        actor = Actor.service("command line")
        try:
            bill_file = services.receive_bill(
                actor=actor,
                source=options["source"],
                parts=[services.Part(path.name, _chunks(path)) for path in options["files"]],
                simulated=options["simulated"],
                team=_team(options["team"]),
            )
        except TollgateError as error:
            raise CommandError(error.sentence) from error
        if bill_file.imported_at is None:
            _run(_start(actor, bill_file))
            bill_file.refresh_from_db()
        else:
            self.stdout.write("This bill was read before; nothing changed.")
        self.stdout.write(f"{bill_file.rows:,} rows")
        for currency, total in bill_file.totals.items():
            self.stdout.write(f"{currency}: billed {total['billed']}, effective {total['effective']}")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _team(slug: str) -> Team | None:
    if not slug:
        return None
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        raise CommandError(f"There is no team {slug}.")
    return team


def _start(actor: Actor, bill_file: BillFile) -> Job:
    """The file's job, in the hands of this process. A failed one is tried again: the program may have been mended."""
    with transaction.atomic():
        job = jobs.start(
            services.IMPORT,
            actor=actor,
            trigger="person",
            args={"file": str(bill_file.pk)},
            key=str(bill_file.pk),
            subject=bill_file,
            team=bill_file.team,
        )
    if job.state in {State.FAILED, State.CANCELLED}:
        job = jobs.retry(actor=actor, job=job, reason="The bill was handed in again.")
    return job


def _run(job: Job) -> None:
    """Runs the job and what follows it here, without waiting for a worker.

    Raises:
        CommandError: it failed, with the sentence that its page shows.
    """
    execute(job.pk, worker="command line")
    job.refresh_from_db()
    if job.state == State.FAILED:
        raise CommandError(job.error)
    if job.state == State.QUEUED and job.error:
        raise CommandError(f"{job.error} The log of the job says more.")
    if job.state != State.SUCCEEDED:
        raise CommandError("A worker has taken this bill; its job's page shows how it goes.")
    for child in job.children.filter(state=State.QUEUED):
        _run(child)
