"""Writes a bundle of evidence: ``manage.py export_evidence --model NAME --out FILE.zip``."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.base.actors import Actor
from audit.base.errors import TollgateError
from audit.exports import selectors, services
from audit.exports.domain.scope import ALL, MODEL, TEAM, USE_CASE
from audit.lake import store


class Command(BaseCommand):
    """Asks for an export, builds it in this process, and writes the ZIP."""

    help = "Writes everything that proves what happened to a model, a use case, a team or the organisation into a ZIP."

    def add_arguments(self, parser: CommandParser) -> None:
        """Of what, of which days, at which size of the log, and where to."""
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--model", metavar="NAME", help="a model's short name or name")
        what.add_argument("--use-case", metavar="NAME", help="a use case's short name or name")
        what.add_argument("--team", metavar="NAME", help="a team's short name or name")
        what.add_argument("--all", action="store_true", help="the whole organisation")
        parser.add_argument("--since", type=date.fromisoformat, help="first day, like 2013-07-01 (UTC)")
        parser.add_argument("--until", type=date.fromisoformat, help="last day, like 2013-09-30 (UTC)")
        parser.add_argument("--size", type=int, help="again as of the log's size at an earlier export of the same")
        parser.add_argument("--out", type=Path, required=True, help="the ZIP to write")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints the bundle's SHA-256, which is the same for the same scope and size wherever it is built."""
        actor = Actor.service("command line")
        given = [(kind, options[kind]) for kind in (MODEL, USE_CASE, TEAM) if options[kind]]
        kind, name = given[0] if given else (ALL, "")
        try:
            scope = selectors.scope_of(
                viewer=actor, kind=kind, name=name, since=options["since"], until=options["until"]
            )
            export = services.ask_export(actor=actor, scope=scope, size=options["size"])
            built = services.build_export(actor=actor, export=export, progress=self._progress)
            services.take_out(actor=actor, export=built)
        except TollgateError as error:
            raise CommandError(error.sentence) from error
        except RuntimeError as error:
            raise CommandError(str(error)) from error
        shutil.copyfile(store.local(built.path), options["out"])
        self.stdout.write(
            f"{options['out']}: {built.entries:,} entries on {scope.words}, of the log at size {built.size:,}\n"
            f"SHA-256 {built.digest}\nCheck it: python3 verify.py {options['out']} (verify.py lies in the bundle too)"
        )

    def _progress(self, done: int, total: int, message: str) -> None:
        if self.verbosity > 1 and (done == total or done % 100_000 == 0):
            self.stderr.write(f"{message}: {done:,} of {total:,}")

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Keeps how much to say."""
        self.verbosity: int = options["verbosity"]
        return super().execute(*args, **options)
