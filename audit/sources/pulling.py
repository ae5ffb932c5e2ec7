"""What a connector gets while it reads: the ways to hand in what it found, each a transaction that holds by itself."""

from collections import Counter
from collections.abc import Collection

from django.db import transaction

from audit.jobs.run import Run
from audit.sources.contract import Cursor
from audit.sources.domain.told import Kind, Told
from audit.sources.models import Source
from audit.sources.taking.piece import mark_gone, take_in


class Pull:
    """One reading of a source: a pull, or a delivery. ``counts`` and ``problems`` are what came of it so far."""

    def __init__(self, *, source: Source, run: Run) -> None:
        self.source, self.source_id, self.team, self.run = source, source.pk, source.team, run
        self.cursor: Cursor = source.cursor
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []

    def take(self, told: Told, *, cursor: Cursor | None = None) -> None:
        """Takes in what the source tells; see ``contract.PullContext``."""
        with transaction.atomic():
            done = take_in(source=self.source, told=told, origin=self.run.actor.origin)
            if cursor is not None:
                self._keep(cursor)
        self.counts += done.counts
        self.problems += done.problems

    def gone(self, kind: Kind, present: Collection[str], *, within: str = "") -> None:
        """Marks what is no longer there; see ``contract.PullContext``."""
        with transaction.atomic():
            self.counts["gone"] += mark_gone(
                source=self.source, kind=kind, present=set(present), within=within, origin=self.run.actor.origin
            )

    def problem(self, sentence: str) -> None:
        """Something that came could not be used."""
        self.problems.append(sentence)

    def _keep(self, cursor: Cursor) -> None:
        """The cursor, unless the settings were changed meanwhile: then reading begins anew."""
        stored = Source.objects.select_for_update().get(pk=self.source.pk)
        if (stored.settings, stored.secret) == (self.source.settings, self.source.secret):
            stored.cursor = cursor
            stored.save(update_fields=("cursor",))
