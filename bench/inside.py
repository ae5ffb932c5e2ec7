"""Django in this process, on an empty database in a home of its own: for benchmarks of a slice's own calls."""

import atexit
import os
import shutil
import tempfile
from functools import cache


@cache
def begin() -> None:
    """Sets Django up and migrates; the home goes away with the process."""
    home = tempfile.mkdtemp(prefix="tollgate-bench-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ |= {"TOLLGATE_HOME": home, "DJANGO_SETTINGS_MODULE": "config.settings"}

    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
