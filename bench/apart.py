"""A measurement in a process of its own, on an empty database of its own: Django is set up once in a process.

``figures("bench.of_ledger:record", "postgresql")`` calls that function there; what it returns comes back as JSON.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")
MARK = "FIGURES "


@contextmanager
def _database(kind: str) -> Iterator[dict[str, str]]:
    """The variables that lead to an empty database; a PostgreSQL server lives as long as the block."""
    if kind == "sqlite":
        yield {}
        return
    sys.path.insert(0, str(ROOT))
    from tests.support.servers import postgres

    with postgres() as url:
        yield {"DATABASE_URL": url}


def figures(function: str, database: str, **arguments: Any) -> Any:
    """What ``function`` ("module:name") returns when it is called in a fresh process on a migrated, empty database."""
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as home, _database(database) as variables:
        clean = {key: value for key, value in os.environ.items() if key not in {"DATABASE_URL", "TOLLGATE_HOME"}}
        around = {**clean, **variables, "TOLLGATE_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "-m", "bench.apart", function, json.dumps(arguments)]
        done = subprocess.run(command, cwd=ROOT, env=around, stdout=subprocess.PIPE, text=True, check=True)
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(MARK))
    return json.loads(line.removeprefix(MARK))


def _main(function: str, arguments: str) -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    module, _, name = function.partition(":")
    print(MARK + json.dumps(getattr(importlib.import_module(module), name)(**json.loads(arguments))))


if __name__ == "__main__":
    _main(*sys.argv[1:])
