"""``python -m tests.summer``: replay the flights, write docs/summer.md and docs/figures/summer.svg."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """In a home folder and on a database of its own, which are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tollgate-figures-") as home:
        for name in ("DATABASE_URL", "LAKE_URL", "CELERY_BROKER_URL"):
            os.environ.pop(name, None)
        os.environ["TOLLGATE_HOME"], os.environ["DJANGO_SETTINGS_MODULE"] = home, "config.settings"
        import django

        django.setup()
        from django.core.management import call_command

        from tests.summer import drawing, log, replay, writing

        call_command("migrate", verbosity=0)
        found = replay.replay(log.rows(Path(home)))
        figures = ROOT / "docs" / "figures"
        figures.mkdir(exist_ok=True)
        (ROOT / "docs" / "summer.md").write_text(writing.page(found))
        (figures / "summer.svg").write_text(drawing.svg(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
