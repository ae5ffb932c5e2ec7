"""Makes the index of the audit log's words anew from its entries; searches find all of them again when it is done."""

import time
from typing import Any

from django.core.management.base import BaseCommand

from audit.ledger import indexing


class Command(BaseCommand):
    """For a restored or doubtful index, and after a release that says so."""

    help = "Make the search index of the audit log anew."

    def handle(self, *args: Any, **options: Any) -> None:
        """Throws the index away, and makes it."""
        begun = time.monotonic()
        indexing.begin_anew()
        count = indexing.catch_up(worth=1)
        self.stdout.write(f"{count:,} entries are indexed. It took {time.monotonic() - begun:.1f} s.")
